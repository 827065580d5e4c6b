import {
  analyticsMeReadStatisticsOptions,
  type AnalyticsMeReadStatisticsResponse,
  gatewayMeChange,
} from '@switchboard/api-client';
import {
  Button,
  Card,
  Empty,
  Grid,
  IconButton,
  notify,
  Page,
  ProblemState,
  SkeletonLines,
  StackedBars,
  Stat,
  useFormats,
  useKitTexts,
} from '@switchboard/ui';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { CalendarDays, ChartNoAxesColumn, ChevronLeft, ChevronRight } from 'lucide-react';
import { useState } from 'react';
import { etagOf, refresh, tellProblem } from '../http/api';
import { KeptFrom } from '../period/kept-from';
import { useSetSearch } from '../search';
import { profileQuery, setConsent, zoneOfBrowser } from './me.api';
import { useMeTexts } from './me.texts';

type Statistics = AnalyticsMeReadStatisticsResponse;

const MONTH = /^20\d\d-(0[1-9]|1[0-2])$/;
/** Whoever agrees is counted as soon as analytics has heard of it. */
const HEARD_MS = 1000;

/** What a person did in a month, by the days of their own time zone. */
export function MonthPage() {
  const t = useMeTexts().month;
  const formats = useFormats();
  const set = useSetSearch();
  const { data: profile, error, refetch } = useQuery(profileQuery);
  const { month: wanted } = useSearch({ from: '/me/month' });
  if (!profile)
    return <Page title={t.title}>{error && <ProblemState error={error} retry={() => void refetch()} />}</Page>;
  const { timeZone, revision } = profile;
  const chooseZone = async (zone: string) => {
    await gatewayMeChange({ headers: { 'If-Match': etagOf(revision) }, body: { timeZone: zone } }).catch(tellProblem);
    await refresh('gatewayMeRead');
  };
  const current = monthOf(new Date(), timeZone);
  const month = wanted && MONTH.test(wanted) && wanted <= current ? wanted : current;
  const go = (step: number) => set({ month: monthBeside(month, step) });
  return (
    <Page
      title={t.title}
      about={t.about(timeZone)}
      actions={
        <div className="me-month" role="group" aria-label={t.title}>
          <IconButton look="plain" label={t.earlier} icon={<ChevronLeft />} onPress={() => go(-1)} />
          <span aria-live="polite">{formats.month(`${month}-15`, 'UTC')}</span>
          <IconButton
            look="plain"
            label={t.later}
            icon={<ChevronRight />}
            isDisabled={month === current}
            onPress={() => go(1)}
          />
        </div>
      }
    >
      {timeZone === 'UTC' && zoneOfBrowser !== 'UTC' && (
        <div className="note me-note">
          <p>{t.zone(zoneOfBrowser)}</p>
          <Button onPress={() => void chooseZone(zoneOfBrowser)}>{t.useZone(zoneOfBrowser)}</Button>
        </div>
      )}
      <Month month={month} zone={timeZone} />
    </Page>
  );
}

function Month({ month, zone }: { month: string; zone: string }) {
  const t = useMeTexts().month;
  const kit = useKitTexts();
  const formats = useFormats();
  const [agreed, setAgreed] = useState(false);
  const { data, error, refetch } = useQuery({
    ...analyticsMeReadStatisticsOptions({ query: { month, zone } }),
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => (agreed && state.data?.isCounted === false ? HEARD_MS : false),
  });
  if (!data) {
    return (
      <Card>
        {error ? <ProblemState error={error} retry={() => void refetch()} /> : <SkeletonLines label={kit.loading} />}
      </Card>
    );
  }
  if (!data.isCounted) {
    const agree = async () => {
      setAgreed(true);
      if (!(await setConsent('analytics', true))) return setAgreed(false);
      notify({ text: t.counting, undo: () => void setConsent('analytics', false).then(() => setAgreed(false)) });
    };
    return (
      <Card flush>
        <Empty
          icon={<ChartNoAxesColumn />}
          title={t.notCounted}
          example={<ExampleBars />}
          action={
            <Button look="primary" isPending={agreed} onPress={() => void agree()}>
              {t.count}
            </Button>
          }
        >
          {t.notCountedText}
        </Empty>
      </Card>
    );
  }
  const { sessions, minutes, messages, practices } = data.total;
  if (data.days.length === 0) {
    return (
      <Card flush>
        <Empty icon={<CalendarDays />} title={t.nothing} example={<ExampleBars />}>
          {t.nothingText}
        </Empty>
      </Card>
    );
  }
  return (
    <>
      <Grid min={100}>
        <Stat label={t.sessions} value={formats.number(sessions)} />
        <Stat label={t.minutes} value={formats.number(minutes)} />
        <Stat label={t.messages} value={formats.number(messages)} />
        {practices > 0 && <Stat label={t.practices} value={formats.number(practices)} />}
      </Grid>
      <Grid min={340}>
        <DayBars title={t.minutesADay} statistics={data} of="minutes" />
        <DayBars title={t.messagesADay} statistics={data} of="messages" color={2} />
      </Grid>
    </>
  );
}

function DayBars({
  title,
  statistics: { month, zone, days, keptFrom },
  of,
  color,
}: {
  title: string;
  statistics: Statistics;
  of: 'minutes' | 'messages';
  color?: 1 | 2;
}) {
  const formats = useFormats();
  const byDay = new Map(days.map((day) => [day.day, day[of]]));
  const all = daysOf(month, zone).filter((day) => !keptFrom || day >= keptFrom);
  return (
    <Card title={title} about={keptFrom && <KeptFrom day={keptFrom} />}>
      <StackedBars
        label={title}
        height={180}
        labels={all.map((day) => formats.day(day, 'UTC'))}
        titles={all.map((day) => formats.date(day, 'UTC'))}
        series={[{ id: of, name: title, values: all.map((day) => byDay.get(day) ?? 0), color }]}
        format={formats.compact}
        formatExact={formats.number}
      />
    </Card>
  );
}

const HEIGHTS = [30, 55, 20, 70, 45, 0, 25, 60, 85, 40, 15, 50, 75, 35];

const ExampleBars = () => (
  <div className="me-example">
    {HEIGHTS.map((height, i) => (
      <i key={i} style={{ height: `${height}%` }} />
    ))}
  </div>
);

/** `2026-11`, as it is now in a time zone. */
const monthOf = (at: Date, timeZone: string): string => dayIn(at, timeZone).slice(0, 7);

// Sweden writes dates as ISO 8601 does.
const dayIn = (at: Date, timeZone: string): string => new Intl.DateTimeFormat('sv-SE', { timeZone }).format(at);

function monthBeside(month: string, step: number): string {
  const [year, number] = month.split('-').map(Number) as [number, number];
  return new Date(Date.UTC(year, number - 1 + step, 15)).toISOString().slice(0, 7);
}

/** All days of a month; of the one that goes on, those up to today. */
function daysOf(month: string, zone: string): string[] {
  const [year, number] = month.split('-').map(Number) as [number, number];
  const today = dayIn(new Date(), zone);
  return Array.from({ length: new Date(Date.UTC(year, number, 0)).getUTCDate() }, (_, i) => {
    return `${month}-${String(i + 1).padStart(2, '0')}`;
  }).filter((day) => day <= today);
}
