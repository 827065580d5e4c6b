import {
  type VpnProvisionerMigration,
  vpnProvisionerMigrationsChange,
  vpnProvisionerMigrationsListOptions,
  vpnProvisionerMigrationsReadOptions,
  vpnProvisionerServersListOptions,
} from '@switchboard/api-client';
import {
  Ago,
  Badge,
  Button,
  type Column,
  DataTable,
  Dialog,
  DialogActions,
  DialogBody,
  Empty,
  Facts,
  Meter,
  Moment,
  notify,
  NoMatch,
  type Question,
  type Tone,
  useConfirm,
  useFormats,
} from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { ArrowRightLeft, Pause, Play, Undo2, X } from 'lucide-react';
import { useState } from 'react';
import { etagOf, refresh, tellProblem } from '../http/api';
import { askedAgain } from '../http/asked-again';
import { useList } from '../list';
import { Loaded } from '../loaded';
import { useSetSearch } from '../search';
import { useStaff } from '../session';
import { StaffName } from '../staff-names/staff-names';
import { useMigrationTexts } from './migrations.texts';

type Migration = VpnProvisionerMigration;
type State = Migration['state'];
type Change = 'running' | 'paused' | 'rolling-back' | 'cancelled';

export const migrationStates = [
  ...(['planned', 'running', 'paused', 'done', 'rolling-back', 'rolled-back', 'cancelled'] as const),
] as const satisfies readonly State[];

const tones: Record<State, Tone> = {
  ...{ planned: 'neutral', running: 'info', paused: 'warn', done: 'good', 'rolling-back': 'warn' },
  ...{ 'rolled-back': 'neutral', cancelled: 'neutral' },
};
const LOOK_EVERY_MS = 10_000;
const LOOK_CLOSELY_EVERY_MS = 3_000;
const isMoving = ({ state }: { state: State }) => state === 'running' || state === 'rolling-back';

/** What a server is called; its sign alone where that is all that is known. */
function useServerNames(): (serverId: string) => string {
  const { data } = useQuery({ ...vpnProvisionerServersListOptions(), staleTime: 60_000 });
  return (serverId) => data?.data.find(({ id }) => id === serverId)?.name ?? `…${serverId.slice(-6)}`;
}

/** @param serverId of one server alone, on its own page */
export function MigrationTable({ serverId, state }: { serverId?: string; state?: State }) {
  const t = useMigrationTexts();
  const formats = useFormats();
  const nameOf = useServerNames();
  const set = useSetSearch();
  const [after, setAfter] = useState<string>();
  const [openId, setOpenId] = useState<string>();
  const { list } = useList(
    {
      ...vpnProvisionerMigrationsListOptions({ query: { serverId, state, after, limit: 20 } }),
      refetchInterval: askedAgain(({ data }) => data.some(isMoving), LOOK_EVERY_MS),
    },
    setAfter,
  );
  const columns: Column<Migration>[] = [
    { id: 'from', title: t.from, cell: ({ fromServerId }) => nameOf(fromServerId) },
    {
      ...{ id: 'state', title: t.state, width: '160px', phone: 'state' },
      cell: (migration) => <MigrationState state={migration.state} />,
    },
    {
      ...{ id: 'to', title: t.to, width: '220px' },
      cell: ({ toServerIds }) => toServerIds?.map(nameOf).join(', ') ?? t.anywhere,
    },
    {
      ...{ id: 'progress', title: t.progress, width: '130px', align: 'end' },
      // Before it is started nobody has been counted.
      cell: ({ progress: { moved, total } }) => (total > 0 ? t.of(formats.number(moved), formats.number(total)) : '–'),
    },
    { id: 'begun', title: t.begun, width: '120px', cell: ({ createdAt }) => <Ago at={createdAt} /> },
  ];
  return (
    <>
      <DataTable
        label={t.migration}
        columns={columns}
        {...list}
        idOf={({ id }) => id}
        nameOf={({ fromServerId, createdAt }) => `${nameOf(fromServerId)}, ${formats.dateTime(createdAt)}`}
        onOpen={({ id }) => setOpenId(id)}
        toneOf={(migration) => (migration.kind === 'failover' ? 'warn' : undefined)}
        empty={
          state ? (
            <NoMatch onClear={() => set({ state: undefined, server: undefined })} />
          ) : serverId ? (
            <p className="ui-list-none">{t.noneOf}</p>
          ) : (
            <Empty icon={<ArrowRightLeft />} title={t.none}>
              {t.noneText}
            </Empty>
          )
        }
      />
      {openId && <MigrationDialog migrationId={openId} onClose={() => setOpenId(undefined)} />}
    </>
  );
}

