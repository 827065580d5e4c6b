import { Badge, Card, type Column, DataTable, Link, Moment, useFormats } from '@switchboard/ui';
import { type KnownService, type Service, type System, useSystem } from './system.api';
import { useSystemTexts } from './system.texts';

type Group = System['groups'][number] & { service: Service };

/** What waits: jobs, events to be published, and those that groups of consumers could not do. */
export function Queues() {
  const t = useSystemTexts();
  const { all, isLoading } = useSystem();
  return (
    <>
      <Card title={t.jobs} flush>
        <Waiting services={isLoading ? undefined : all} />
      </Card>
      <Card title={t.groups} flush>
        <Groups services={isLoading ? undefined : all} />
      </Card>
    </>
  );
}

function Waiting({ services }: { services: readonly KnownService[] | undefined }) {
  const t = useSystemTexts();
  const formats = useFormats();
  const number = (id: string, title: string, of: (system: System) => number): Column<KnownService> => ({
    ...{ id, title, width: '115px', align: 'end' },
    cell: ({ system }) => system && formats.number(of(system)),
  });
  const columns: Column<KnownService>[] = [
    { id: 'service', title: t.service, cell: ({ service }) => service },
    number('waiting', t.waiting, ({ jobs }) => jobs.waiting),
    number('running', t.running, ({ jobs }) => jobs.running),
    number('retrying', t.retrying, ({ jobs }) => jobs.retrying),
    number('failed', t.failed, ({ jobs }) => jobs.failed),
    { ...number('outbox', t.outbox, ({ outbox }) => outbox.waiting), width: '190px' },
    {
      ...{ id: 'oldest', title: t.oldest, width: '160px', phone: 'never' },
      cell: ({ system }) => system?.outbox.oldestAt && <Moment at={system.outbox.oldestAt} />,
    },
  ];
  return (
    <DataTable
      label={t.jobs}
      columns={columns}
      rows={services}
      idOf={({ service }) => service}
      nameOf={({ service }) => service}
      toneOf={({ system }) => (system && system.jobs.failed > 0 ? 'warn' : undefined)}
    />
  );
}

function Groups({ services }: { services: readonly KnownService[] | undefined }) {
  const t = useSystemTexts();
  const formats = useFormats();
  const groups = services
    ?.flatMap(({ service, system }): Group[] => (system?.groups ?? []).map((group) => ({ ...group, service })))
    .sort((a, b) => b.dead - a.dead || b.retrying - a.retrying);
  const columns: Column<Group>[] = [
    { id: 'group', title: t.group, cell: ({ service, name }) => `${service}.${name}` },
    {
      ...{ id: 'types', title: t.types, width: '110px', align: 'end', phone: 'never' },
      cell: ({ types }) => formats.number(types),
    },
    {
      ...{ id: 'retrying', title: t.retrying, width: '130px', align: 'end' },
      cell: ({ retrying }) => formats.number(retrying),
    },
    {
      ...{ id: 'dead', title: t.dead, width: '150px', align: 'end' },
      cell: ({ dead, isAbandoned }) =>
        isAbandoned ? (
          <Badge tone="warn">{t.abandoned}</Badge>
        ) : dead > 0 ? (
          <Link href="/console/failures">{formats.number(dead)}</Link>
        ) : (
          formats.number(dead)
        ),
    },
  ];
  return (
    <DataTable
      label={t.groups}
      columns={columns}
      rows={groups}
      idOf={({ service, name }) => `${service}.${name}`}
      nameOf={({ service, name }) => `${service}.${name}`}
      toneOf={({ dead }) => (dead > 0 ? 'bad' : undefined)}
      empty={<p className="ui-list-none">{t.groupsNone}</p>}
    />
  );
}
