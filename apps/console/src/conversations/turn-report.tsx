import {
  chatAiMessagesListInfiniteOptions,
  type ChatAiMessagesListResponse,
  type ChatAiTurn,
} from '@switchboard/api-client';
import { Badge, Card, Facts, Link, Stack, useFormats } from '@switchboard/ui';
import { useQueryClient } from '@tanstack/react-query';
import { reasonHeader } from '../http/api';
import { Outcome, Ratings } from './conversation-parts';
import { useConversationTexts } from './conversations.texts';

/** Why an answer is what it is: what the model was told, what there was no room for, what it took and cost. */
export function TurnReport({
  turn,
  conversationId,
  reason,
  botId,
}: {
  turn: ChatAiTurn;
  conversationId: string;
  reason?: string;
  botId: string;
}) {
  const t = useConversationTexts();
  const formats = useFormats();
  const { contextReport: report, prompt, ratings } = turn;
  const nameOf = useNames(turn, conversationId, reason);
  const good = ratings.filter(({ rating }) => rating > 0).length;
  return (
    <Card title={t.report.title} about={formats.dateTime(turn.startedAt)}>
      <div className="report">
        <Facts
          facts={[
            [t.report.outcome, <Outcome key="outcome" outcome={turn.outcome} />],
            [t.report.model, turn.model ?? t.report.nothing],
            [
              t.report.prompt,
              prompt && (
                <Link key="prompt" href={`/console/prompts/${botId}?tab=versions`}>
                  {t.report.version(prompt.version)}
                </Link>
              ),
            ],
            [t.report.took, formats.duration(turn.durationMs)],
            [t.report.firstText, turn.firstTextMs === null ? undefined : formats.duration(turn.firstTextMs)],
            [t.report.calls, formats.number(turn.calls)],
            [
              t.report.tokens,
              t.report.tokensOf(
                formats.number(turn.inputTokens),
                formats.number(turn.cachedInputTokens),
                formats.number(turn.outputTokens),
              ),
            ],
            [t.report.cost, formats.cost(turn.costMicros)],
            [
              t.report.ratings,
              ratings.length > 0 ? <Ratings key="ratings" good={good} bad={ratings.length - good} /> : undefined,
            ],
          ]}
        />
        {report && (
          <>
            <Stack gap={6}>
              <div className="ui-row">
                <b>{t.report.context}</b>
                <span className="soft">
                  {t.report.full(formats.number(report.tokens), formats.number(report.limit))}
                </span>
              </div>
              <div className="report-bar" aria-hidden>
                <span style={{ width: `${Math.min(100, (report.tokens / report.limit) * 100)}%` }} />
              </div>
            </Stack>
            <div className="report-parts">
              {(['kept', 'shortened', 'summarised', 'dropped'] as const).map(
                (part) =>
                  report[part].length > 0 && (
                    <section key={part}>
                      <h3>
                        {t.report[part]}{' '}
                        <Badge tone={part === 'dropped' ? 'warn' : 'neutral'}>{report[part].length}</Badge>
                      </h3>
                      <ul>
                        {report[part].map((id) => (
                          <li key={id} title={nameOf(id)}>
                            {nameOf(id)}
                          </li>
                        ))}
                      </ul>
                    </section>
                  ),
              )}
            </div>
          </>
        )}
      </div>
    </Card>
  );
}

/** What an id in a report is: a passage by its title, a message by its words where they are open. */
function useNames(
  { passages }: ChatAiTurn,
  conversationId: string,
  reason: string | undefined,
): (id: string) => string {
  const t = useConversationTexts();
  const formats = useFormats();
  const queries = useQueryClient();
  const { queryKey } = chatAiMessagesListInfiniteOptions({
    path: { conversationId },
    headers: reasonHeader(reason ?? ''),
    query: { limit: 50 },
  });
  const loaded = queries.getQueryData<{ pages: ChatAiMessagesListResponse[] }>(queryKey);
  const messages = loaded?.pages.flatMap((page) => page.data) ?? [];
  return (id) => {
    const passage = passages.find((one) => one.id === id);
    if (passage) return `${passage.title}${passage.heading ? ` · ${passage.heading}` : ''}`;
    const message = messages.find((one) => one.id === id);
    if (message?.text) return message.text;
    return message ? t.report.message(formats.time(message.sentAt)) : id.slice(0, 13);
  };
}
