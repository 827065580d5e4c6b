import {
  type DeadLetter,
  serviceKitDeadLettersDiscard,
  serviceKitDeadLettersListOptions,
  serviceKitDeadLettersReplay,
  serviceKitDeadLettersSummarizeOptions,
  type ServiceKitDeadLettersListData,
  type ServiceKitDeadLettersSummarizeResponse,
} from '@switchboard/api-client';
import {
  Ago,
  Badge,
  Button,
  CodeBlock,
  CodeLine,
  type Column,
  DataTable,
  Dialog,
  DialogActions,
  DialogBody,
  Empty,
  Facts,
  Moment,
  notify,
  ProblemLine,
  problemOf,
  Row,
  useConfirm,
  useFormats,
  useKitTexts,
} from '@switchboard/ui';
import { useQueries } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { CheckCheck, ChevronLeft, CloudOff, RotateCcw, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { refresh, tellProblem } from '../http/api';
import { useList } from '../list';
import { useSetSearch } from '../search';
import { useStaff } from '../session';
import { services } from '../services';
import { useFailureTexts } from './failures.texts';

type Service = ServiceKitDeadLettersListData['path']['service'];
type Group = ServiceKitDeadLettersSummarizeResponse['groups'][number] & { service: Service };
interface Which {
  service: Service;
  consumer?: string;
  type?: string;
  reason?: string;
  ids?: string[];
  count: number;
}

/** Events that services gave up: first how many of which kind, then one by one. */
export function DeadLetters() {
  const { service, consumer, type, reason } = useSearch({ from: '/console/failures' });
  const known = services.find((one) => one === service);
  return known && consumer && type && reason ? (
    <LettersOfGroup service={known} consumer={consumer} type={type} reason={reason} />
  ) : (
    <Groups />
  );
}

function Groups() {
  const t = useFailureTexts();
  const kit = useKitTexts();
  const formats = useFormats();
  const set = useSetSearch();
  const decide = useDecisions();
  const mayWrite = useStaff().can('dead-letters:write');
  const summaries = useQueries({
    queries: services.map((service) => serviceKitDeadLettersSummarizeOptions({ path: { service } })),
  });
  const groups = summaries
    .flatMap(({ data }, i): Group[] => data?.groups.map((group) => ({ ...group, service: services[i]! })) ?? [])
    .sort((a, b) => b.count - a.count);
  const silent = services.flatMap((service, i) => {
    const { error, refetch } = summaries[i]!;
    return error ? [{ service, error, refetch }] : [];
  });
  const columns: Column<Group>[] = [
    { id: 'type', title: t.type, cell: ({ type }) => <code>{type}</code> },
    {
      ...{ id: 'count', title: t.count, width: '100px', align: 'end', phone: 'state' },
      cell: ({ count }) => <Badge tone="bad">{formats.number(count)}</Badge>,
    },
    { id: 'consumer', title: t.consumer, width: '190px', cell: ({ service, consumer }) => `${service}.${consumer}` },
    { id: 'error', title: t.error, cell: ({ error }) => error, phone: 'more' },
    { id: 'newest', title: t.newest, width: '130px', cell: ({ newest }) => <Ago at={newest} /> },
  ];
  const isLoading = summaries.some(({ isLoading: loading }) => loading);
  return (
    <>
      {silent.map(({ service, error }) => (
        <ProblemLine key={service} error={{ ...problemOf(error), detail: t.unreachable(service) }} />
      ))}
      <DataTable
        label={t.tabs.events}
        columns={columns}
        rows={isLoading ? undefined : groups}
        idOf={({ service, consumer, type, reason }) => [service, consumer, type, reason].join(' ')}
        nameOf={({ type }) => type}
        onOpen={({ service, consumer, type, reason }) => set({ tab: 'events', service, consumer, type, reason })}
        empty={
          silent.length > 0 ? (
            <Empty
              icon={<CloudOff />}
              title={t.unknown}
              action={
                <Button icon={<RotateCcw />} onPress={() => silent.forEach(({ refetch }) => void refetch())}>
                  {kit.retry}
                </Button>
              }
            >
              {t.unknownText}
            </Empty>
          ) : (
            <Empty icon={<CheckCheck />} title={t.allFine}>
              {t.allFineText}
            </Empty>
          )
        }
        actions={
          mayWrite
            ? (group) => [
                {
                  id: 'all',
                  entries: [
                    {
                      ...{ id: 'replay', label: t.replayAll, icon: <RotateCcw /> },
                      onAction: () => void decide.replay(group),
                    },
                    {
                      ...{ id: 'discard', label: t.discard, icon: <Trash2 />, look: 'danger' },
                      onAction: () => void decide.discard(group),
                    },
                  ],
                },
              ]
            : undefined
        }
      />
    </>
  );
}

function LettersOfGroup({
  service,
  consumer,
  type,
  reason,
}: {
  service: Service;
  consumer: string;
  type: string;
  reason: string;
}) {
  const t = useFailureTexts();
  const formats = useFormats();
  const set = useSetSearch();
  const decide = useDecisions();
  const mayWrite = useStaff().can('dead-letters:write');
  const [ids, setIds] = useState<ReadonlySet<string>>(new Set());
  const [shown, setShown] = useState<DeadLetter>();
  const { after } = useSearch({ from: '/console/failures' });
  const { list } = useList(
    serviceKitDeadLettersListOptions({ path: { service }, query: { consumer, type, reason, after, limit: 50 } }),
  );
  const some = (chosen: readonly string[]): Which => ({ service, ids: [...chosen], count: chosen.length });
  const done = () => {
    setIds(new Set());
    setShown(undefined);
  };
  const columns: Column<DeadLetter>[] = [
    { id: 'subject', title: t.subject, cell: ({ subject }) => <code>{subject}</code> },
    { id: 'error', title: t.error, cell: ({ error: words }) => words },
    {
      ...{ id: 'attempts', title: t.attempts, width: '90px', align: 'end', phone: 'never' },
      cell: ({ attempts }) => formats.number(attempts),
    },
    { id: 'parked', title: t.parked, width: '140px', cell: ({ parkedAt }) => <Ago at={parkedAt} /> },
  ];
  return (
    <>
      <Row>
        <Button
          size="small"
          look="quiet"
          icon={<ChevronLeft />}
          onPress={() => set({ service: undefined, consumer: undefined, type: undefined, reason: undefined })}
        >
          {t.back}
        </Button>
        <code>{type}</code>
        <Badge>{`${service}.${consumer}`}</Badge>
        <Badge tone="bad">{reason}</Badge>
      </Row>
      <DataTable
        label={type}
        columns={columns}
        {...list}
        idOf={({ id }) => id}
        nameOf={({ subject }) => subject}
        onOpen={setShown}
        empty={<Empty icon={<CheckCheck />} title={t.allFine} />}
        selection={
          mayWrite
            ? {
                ids,
                onChange: setIds,
                actions: (
                  <>
                    <Button
                      size="small"
                      icon={<RotateCcw />}
                      onPress={() => void decide.replay(some([...ids])).then((ok) => ok && done())}
                    >
                      {t.replay}
                    </Button>
                    <Button
                      size="small"
                      look="danger-quiet"
                      icon={<Trash2 />}
                      onPress={() => void decide.discard(some([...ids])).then((ok) => ok && done())}
                    >
                      {t.discard}
                    </Button>
                  </>
                ),
              }
            : undefined
        }
      />
      {shown && (
        <Dialog
          look="side"
          width="wide"
          title={shown.type}
          about={shown.error}
          isOpen
          onOpenChange={(open) => !open && setShown(undefined)}
        >
          <DialogBody>
            <Facts
              facts={[
                [t.consumer, `${service}.${shown.consumer}`],
                [t.reason, shown.reason],
                [t.subject, <CodeLine key="subject" text={shown.subject} />],
                [t.attempts, formats.number(shown.attempts)],
                [t.parked, <Moment key="parked" at={shown.parkedAt} />],
              ]}
            />
            <CodeBlock
              label={t.event}
              text={typeof shown.event === 'string' ? shown.event : JSON.stringify(shown.event, null, 2)}
              maxHeight={480}
            />
          </DialogBody>
          {mayWrite && (
            <DialogActions>
              <Button
                look="danger-quiet"
                icon={<Trash2 />}
                onPress={() => void decide.discard(some([shown.id])).then((ok) => ok && done())}
              >
                {t.discard}
              </Button>
              <Button
                look="primary"
                icon={<RotateCcw />}
                onPress={() => void decide.replay(some([shown.id])).then((ok) => ok && done())}
              >
                {t.replay}
              </Button>
            </DialogActions>
          )}
        </Dialog>
      )}
    </>
  );
}

/** Tries dead events again or gives them up, after asking; each answers whether it was done. */
function useDecisions() {
  const t = useFailureTexts();
  const confirm = useConfirm();
  const finish = async (work: () => Promise<string>): Promise<boolean> => {
    try {
      notify({ text: await work() });
      return true;
    } catch (error) {
      tellProblem(error);
      return false;
    } finally {
      await refresh('serviceKitDeadLetters');
    }
  };
  const chosen = ({ consumer, type, reason, ids }: Which) => (ids ? { ids } : { consumer, type, reason });
  return {
    async replay(which: Which): Promise<boolean> {
      const { service, count } = which;
      const agreed = await confirm({ title: t.replayTitle(count), text: t.replayText, action: t.replay });
      if (agreed === undefined) return false;
      return finish(async () => {
        const { data } = await serviceKitDeadLettersReplay({ path: { service }, body: chosen(which) });
        return t.replayed(data.replayed);
      });
    },
    async discard(which: Which): Promise<boolean> {
      const { service, count } = which;
      const why = await confirm({
        ...{ title: t.discardTitle(count), text: t.discardText, action: t.discard, look: 'danger' },
        reason: { label: t.why, hint: t.whyHint },
      });
      if (why === undefined) return false;
      return finish(async () => {
        const { data } = await serviceKitDeadLettersDiscard({ path: { service }, body: { ...chosen(which), why } });
        return t.discarded(data.discarded);
      });
    },
  };
}
