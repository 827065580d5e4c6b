import { Ago, Badge, type Column, DataTable, Filters, NoMatch, SearchField, Select, useFormats } from '@switchboard/ui';
import { useSearch } from '@tanstack/react-router';
import { oneOf, useSetSearch } from '../search';
import { services } from '../failures/services';
import { type Service, type System, useSystem } from './system.api';
import { useSystemTexts } from './system.texts';

type Schedule = System['schedules'][number] & { service: Service };
const ALL = '*';

/** All that is done by the clock, what is overdue first. */
export function ScheduleList() {
  const t = useSystemTexts();
  const formats = useFormats();
  const set = useSetSearch();
  const search = useSearch({ from: '/console/system' });
  const service = oneOf(services, search.service);
  const { all, isLoading } = useSystem();
  const wanted = (search.q ?? '').toLocaleLowerCase();
  const schedules = all
    .filter((one) => !service || one.service === service)
    .flatMap(({ service: of, system }): Schedule[] =>
      (system?.schedules ?? []).map((schedule) => ({ ...schedule, service: of })),
    )
    .filter(({ job, purpose }) => `${job} ${purpose}`.toLocaleLowerCase().includes(wanted))
    .sort((a, b) => b.lateMs - a.lateMs || Date.parse(a.nextAt) - Date.parse(b.nextAt));
  const columns: Column<Schedule>[] = [
    {
      ...{ id: 'job', title: t.job },
      cell: ({ job, purpose }) => (
        <span className="two-lines">
          <span>{job}</span>
          <small>{purpose}</small>
        </span>
      ),
    },
    {
      ...{ id: 'state', title: t.state, width: '150px', phone: 'state' },
      cell: ({ lateMs }) =>
        lateMs > 0 ? (
          <Badge tone="bad">{t.lateBy(formats.duration(lateMs))}</Badge>
        ) : (
          <Badge tone="good">{t.onTime}</Badge>
        ),
    },
    { id: 'service', title: t.service, width: '130px', cell: (one) => one.service },
    {
      ...{ id: 'cron', title: t.cron, width: '130px', phone: 'never' },
      cell: ({ cron }) => <code title={t.cronHint}>{cron}</code>,
    },
    {
      ...{ id: 'last', title: t.last, width: '130px' },
      cell: ({ succeededAt }) =>
        succeededAt ? <Ago at={succeededAt} /> : <span className="soft">{t.never}</span>,
    },
    { id: 'next', title: t.next, width: '130px', cell: ({ nextAt }) => <Ago at={nextAt} />, phone: 'never' },
  ];
  return (
    <>
      <Filters
        search={<SearchField label={t.findJob} value={search.q ?? ''} onChange={(q) => set({ q })} />}
        set={service ? 1 : 0}
      >
        <Select
          label={t.service}
          hideLabel
          value={service ?? ALL}
          onChange={(id) => set({ service: id === ALL ? undefined : id })}
          choices={[{ id: ALL, label: t.all }, ...services.map((id) => ({ id, label: id }))]}
        />
      </Filters>
      <DataTable
        label={t.tabs.schedules}
        columns={columns}
        rows={isLoading ? undefined : schedules}
        idOf={({ service: of, job }) => `${of} ${job}`}
        nameOf={({ job }) => job}
        toneOf={({ lateMs }) => (lateMs > 0 ? 'bad' : undefined)}
        empty={<NoMatch onClear={() => set({ service: undefined, q: undefined })} />}
      />
    </>
  );
}
