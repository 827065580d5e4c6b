import { Badge, type Column, DataTable, Grid, Stat, type Tone, useFormats, useNow } from '@switchboard/ui';
import { type KnownService, useSystem } from './system.api';
import { useSystemTexts } from './system.texts';

type State = 'good' | 'degraded' | 'silent';
const tones: Record<State, Tone> = { good: 'good', degraded: 'warn', silent: 'bad' };

function stateOf({ system, error }: KnownService): State {
  if (error || !system) return 'silent';
  return system.checks.every(({ passes }) => passes) ? 'good' : 'degraded';
}

/** What runs, in which version, how often, and what waits. */
export function ServiceList() {
  const t = useSystemTexts();
  const formats = useFormats();
  const now = useNow();
  const { all, isLoading } = useSystem();
  const known = all.flatMap(({ system }) => system ?? []);
  const sum = (of: (system: (typeof known)[number]) => number) =>
    isLoading ? undefined : formats.number(known.reduce((total, system) => total + of(system), 0));
  const versions = new Set(known.map(({ version }) => version));
  const number = (id: string, title: string, of: (system: (typeof known)[number]) => number): Column<KnownService> => ({
    ...{ id, title, width: '115px', align: 'end', phone: 'never' },
    cell: ({ system }) => system && formats.number(of(system)),
  });
  const columns: Column<KnownService>[] = [
    { id: 'service', title: t.service, cell: ({ service }) => service },
    {
      ...{ id: 'state', title: t.state, width: '170px', phone: 'state' },
      cell: (one) => <ServiceState one={one} />,
    },
    { id: 'version', title: t.version, width: '100px', cell: ({ system }) => system?.version },
    number('processes', t.processes, ({ processes }) => processes),
    {
      ...{ id: 'since', title: t.since, width: '120px', align: 'end' },
      cell: ({ system }) => system && formats.duration(Math.max(0, now - Date.parse(system.startedAt))),
    },
    number('jobs', t.jobs, ({ jobs: { waiting, running, retrying } }) => waiting + running + retrying),
    number('failed', t.failed, ({ jobs }) => jobs.failed),
  ];
  return (
    <>
      <Grid min={170}>
        <Stat
          label={t.tabs.services}
          value={isLoading ? undefined : `${known.length} / ${all.length}`}
          about={t.allWork(known.length)}
        />
        <Stat label={t.jobs} value={sum(({ jobs }) => jobs.waiting + jobs.running + jobs.retrying)} />
        <Stat label={t.failed} value={sum(({ jobs }) => jobs.failed)} />
        <Stat label={t.lateCount} value={sum(({ schedules }) => schedules.filter(({ lateMs }) => lateMs > 0).length)} />
        <Stat label={t.outbox} value={sum(({ outbox }) => outbox.waiting)} />
      </Grid>
      {versions.size > 1 && <p className="note">{t.versionsDiffer}</p>}
      <DataTable
        label={t.tabs.services}
        columns={columns}
        rows={isLoading ? undefined : all}
        idOf={({ service }) => service}
        nameOf={({ service }) => service}
        toneOf={(one) => ({ good: undefined, degraded: 'warn' as const, silent: 'bad' as const })[stateOf(one)]}
      />
    </>
  );
}

function ServiceState({ one }: { one: KnownService }) {
  const t = useSystemTexts();
  const state = stateOf(one);
  const failing = one.system?.checks.flatMap(({ name, passes }) => (passes ? [] : [name])) ?? [];
  return (
    <span title={failing.length > 0 ? t.failing(failing.join(', ')) : undefined}>
      <Badge dot tone={tones[state]}>
        {t.states[state]}
      </Badge>
    </span>
  );
}
