import {
  type GatewayBackup,
  gatewayBackupsListOptions,
  gatewayBackupsStart,
  gatewayBackupTrialsStart,
} from '@switchboard/api-client';
import {
  Ago,
  Badge,
  Button,
  CodeLine,
  type Column,
  DataTable,
  Empty,
  Filters,
  Moment,
  notify,
  type Tone,
  useFormats,
  useNow,
  wordOf,
} from '@switchboard/ui';
import { useMutation } from '@tanstack/react-query';
import { DatabaseBackup, ShieldCheck } from 'lucide-react';
import { useState } from 'react';
import { refresh } from '../http/api';
import { useList } from '../list';
import { useStaff } from '../session';
import { useBackupTexts } from './installation-backups.texts';
import { useSystemTexts } from './system.texts';

const LOOK_EVERY_MS = 5000;
/** As the alert has it. */
const OLD_MS = 26 * 3_600_000;
const tones: Record<string, Tone> = { running: 'neutral', done: 'good', passed: 'good', failed: 'bad' };

/** Of all services. They are started and tried here; restored only by a verb, into an empty database. */
export function InstallationBackups() {
  const t = useBackupTexts();
  const system = useSystemTexts();
  const formats = useFormats();
  const mayWrite = useStaff().can('backups:write');
  const [after, setAfter] = useState<string>();
  const { data, list } = useList(
    { ...gatewayBackupsListOptions({ query: { after, limit: 20 } }), refetchInterval: LOOK_EVERY_MS },
    setAfter,
  );
  const said = (text: string) => {
    notify({ text });
    void refresh('gatewayBackups');
  };
  const key = () => ({ 'Idempotency-Key': crypto.randomUUID() });
  const start = useMutation({
    mutationFn: () => gatewayBackupsStart({ headers: key() }),
    onSuccess: () => said(t.begun),
  });
  const trial = useMutation({
    mutationFn: (backupId: string) => gatewayBackupTrialsStart({ path: { backupId }, headers: key() }),
    onSuccess: () => said(t.trialBegun),
  });
  const button = mayWrite && data?.encrypted && (
    <Button icon={<DatabaseBackup />} isPending={start.isPending} onPress={() => start.mutate()}>
      {system.backupNow}
    </Button>
  );
  const columns: Column<GatewayBackup>[] = [
    { id: 'made', title: system.made, cell: ({ startedAt }) => <Moment at={startedAt} /> },
    {
      ...{ id: 'state', title: t.state, width: '260px', phone: 'state' },
      cell: ({ state, error }) => (
        <>
          <Badge dot tone={tones[state] ?? 'neutral'}>
            {wordOf(t.states, state)}
          </Badge>
          {error && <span className="soft"> {error}</span>}
        </>
      ),
    },
    {
      ...{ id: 'rows', title: system.rows, width: '120px', align: 'end', phone: 'never' },
      cell: ({ rows }) => formats.number(rows),
    },
    { id: 'size', title: system.size, width: '110px', align: 'end', cell: ({ bytes }) => formats.bytes(bytes) },
    {
      ...{ id: 'elsewhere', title: t.elsewhere, width: '130px', phone: 'never' },
      cell: ({ offSiteAt }) => (offSiteAt ? <Ago at={offSiteAt} /> : t.notYet),
    },
    {
      ...{ id: 'trial', title: t.trial, width: '220px' },
      cell: ({ lastTrial }) => lastTrial && <Trial {...lastTrial} />,
    },
  ];
  return (
    <>
      <p className="soft">
        {t.about} <CodeLine text="npm run restore latest" label={system.copyCommand} />
      </p>
      {data && <Warnings {...data} />}
      {data && data.data.length > 0 && <Filters end={button} />}
      <DataTable
        {...list}
        label={t.title}
        columns={columns}
        idOf={({ id }) => id}
        nameOf={({ startedAt }) => formats.exact(startedAt)}
        actions={
          mayWrite
            ? ({ id, state }) => {
                const tryOut = { id: 'try', label: t.tryOut, icon: <ShieldCheck />, disabled: state !== 'done' };
                return [{ id: 'backup', entries: [{ ...tryOut, onAction: () => trial.mutate(id) }] }];
              }
            : undefined
        }
        empty={
          <Empty icon={<DatabaseBackup />} title={t.none} action={button}>
            {t.noneText}
          </Empty>
        }
      />
    </>
  );
}

function Trial({ state, error, differing }: NonNullable<GatewayBackup['lastTrial']>) {
  const t = useBackupTexts();
  const tables = differing.map(({ service, table }) => `${service}.${table}`).join(', ');
  return (
    <>
      <Badge dot tone={tones[state] ?? 'neutral'}>
        {wordOf(t.trials, state)}
      </Badge>
      {(error ?? tables) && <span className="soft"> {error ?? t.differing(tables)}</span>}
    </>
  );
}

function Warnings({
  encrypted,
  offSite,
  lastGoodAt,
}: {
  encrypted: boolean;
  offSite: boolean;
  lastGoodAt: string | null;
}) {
  const t = useBackupTexts();
  const now = useNow();
  if (!encrypted) return <p className="note">{t.noKey}</p>;
  const isOld = lastGoodAt !== null && now - Date.parse(lastGoodAt) > OLD_MS;
  return (
    <>
      {lastGoodAt === null && <p className="note">{t.never}</p>}
      {isOld && <p className="note">{t.old}</p>}
      {!offSite && <p className="note">{t.here}</p>}
    </>
  );
}
