import {
  Ago,
  Badge,
  type Column,
  DataTable,
  Filters,
  FilterSelect,
  NoMatch,
  SearchField,
  useFormats,
  useLanguage,
} from '@switchboard/ui';
import { useSearch } from '@tanstack/react-router';
import { oneOf, useSetSearch } from '../search';
import { services } from '../services';
import { timeOf } from './cron';
import { schedulePurposes } from './schedule-purposes';
import { type KnownService, type Service, type System, useSystem } from './system.api';
import { useSystemTexts } from './system.texts';

/** One job, with the services that do it at the same time each for itself. */
interface Schedule extends Omit<System['schedules'][number], 'timeoutMs'> {
  readonly services: readonly Service[];
}
/** All that is done by the clock, what is overdue first. */
export function ScheduleList() {
  const t = useSystemTexts();
  const formats = useFormats();
  const set = useSetSearch();
  const search = useSearch({ from: '/console/system' });
  const service = oneOf(services, search.service);
  const { all, isLoading } = useSystem();
  const purposeOf = usePurpose();
  const wanted = (search.q ?? '').toLocaleLowerCase();
  const schedules = schedulesOf(all.filter((one) => !service || one.service === service)).filter((schedule) =>
    `${schedule.job} ${purposeOf(schedule).text}`.toLocaleLowerCase().includes(wanted),
  );
  const columns: Column<Schedule>[] = [
    {
      ...{ id: 'job', title: t.job },
      cell: (schedule) => {
        const { text, lang } = purposeOf(schedule);
        return (
          <span className="two-lines schedule">
            <span>{schedule.job}</span>
            <small lang={lang} title={text}>
              {text}
            </small>
          </span>
        );
      },
    },
    {
      ...{ id: 'state', title: t.state, width: '130px', phone: 'state' },
      cell: ({ lateMs }) =>
        lateMs > 0 ? (
          <Badge tone="bad">{t.lateBy(formats.duration(lateMs))}</Badge>
        ) : (
          <Badge tone="good">{t.onTime}</Badge>
        ),
    },
    {
      ...{ id: 'service', title: t.service, width: '130px' },
      cell: ({ services: of }) => (of.length > 1 && of.length === all.length ? t.allServices : of.join(', ')),
    },
    { id: 'cron', title: t.cron, width: '190px', cell: ({ cron }) => <When cron={cron} />, phone: 'never' },
    {
      ...{ id: 'last', title: t.last, width: '130px' },
      cell: ({ succeededAt }) => (succeededAt ? <Ago at={succeededAt} /> : <span className="soft">{t.never}</span>),
    },
    { id: 'next', title: t.next, width: '120px', cell: ({ nextAt }) => <Ago at={nextAt} />, phone: 'never' },
  ];
  return (
    <>
      <Filters
        search={<SearchField label={t.findJob} value={search.q ?? ''} onChange={(q) => set({ q })} />}
        set={service ? 1 : 0}
      >
        <FilterSelect
          label={t.service}
          any={t.all}
          value={service}
          onChange={(service) => set({ service })}
          choices={services.map((id) => ({ id, label: id }))}
        />
      </Filters>
      <DataTable
        label={t.tabs.schedules}
        columns={columns}
        rows={isLoading ? undefined : schedules}
        idOf={({ services: of, job }) => `${of.join()} ${job}`}
        nameOf={({ job }) => job}
        toneOf={({ lateMs }) => (lateMs > 0 ? 'bad' : undefined)}
        empty={<NoMatch onClear={() => set({ service: undefined, q: undefined })} />}
      />
    </>
  );
}

/** What a job is for. Of a newer service, in its own English. */
function usePurpose(): (schedule: Schedule) => { text: string; lang?: string } {
  const { language } = useLanguage();
  const names: Readonly<Record<string, string>> = schedulePurposes;
  return ({ services: [first], job, purpose }) => {
    const text = language === 'ru' ? (names[`${first} ${job}`] ?? names[job]) : undefined;
    return text ? { text } : { text: purpose, lang: 'en' };
  };
}

/** What every service does is one line: the one that is worst off speaks for all. */
function schedulesOf(all: readonly KnownService[]): Schedule[] {
  const each = all.flatMap(({ service, system }) =>
    (system?.schedules ?? []).map((schedule) => ({ ...schedule, service })),
  );
  return [...Map.groupBy(each, ({ job, cron, purpose }) => [job, cron, purpose].join('\n')).values()]
    .map((same) => ({
      ...same.reduce((worst, one) => (one.lateMs > worst.lateMs ? one : worst)),
      services: same.map(({ service }) => service),
    }))
    .sort((a, b) => b.lateMs - a.lateMs || Date.parse(a.nextAt) - Date.parse(b.nextAt));
}

function When({ cron }: { cron: string }) {
  const t = useSystemTexts();
  const { locale } = useLanguage();
  const time = timeOf(cron);
  const two = (n: number) => String(n).padStart(2, '0');
  if (!time) return <code>{cron}</code>;
  if (time.every === 'minutes') return t.everyMinutes(time.minutes);
  if (time.every === 'hour') return t.hourly(two(time.minute));
  const at = `${two(time.hour)}:${two(time.minute)} UTC`;
  if (time.every === 'day') return t.daily(at);
  // 4 January 1970 was a Sunday.
  const day = new Intl.DateTimeFormat(locale, { weekday: 'long', timeZone: 'UTC' }).format(
    new Date(Date.UTC(1970, 0, 4 + time.day)),
  );
  return t.weekly(day.charAt(0).toLocaleUpperCase(locale) + day.slice(1), at);
}
