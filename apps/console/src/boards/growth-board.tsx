import { analyticsBoardsReadGrowthOptions } from '@switchboard/api-client';
import { Card, Grid, LineChart, StackedBars, Stat, useFormats } from '@switchboard/ui';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { BoardFrame, NothingYet, provisionalFrom } from './board-frame';
import type { BoardQuery } from './board-query';
import { useBoardTexts } from './boards.texts';

export function GrowthBoard({ query }: { query: BoardQuery }) {
  const t = useBoardTexts();
  const formats = useFormats();
  const answer = useQuery({ ...analyticsBoardsReadGrowthOptions({ query }), placeholderData: keepPreviousData });
  return (
    <BoardFrame answer={answer}>
      {({ days, stickiness, about }) => {
        if (days.every(({ mau }) => !mau)) return <NothingYet />;
        const labels = days.map(({ day }) => formats.day(day, 'UTC'));
        const titles = days.map(({ day }) => formats.date(day, 'UTC'));
        const last = days.at(-1);
        const number = (value: number | null | undefined) =>
          value === null || value === undefined ? t.hidden : formats.number(value);
        return (
          <>
            <Grid min={160}>
              <Stat label={t.dau} value={number(last?.dau)} trend={days.map(({ dau }) => dau)} />
              <Stat label={t.wau} value={number(last?.wau)} trend={days.map(({ wau }) => wau)} />
              <Stat label={t.mau} value={number(last?.mau)} trend={days.map(({ mau }) => mau)} />
              <Stat
                label={t.stickiness}
                value={stickiness === null ? t.hidden : formats.percent(stickiness)}
                about={t.stickinessAbout}
              />
            </Grid>
            <Card title={t.active}>
              <LineChart
                label={t.active}
                labels={labels}
                titles={titles}
                provisionalFrom={provisionalFrom(days, about)}
                series={[
                  { id: 'dau', name: t.dau, values: days.map(({ dau }) => dau) },
                  { id: 'wau', name: t.wau, values: days.map(({ wau }) => wau) },
                  { id: 'mau', name: t.mau, values: days.map(({ mau }) => mau), color: 5 },
                ]}
                format={formats.compact}
                formatExact={formats.number}
              />
            </Card>
            <Card title={t.composition}>
              <StackedBars
                label={t.composition}
                labels={labels}
                titles={titles}
                series={[
                  { id: 'retained', name: t.retained, values: days.map(({ retained }) => retained) },
                  { id: 'new', name: t.new, values: days.map((day) => day.new), color: 2 },
                  {
                    id: 'resurrected',
                    name: t.resurrected,
                    values: days.map(({ resurrected }) => resurrected),
                    color: 3,
                  },
                ]}
                format={formats.compact}
                formatExact={formats.number}
              />
            </Card>
          </>
        );
      }}
    </BoardFrame>
  );
}
