import { analyticsBoardsReadRetentionOptions, analyticsBoardsReadSurvivalOptions } from '@switchboard/api-client';
import { Card, CohortGrid, Filters, LineChart, Select, useFormats } from '@switchboard/ui';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { oneOf, useSetSearch } from '../search';
import { BoardFrame } from './board-frame';
import type { BoardQuery } from './board-query';
import { useBoardTexts } from './boards.texts';

const kinds = ['calendar', 'rolling', 'hours24', 'brackets'] as const;
const cohortsBy = ['day', 'week', 'month'] as const;

export function RetentionBoard({ query }: { query: BoardQuery }) {
  const t = useBoardTexts();
  const formats = useFormats();
  const search = useSearch({ from: '/console/boards' });
  const set = useSetSearch();
  const kind = oneOf(kinds, search.kind) ?? 'calendar';
  const cohort = oneOf(cohortsBy, search.cohort) ?? 'week';
  const answer = useQuery({
    ...analyticsBoardsReadRetentionOptions({ query: { ...query, kind, cohort } }),
    placeholderData: keepPreviousData,
  });
  return (
    <>
      <Filters alwaysOpen>
        <Select
          label={t.retention.kind}
          hideLabel
          value={kind}
          onChange={(id) => set({ kind: id })}
          choices={kinds.map((id) => ({ id, label: t.retention.kinds[id] }))}
        />
        <Select
          label={t.retention.cohort}
          hideLabel
          value={cohort}
          onChange={(id) => set({ cohort: id })}
          choices={cohortsBy.map((id) => ({ id, label: `${t.retention.cohort} · ${t.retention.cohorts[id]}` }))}
        />
      </Filters>
      <BoardFrame answer={answer}>
        {({ cohorts, average }) => (
          <Card title={t.boards.retention} about={t.retention.about}>
            <CohortGrid
              label={t.boards.retention}
              periods={average.map(({ from, to }) => t.retention.period(from, to))}
              averages={average.map(({ share }) => share)}
              cohorts={cohorts.map(({ start, people, cells }) => ({
                id: start,
                label: cohort === 'month' ? formats.month(start, 'UTC') : formats.day(start, 'UTC'),
                size: people,
                cells: cells.map(({ share, isMature }) => ({ value: share, immature: !isMature })),
              }))}
            />
          </Card>
        )}
      </BoardFrame>
      <Survival query={query} />
    </>
  );
}

function Survival({ query }: { query: BoardQuery }) {
  const t = useBoardTexts();
  const formats = useFormats();
  const answer = useQuery({ ...analyticsBoardsReadSurvivalOptions({ query }), placeholderData: keepPreviousData });
  return (
    <BoardFrame answer={answer} isPart>
      {({ points, medianDays }) => (
        <Card
          title={t.survival}
          about={medianDays === null ? t.survivalAbout : `${t.survivalAbout} ${t.median(medianDays)}`}
        >
          <LineChart
            label={t.survival}
            labels={everyDay(points ?? []).map(({ day }) => formats.number(day))}
            titles={everyDay(points ?? []).map(({ day }) => t.retention.period(day, day))}
            series={[{ id: 'share', name: t.still, values: everyDay(points ?? []).map(({ share }) => share) }]}
            format={(value) => formats.percent(value, 0)}
            formatExact={formats.percent}
            nothing={t.hidden}
          />
        </Card>
      )}
    </BoardFrame>
  );
}

/** Days on which nobody left are told of by the day before; on the axis each has its place. */
function everyDay(points: readonly { day: number; share: number }[]): { day: number; share: number }[] {
  return points.flatMap((point, i) => {
    const next = points[i + 1]?.day ?? point.day + 1;
    return Array.from({ length: next - point.day }, (_, later) => ({ ...point, day: point.day + later }));
  });
}