function MigrationState({ state }: { state: State }) {
  const t = useMigrationTexts();
  return (
    <Badge dot tone={tones[state]}>
      {t.states[state]}
    </Badge>
  );
}

/** How far one is, and what can be done with it. */
export function MigrationDialog({ migrationId, onClose }: { migrationId: string; onClose: () => void }) {
  const t = useMigrationTexts();
  const formats = useFormats();
  const nameOf = useServerNames();
  const answer = useQuery({
    ...vpnProvisionerMigrationsReadOptions({ path: { migrationId } }),
    refetchInterval: askedAgain(isMoving, LOOK_CLOSELY_EVERY_MS),
  });
  const some = (count: number) => count > 0 && formats.number(count);
  return (
    <Dialog look="side" title={t.migration} isOpen onOpenChange={(open) => !open && onClose()}>
      <DialogBody>
        <Loaded answer={answer} lines={6}>
          {(migration) => {
            const { fromServerId, toServerIds, kind, state, reason, createdBy, createdAt, endedAt, progress } =
              migration;
            return (
              <>
                {progress.total > 0 && (
                  <Meter
                    label={t.progress}
                    value={progress.moved}
                    most={progress.total}
                    words={t.of(formats.number(progress.moved), formats.number(progress.total))}
                    isUsual
                  />
                )}
                <Facts
                  facts={[
                    [t.state, <MigrationState key="state" state={state} />],
                    [t.from, nameOf(fromServerId)],
                    [t.to, toServerIds?.map(nameOf).join(', ') ?? t.anywhere],
                    [t.waiting, some(progress.waiting)],
                    [t.preparing, some(progress.preparing)],
                    [t.rolledBack, some(progress.rolledBack)],
                    [t.dropped, some(progress.dropped)],
                    [t.kind, t.kinds[kind]],
                    [t.reason, reason],
                    [t.by, kind === 'planned' && <StaffName key="by" id={createdBy} />],
                    [t.begun, <Moment key="begun" at={createdAt} />],
                    [t.ended, endedAt && <Moment key="ended" at={endedAt} />],
                  ]}
                />
              </>
            );
          }}
        </Loaded>
      </DialogBody>
      {answer.data && <Acts migration={answer.data} />}
    </Dialog>
  );
}

function Acts({ migration: { id, state, revision } }: { migration: Migration }) {
  const t = useMigrationTexts();
  const confirm = useConfirm();
  const mayWrite = useStaff().canWithAllBots('servers:write');
  const change = async (next: Change, question?: Question) => {
    if (question && (await confirm(question)) === undefined) return;
    await vpnProvisionerMigrationsChange({
      path: { migrationId: id },
      headers: { 'If-Match': etagOf(revision) },
      body: { state: next },
    })
      .then(() => notify({ text: t.changed[next] }))
      .catch(tellProblem);
    await refresh('vpnProvisionerMigrations', 'vpnProvisionerServers');
  };
  const start = { title: t.startTitle, text: t.startText, action: t.start };
  const back = { title: t.rollBackTitle, text: t.rollBackText, action: t.rollBack, look: 'danger' as const };
  if (!mayWrite || ['rolling-back', 'rolled-back', 'cancelled'].includes(state)) return null;
  return (
    <DialogActions>
      {state === 'planned' && (
        <>
          <Button look="quiet" icon={<X />} onPress={() => void change('cancelled')}>
            {t.cancel}
          </Button>
          <Button look="primary" icon={<Play />} onPress={() => void change('running', start)}>
            {t.start}
          </Button>
        </>
      )}
      {state !== 'planned' && (
        <Button look="danger-quiet" icon={<Undo2 />} onPress={() => void change('rolling-back', back)}>
          {t.rollBack}
        </Button>
      )}
      {state === 'running' && (
        <Button icon={<Pause />} onPress={() => void change('paused')}>
          {t.pause}
        </Button>
      )}
      {state === 'paused' && (
        <Button look="primary" icon={<Play />} onPress={() => void change('running')}>
          {t.goOn}
        </Button>
      )}
    </DialogActions>
  );
}
