import { Badge, Card, type Column, DataTable, Facts, Link, Moment, useFormats } from '@switchboard/ui';
import { type KnownService, type Service, type System, useSystem } from './system.api';
import { useSystemTexts } from './system.texts';

type Group = System['groups'][number] & { service: Service };

/** What waits: events to be published, and those that groups of consumers could not do. */
export function Queues() {
  const t = useSystemTexts();
  const formats = useFormats();
  const { all, isLoading } = useSystem();
  const groups = all
    .flatMap(({ service, system }): Group[] => (system?.groups ?? []).map((group) => ({ ...group, service })))
    .sort((a, b) => b.dead - a.dead || b.retrying - a.retrying);
  const columns: Column<Group>[] = [
    { id: 'group', title: t.group, cell: ({ service, name }) => `${service}.${name}` },
    {
      ...{ id: 'dead', title: t.dead, width: '130px', align: 'end', phone: 'state' },
      cell: ({ dead, isAbandoned }) =>
        isAbandoned ? (
          <Badge tone="warn">{t.abandoned}</Badge>
        ) : dead > 0 ? (
          <Link href="/console/failures">{formats.number(dead)}</Link>
        ) : (
          formats.number(dead)
        ),
    },
    {
      ...{ id: 'retrying', title: t.retrying, width: '130px', align: 'end' },
      cell: ({ retrying }) => formats.number(retrying),
    },
    {
      ...{ id: 'types', title: t.types, width: '110px', align: 'end', phone: 'never' },
      cell: ({ types }) => formats.number(types),
    },
  ];
  return (
    <>
      <div className="system-outboxes">
        {all.map((one) => (
          <Outbox key={one.service} one={one} />
        ))}
      </div>
      <DataTable
        label={t.tabs.queues}
        columns={columns}
        rows={isLoading ? undefined : groups}
        idOf={({ service, name }) => `${service}.${name}`}
        nameOf={({ service, name }) => `${service}.${name}`}
        toneOf={({ dead }) => (dead > 0 ? 'bad' : undefined)}
        empty={<p className="ui-list-none">{t.groupsNone}</p>}
      />
    </>
  );
}

function Outbox({ one: { service, system } }: { one: KnownService }) {
  const t = useSystemTexts();
  const formats = useFormats();
  return (
    <Card title={service}>
      <Facts
        facts={
          system
            ? [
                [t.outbox, formats.number(system.outbox.waiting)],
                [t.oldest, system.outbox.oldestAt && <Moment key="oldest" at={system.outbox.oldestAt} />],
                [t.waiting, formats.number(system.jobs.waiting)],
                [t.running, formats.number(system.jobs.running)],
                [t.retrying, formats.number(system.jobs.retrying)],
                [t.failed, formats.number(system.jobs.failed)],
              ]
            : [[t.state, t.states.silent]]
        }
      />
    </Card>
  );
}
