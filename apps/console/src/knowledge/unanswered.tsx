import {
  chatAiUnansweredAnswer,
  type ChatAiUnansweredGroup,
  chatAiUnansweredListOptions,
  chatAiUnansweredReadOptions,
  chatAiUnansweredResolve,
} from '@switchboard/api-client';
import {
  Ago,
  Badge,
  type Column,
  DataTable,
  Dialog,
  DialogBody,
  Empty,
  Filters,
  notify,
  Select,
  useFormats,
  wordOf,
} from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { CheckCheck, EyeOff, PencilLine, RotateCcw } from 'lucide-react';
import { useState } from 'react';
import { etagOf, refresh, tellProblem } from '../http/api';
import { useList } from '../list';
import { Loaded } from '../loaded';
import { oneOf, useSetSearch } from '../search';
import { useStaff } from '../session';
import { FaqDialog } from './faq-dialog';
import { useKnowledgeTexts } from './knowledge.texts';

const states = ['open', 'answered', 'dismissed'] as const;

/** Questions that found no answer, the most frequent first; each can become an entry of the FAQ. */
export function Unanswered({ botId }: { botId: string }) {
  const t = useKnowledgeTexts();
  const formats = useFormats();
  const mayWrite = useStaff().can('knowledge:write', botId);
  const search = useSearch({ from: '/console/knowledge/$botId' });
  const set = useSetSearch();
  const state = oneOf(states, search.state) ?? 'open';
  const [answered, setAnswered] = useState<string>();
  const { list } = useList(
    chatAiUnansweredListOptions({ path: { botId }, query: { state, after: search.after, limit: 50 } }),
  );
  const resolve = async ({ id, revision }: ChatAiUnansweredGroup, next: 'open' | 'dismissed') => {
    const path = { botId, groupId: id };
    await chatAiUnansweredResolve({ path, headers: { 'If-Match': etagOf(revision) }, body: { state: next } })
      .then(({ data: group }) => {
        if (next === 'dismissed') notify({ text: t.unanswered.dismissed, undo: () => void resolve(group, 'open') });
      })
      .catch(tellProblem);
    await refresh('chatAiUnanswered');
  };
  const columns: Column<ChatAiUnansweredGroup>[] = [
    {
      ...{ id: 'question', title: t.unanswered.question },
      cell: ({ question }) => question ?? <span className="soft">{t.unanswered.gone}</span>,
    },
    {
      ...{ id: 'times', title: t.unanswered.times, width: '110px', align: 'end', phone: 'state' },
      cell: ({ times }) => t.unanswered.timesOf(times),
    },
    {
      ...{ id: 'people', title: t.unanswered.people, width: '90px', align: 'end', phone: 'never' },
      cell: ({ people }) => formats.number(people),
    },
    {
      ...{ id: 'why', title: t.unanswered.why, width: '190px' },
      cell: ({ reasons }) => (
        <span className="ui-row">
          {reasons.map((reason) => (
            <Badge key={reason} tone={reason === 'rated_down' ? 'bad' : 'neutral'}>
              {wordOf(t.unanswered.reasons, reason)}
            </Badge>
          ))}
        </span>
      ),
    },
    { id: 'last', title: t.unanswered.last, width: '140px', cell: ({ lastAskedAt }) => <Ago at={lastAskedAt} /> },
  ];
  return (
    <>
      <p className="soft">{t.unanswered.about}</p>
      <Filters set={state === 'open' ? 0 : 1}>
        <Select
          label={t.documents.state}
          hideLabel
          value={state}
          onChange={(id) => set({ state: id === 'open' ? undefined : id })}
          choices={states.map((id) => ({ id, label: t.unanswered.states[id] }))}
        />
      </Filters>
      <DataTable
        label={t.tabs.unanswered}
        columns={columns}
        {...list}
        idOf={({ id }) => id}
        nameOf={({ question }) => question ?? t.unanswered.gone}
        onOpen={mayWrite && state === 'open' ? ({ id }) => setAnswered(id) : undefined}
        empty={
          <Empty icon={<CheckCheck />} title={t.unanswered.none}>
            {t.unanswered.noneText}
          </Empty>
        }
        actions={
          mayWrite
            ? (group) => [
                {
                  id: 'all',
                  entries:
                    group.state === 'open'
                      ? [
                          {
                            ...{ id: 'answer', label: t.unanswered.answer, icon: <PencilLine /> },
                            onAction: () => setAnswered(group.id),
                          },
                          {
                            ...{ id: 'dismiss', label: t.unanswered.dismiss, icon: <EyeOff /> },
                            onAction: () => void resolve(group, 'dismissed'),
                          },
                        ]
                      : group.state === 'dismissed'
                        ? [
                            {
                              ...{ id: 'open', label: t.unanswered.reopen, icon: <RotateCcw /> },
                              onAction: () => void resolve(group, 'open'),
                            },
                          ]
                        : [],
                },
              ]
            : undefined
        }
      />
      {answered && <AnswerDialog botId={botId} groupId={answered} onClose={() => setAnswered(undefined)} />}
    </>
  );
}

/** The suggested entry, to be made one's own. */
function AnswerDialog({ botId, groupId, onClose }: { botId: string; groupId: string; onClose: () => void }) {
  const t = useKnowledgeTexts();
  const formats = useFormats();
  const path = { botId, groupId };
  const read = useQuery({ ...chatAiUnansweredReadOptions({ path }), staleTime: Infinity, gcTime: 0 });
  const { data } = read;
  if (!data) {
    return (
      <Dialog title={t.unanswered.answer} isOpen onOpenChange={(open) => !open && onClose()}>
        <DialogBody>
          <Loaded answer={read}>{() => null}</Loaded>
        </DialogBody>
      </Dialog>
    );
  }
  const { locale, question, answer, sources } = data.suggestion;
  return (
    <FaqDialog
      title={t.unanswered.answer}
      about={
        answer
          ? `${t.unanswered.suggestion}${sources.length > 0 ? ` ${t.unanswered.sources}: ${formats.list(sources)}.` : ''}`
          : undefined
      }
      texts={[{ locale, question, answer }]}
      send={async (texts, key) => {
        await chatAiUnansweredAnswer({ path, headers: { 'Idempotency-Key': key }, body: { texts } });
      }}
      onClose={onClose}
      onDone={() => {
        notify({ text: t.unanswered.answered });
        onClose();
        void refresh('chatAiUnanswered', 'chatAiFaq', 'chatAiKnowledge');
      }}
    />
  );
}
