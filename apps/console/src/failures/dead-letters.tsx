import {
  serviceKitDeadLettersSummarizeOptions,
  type ServiceKitDeadLettersSummarizeResponse,
} from '@switchboard/api-client';
import {
  Ago,
  Badge,
  Button,
  type Column,
  DataTable,
  Empty,
  ProblemLine,
  problemOf,
  useFormats,
  useKitTexts,
} from '@switchboard/ui';
import { useQueries } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { CheckCheck, CloudOff, RotateCcw, Trash2 } from 'lucide-react';
import { useSetSearch } from '../search';
import { useStaff } from '../session';
import { type Service, services } from '../services';
import { useFailureTexts } from './failures.texts';
import { useDecisions } from './dead-letter-decisions';
import { LettersOfGroup } from './dead-letters-of-group';

type Group = ServiceKitDeadLettersSummarizeResponse['groups'][number] & { service: Service };

/** Why a service has not told: because of who asks, of how often they do, or because it does not work. */
function whyOf(error: unknown): 'refused' | 'busy' | 'down' {
  const status = problemOf(error)?.status;
  return status === 403 ? 'refused' : status === 429 ? 'busy' : 'down';
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
    return error ? [{ service, error, refetch, why: whyOf(error) }] : [];
  });
  // To ask again helps nobody whose role does not allow it.
  const worthAsking = silent.filter(({ why }) => why !== 'refused');
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
      {[...Map.groupBy(silent, ({ why }) => why)].map(([why, those]) => (
        <ProblemLine
          key={why}
          error={{ ...problemOf(those[0]!.error), detail: t.silent[why](those.map((one) => one.service).join(', ')) }}
        />
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
                worthAsking.length > 0 && (
                  <Button icon={<RotateCcw />} onPress={() => worthAsking.forEach(({ refetch }) => void refetch())}>
                    {kit.retry}
                  </Button>
                )
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
