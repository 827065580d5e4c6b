import { type ChatAiTryOutEvent, client } from '@switchboard/api-client';
import {
  Button,
  Card,
  eventsOf,
  Markdown,
  ProblemLine,
  Switch,
  TextArea,
  useFormats,
  useLanguage,
} from '@switchboard/ui';
import { Eraser, Send, Square } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { usePromptTexts } from './prompts.texts';

interface Said {
  role: 'user' | 'assistant';
  text: string;
  /** Of an answer, as far as it has come. */
  answer?: ChatAiTryOutEvent;
}

/** A conversation with the bot's model under a text that nobody else sees. */
export function TryOut({ botId, text }: { botId: string; text: string }) {
  const t = usePromptTexts();
  const { language } = useLanguage();
  const [said, setSaid] = useState<readonly Said[]>([]);
  const [question, setQuestion] = useState('');
  const [knowledge, setKnowledge] = useState(true);
  const [error, setError] = useState<unknown>();
  const [running, setRunning] = useState<AbortController>();
  const talk = useRef<HTMLDivElement>(null);
  useEffect(() => void talk.current?.scrollTo({ top: talk.current.scrollHeight }), [said]);
  useEffect(() => () => running?.abort(), [running]);

  const ask = async () => {
    const asked = question.trim();
    if (!asked || running) return;
    const before = [...said, { role: 'user' as const, text: asked }];
    const abort = new AbortController();
    setSaid(before);
    setQuestion('');
    setError(undefined);
    setRunning(abort);
    try {
      const messages = before.map(({ role, text: words }) => ({ role, text: words }));
      for await (const answer of answersTo(botId, { text, messages, locale: language, knowledge }, abort.signal))
        setSaid([...before, { role: 'assistant', text: answer.text, answer }]);
    } catch (problem) {
      if (abort.signal.aborted) return;
      setError(problem);
      setSaid(said);
      setQuestion(asked);
    } finally {
      setRunning(undefined);
    }
  };

  return (
    <Card
      title={t.tryOut.title}
      about={t.tryOut.about}
      actions={
        said.length > 0 && (
          <Button
            size="small"
            look="quiet"
            icon={<Eraser />}
            isDisabled={running !== undefined}
            onPress={() => setSaid([])}
          >
            {t.tryOut.clear}
          </Button>
        )
      }
    >
      <div className="try-out">
        <div ref={talk} className="try-out-talk" role="log" aria-label={t.tryOut.title} tabIndex={0}>
          {said.length === 0 && <p className="try-out-empty">{t.tryOut.empty}</p>}
          {said.map((one, i) => (
            <Bubble key={i} said={one} />
          ))}
        </div>
        {error !== undefined && <ProblemLine error={error} />}
        <Switch isSelected={knowledge} onChange={setKnowledge}>
          {t.tryOut.withKnowledge}
        </Switch>
        <div className="try-out-form">
          <TextArea
            label={t.tryOut.placeholder}
            hideLabel
            placeholder={t.tryOut.placeholder}
            rows={2}
            maxLength={8000}
            value={question}
            onChange={setQuestion}
            onKeyDown={(event) => {
              if (event.key !== 'Enter' || event.shiftKey) return;
              event.preventDefault();
              void ask();
            }}
          />
          {running ? (
            <Button icon={<Square />} onPress={() => running.abort()}>
              {t.tryOut.stop}
            </Button>
          ) : (
            <Button look="primary" icon={<Send />} isDisabled={!question.trim()} onPress={() => void ask()}>
              {t.tryOut.send}
            </Button>
          )}
        </div>
      </div>
    </Card>
  );
}

function Bubble({ said: { role, text, answer } }: { said: Said }) {
  const t = usePromptTexts();
  if (role === 'user') {
    return (
      <div className="bubble" data-mine>
        <span className="visually-hidden">{t.you}: </span>
        {text}
      </div>
    );
  }
  return (
    <>
      <div className={answer?.state === 'typing' ? 'bubble typing' : 'bubble'}>
        <span className="visually-hidden">{t.assistant}: </span>
        {answer?.state === 'failed' && !text ? (
          `${t.tryOut.failed} (${answer.outcome ?? ''})`
        ) : (
          <Markdown text={text} />
        )}
      </div>
      {answer?.state === 'done' && <AnswerFacts answer={answer} />}
    </>
  );
}

/** What the answer cost and was made of. */
function AnswerFacts({ answer }: { answer: ChatAiTryOutEvent }) {
  const t = usePromptTexts();
  const formats = useFormats();
  const { passages = [], costMicros, inputTokens, outputTokens, durationMs, firstTextMs } = answer;
  const facts: [string, string | undefined][] = [
    [t.tryOut.cost, costMicros === undefined ? undefined : formats.cost(costMicros)],
    [t.tryOut.time, durationMs === undefined ? undefined : formats.duration(durationMs)],
    [t.tryOut.first, typeof firstTextMs === 'number' ? formats.duration(firstTextMs) : undefined],
    [
      t.tryOut.tokens,
      inputTokens === undefined || outputTokens === undefined
        ? undefined
        : t.tryOut.tokensOf(formats.compact(inputTokens), formats.compact(outputTokens)),
    ],
    [
      t.tryOut.passages,
      passages.length > 0 ? formats.list(passages.map(({ title, heading }) => heading || title)) : undefined,
    ],
  ];
  return (
    <div className="try-out-facts">
      {facts.map(([name, value]) => value && <span key={name}>{`${name}: ${value}`}</span>)}
    </div>
  );
}

/** @throws the problem document of a refusal */
async function* answersTo(botId: string, body: object, signal: AbortSignal): AsyncGenerator<ChatAiTryOutEvent> {
  const { data } = await client.post<ReadableStream<Uint8Array>, unknown, true>({
    url: '/v1/prompts/{botId}/try-outs',
    path: { botId },
    body,
    headers: { 'Content-Type': 'application/json', Accept: 'text/event-stream' },
    parseAs: 'stream',
    throwOnError: true,
    signal,
  });
  for await (const { data: text } of eventsOf(data as unknown as ReadableStream<Uint8Array>))
    yield JSON.parse(text) as ChatAiTryOutEvent;
}
