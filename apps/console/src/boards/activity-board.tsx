import { analyticsBoardsReadActivityOptions } from '@switchboard/api-client';
import { Card, Filters, Grid, LineChart, Select, StackedBars, useFormats } from '@switchboard/ui';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { dayOf } from '../period/days';
import { oneOf, useSetSearch } from '../search';
import { BoardFrame, NothingYet, provisionalFrom } from './board-frame';
import type { BoardQuery } from './board-query';
import { useBoardTexts } from './boards.texts';

export function ActivityBoard({ query }: { query: BoardQuery }) {
  const t = useBoardTexts();
  const formats = useFormats();
  const search = useSearch({ from: '/console/boards' });
  const set = useSetSearch();
  const by = oneOf(['hour', 'day'], search.by) ?? 'day';
  const answer = useQuery({
    ...analyticsBoardsReadActivityOptions({ query: { ...query, by } }),
    placeholderData: keepPreviousData,
  });
  return (
    <>
      <Filters alwaysOpen>
        <Select
          label={t.board}
          hideLabel
          value={by}
          onChange={(id) => set({ by: id })}
          choices={[
            { id: 'day', label: t.activity.byDay },
            { id: 'hour', label: t.activity.byHour },
          ]}
        />
      </Filters>
      <BoardFrame answer={answer}>
        {({ points, about }) => {
          if (points.every(({ messages, replies }) => !messages && !replies)) return <NothingYet />;
          const labels = points.map(({ at }) =>
            by === 'hour' ? formats.time(at, query.zone) : formats.day(at, query.zone),
          );
          const titles = points.map(({ at }) =>
            by === 'hour' ? formats.dateTime(at, query.zone) : formats.date(at, query.zone),
          );
          const dashed = provisionalFrom(
            points.map(({ at }) => ({ day: dayOf(new Date(at)) })),
            about,
          );
          const frame = { labels, titles, formatExact: formats.number, format: formats.compact };
          return (
            <>
              <Card title={t.activity.messages}>
                <StackedBars
                  {...frame}
                  label={t.activity.messages}
                  series={[
                    { id: 'messages', name: t.activity.messages, values: points.map(({ messages }) => messages) },
                    { id: 'replies', name: t.activity.replies, values: points.map(({ replies }) => replies), color: 2 },
                  ]}
                />
              </Card>
              <Grid min={380}>
                <Card title={t.activity.failed}>
                  <StackedBars
                    {...frame}
                    label={t.activity.failed}
                    series={[
                      {
                        ...{ id: 'failed', name: t.activity.failed, color: 4 },
                        values: points.map(({ failedReplies }) => failedReplies),
                      },
                      {
                        ...{ id: 'undeliverable', name: t.activity.undeliverable, color: 3 },
                        values: points.map(({ undeliverable }) => undeliverable),
                      },
                    ]}
                  />
                </Card>
                <Card title={t.activity.speed}>
                  <LineChart
                    {...frame}
                    label={t.activity.speed}
                    series={[
                      { id: 'median', name: t.activity.median, values: points.map(({ medianMs }) => medianMs) },
                      { id: 'p95', name: t.activity.p95, values: points.map(({ p95Ms }) => p95Ms), color: 5 },
                    ]}
                    format={formats.duration}
                    formatExact={formats.duration}
                  />
                </Card>
              </Grid>
              <Card title={t.activity.cost}>
                <LineChart
                  {...frame}
                  label={t.activity.cost}
                  provisionalFrom={dashed}
                  series={[{ id: 'cost', name: t.activity.cost, values: points.map(({ costMicros }) => costMicros) }]}
                  format={formats.cost}
                  formatExact={formats.cost}
                />
              </Card>
            </>
          );
        }}
      </BoardFrame>
    </>
  );
}
