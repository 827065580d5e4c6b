import {
  chatAiUsageReadOptions,
  chatAiUsageSeriesReadOptions,
  type ChatAiUsagePoint,
  type ChatAiUsageTotal,
} from '@switchboard/api-client';
import {
  BarList,
  Card,
  type Column,
  DataTable,
  type Days,
  Empty,
  Filters,
  Grid,
  LineChart,
  Page,
  ProblemState,
  Select,
  SkeletonLines,
  StackedBars,
  Stat,
  useFormats,
  useKitTexts,
} from '@switchboard/ui';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { ReceiptText } from 'lucide-react';
import { BotFilter, BotName } from '../bots/bot-parts';
import { useBotNames } from '../bots/bots.api';
import { Loaded } from '../loaded';
import { dayOf, daysBefore, daysOf, lengthOf, momentsOf, zone } from '../period/days';
import { PeriodField } from '../period/period';
import { SavedFilters } from '../saved-filters/saved-filters';
import { oneOf, useSetSearch } from '../search';
import { useUsageTexts } from './usage.texts';

const LONGEST_BY_HOUR_DAYS = 31;

type Point = Sums & { at: Date };
type Sums = Pick<
  ChatAiUsageTotal,
  'calls' | 'inputTokens' | 'cachedInputTokens' | 'outputTokens' | 'costMicros' | 'callsWithoutPrice'
>;

export function UsagePage() {
  const t = useUsageTexts();
  const kit = useKitTexts();
  const formats = useFormats();
  const nameOf = useBotNames();
  const search = useSearch({ from: '/console/usage' });
  const set = useSetSearch();
  const days = daysOf(search);
  const maySeeHours = lengthOf(days) <= LONGEST_BY_HOUR_DAYS;
  const step = (maySeeHours && oneOf(['hour', 'day'], search.step)) || 'day';
  const ofBot = (totals: readonly ChatAiUsageTotal[]) =>
    totals.filter(({ botId }) => !search.bot || botId === search.bot);
  const now = useQuery({
    ...chatAiUsageReadOptions({ query: momentsOf(days) }),
    placeholderData: keepPreviousData,
  });
  const before = useQuery(chatAiUsageReadOptions({ query: momentsOf(daysBefore(days)) }));
  const series = useQuery({
    ...chatAiUsageSeriesReadOptions({ query: { ...momentsOf(days), step, zone, botId: search.bot } }),
    placeholderData: keepPreviousData,
  });
  const filters = (
    <Filters set={search.bot ? 1 : 0} end={<SavedFilters />}>
      <BotFilter value={search.bot} onChange={(bot) => set({ bot })} />
      <PeriodField days={days} onChange={({ from, to }) => set({ from, to })} />
      <Select
        label={t.step}
        hideLabel
        value={step}
        onChange={(id) => set({ step: id === 'day' ? undefined : id })}
        choices={[
          { id: 'day', label: t.byDay },
          { id: 'hour', label: t.byHour, disabled: !maySeeHours },
        ]}
      />
    </Filters>
  );
  if (now.error && !now.data) {
    return (
      <Page title={t.title} about={t.about}>
        {filters}
        <ProblemState error={now.error} retry={() => void now.refetch()} />
      </Page>
    );
  }
  const totals = now.data && ofBot(now.data.totals);
  const sum = totals && sumOf(totals);
  const old = before.data && sumOf(ofBot(before.data.totals));
  const change = (of: (sums: Sums) => number) => (sum && old && of(old) > 0 ? of(sum) / of(old) - 1 : undefined);
  const points = series.data && pointsOf(series.data.points, days, step);
  const wordsOf = (known: readonly Point[]) => ({
    labels: known.map(({ at }) => (step === 'hour' ? formats.time(at) : formats.day(at))),
    titles: known.map(({ at }) => (step === 'hour' ? formats.dateTime(at) : formats.date(at))),
  });
  const perCall = (sums: Sums) => (sums.calls > 0 ? sums.costMicros / sums.calls : 0);
  return (
    <Page title={t.title} about={t.about}>
      {filters}
      <Grid min={160}>
        <Stat
          label={t.cost}
          value={sum && formats.cost(sum.costMicros)}
          change={change(({ costMicros }) => costMicros)}
          better="less"
          about={t.before}
          trend={points?.map(({ costMicros }) => costMicros)}
        />
        <Stat label={t.calls} value={sum && formats.compact(sum.calls)} change={change(({ calls }) => calls)} />
        <Stat
          label={t.tokens}
          value={sum && formats.compact(sum.inputTokens + sum.outputTokens)}
          change={change(({ inputTokens, outputTokens }) => inputTokens + outputTokens)}
        />
        <Stat
          label={t.cached}
          value={sum && formats.percent(sum.inputTokens > 0 ? sum.cachedInputTokens / sum.inputTokens : 0)}
        />
        <Stat label={t.perCall} value={sum && formats.cost(perCall(sum))} change={change(perCall)} better="less" />
      </Grid>
      {sum && sum.callsWithoutPrice > 0 && <p className="note">{t.withoutPrice(sum.callsWithoutPrice)}</p>}
      {sum?.calls === 0 ? (
        <Card flush>
          <Empty icon={<ReceiptText />} title={t.none}>
            {t.noneText}
          </Empty>
        </Card>
      ) : !totals ? (
        <Card>
          <SkeletonLines lines={8} label={kit.loading} />
        </Card>
      ) : (
        <>
          <Card title={t.costOverTime}>
            <Loaded answer={{ ...series, data: points }} lines={8}>
              {(known) => (
                <LineChart
                  {...wordsOf(known)}
                  label={t.costOverTime}
                  series={[{ id: 'cost', name: t.cost, values: known.map(({ costMicros }) => costMicros) }]}
                  format={formats.cost}
                />
              )}
            </Loaded>
          </Card>
          <Grid min={380}>
            <Card title={t.byModel}>
              <BarList label={t.byModel} rows={grouped(totals, ({ model }) => model)} format={formats.cost} shares />
            </Card>
            <Card title={t.byBot}>
              <BarList
                label={t.byBot}
                rows={grouped(totals, ({ botId }) => botId).map((row) => ({
                  ...row,
                  label: nameOf(row.id),
                  href: `/console/bots/${row.id}`,
                }))}
                format={formats.cost}
                shares
              />
            </Card>
          </Grid>
          <Card title={t.tokensOverTime}>
            <Loaded answer={{ ...series, data: points }} lines={8}>
              {(known) => (
                <StackedBars
                  {...wordsOf(known)}
                  label={t.tokensOverTime}
                  series={[
                    {
                      ...{ id: 'input', name: t.input },
                      values: known.map(({ inputTokens, cachedInputTokens }) => inputTokens - cachedInputTokens),
                    },
                    {
                      ...{ id: 'cached', name: t.cachedInput, color: 5 },
                      values: known.map(({ cachedInputTokens }) => cachedInputTokens),
                    },
                    { id: 'output', name: t.output, color: 2, values: known.map(({ outputTokens }) => outputTokens) },
                  ]}
                  format={formats.compact}
                  formatExact={formats.number}
                />
              )}
            </Loaded>
          </Card>
          <Totals totals={totals} />
        </>
      )}
    </Page>
  );
}

function Totals({ totals }: { totals: readonly ChatAiUsageTotal[] }) {
  const t = useUsageTexts();
  const formats = useFormats();
  const nameOf = useBotNames();
  const number = (id: string, title: string, of: (total: ChatAiUsageTotal) => number): Column<ChatAiUsageTotal> => ({
    ...{ id, title, width: '130px', align: 'end', phone: 'never' },
    cell: (total) => formats.number(of(total)),
  });
  const columns: Column<ChatAiUsageTotal>[] = [
    { id: 'bot', title: t.bot, cell: ({ botId }) => <BotName botId={botId} /> },
    { id: 'model', title: t.model, cell: ({ model }) => <code>{model}</code> },
    number('calls', t.calls, ({ calls }) => calls),
    number('input', t.input, ({ inputTokens }) => inputTokens),
    number('output', t.output, ({ outputTokens }) => outputTokens),
    {
      ...{ id: 'cost', title: t.cost, width: '120px', align: 'end', phone: 'state' },
      cell: ({ costMicros }) => formats.cost(costMicros),
    },
  ];
  return (
    <Card title={t.all} flush>
      <DataTable
        label={t.all}
        columns={columns}
        rows={[...totals].sort((a, b) => b.costMicros - a.costMicros)}
        idOf={({ botId, model }) => `${botId} ${model}`}
        nameOf={({ botId, model }) => `${nameOf(botId)}, ${model}`}
      />
    </Card>
  );
}

const zero: Sums = {
  ...{ calls: 0, inputTokens: 0, cachedInputTokens: 0, outputTokens: 0, costMicros: 0, callsWithoutPrice: 0 },
};

const add = (a: Sums, b: Sums): Sums => ({
  calls: a.calls + b.calls,
  inputTokens: a.inputTokens + b.inputTokens,
  cachedInputTokens: a.cachedInputTokens + b.cachedInputTokens,
  outputTokens: a.outputTokens + b.outputTokens,
  costMicros: a.costMicros + b.costMicros,
  callsWithoutPrice: a.callsWithoutPrice + b.callsWithoutPrice,
});

const sumOf = (all: readonly Sums[]): Sums => all.reduce(add, zero);

const grouped = (totals: readonly ChatAiUsageTotal[], by: (total: ChatAiUsageTotal) => string) =>
  [...Map.groupBy(totals, by)]
    .map(([id, group]) => ({ id, label: id, value: sumOf(group).costMicros }))
    .sort((a, b) => b.value - a.value)
    .slice(0, 10);

/** One point for each day or hour: those in which nothing was used are zero. Bots and models are one. */
function pointsOf(points: readonly ChatAiUsagePoint[], days: Days, step: 'hour' | 'day'): Point[] {
  const keyOf = (at: Date) => (step === 'hour' ? at.toISOString().slice(0, 13) : dayOf(at));
  const sums = Map.groupBy(points, ({ at }) => keyOf(new Date(at)));
  const { from, to } = momentsOf(days);
  const all: Point[] = [];
  const end = Math.min(Date.parse(to), Date.now());
  for (
    const at = new Date(from);
    at.getTime() < end;
    // The hour that comes twice when clocks go back is two.
    step === 'hour' ? at.setTime(at.getTime() + 3_600_000) : at.setDate(at.getDate() + 1)
  )
    all.push({ ...sumOf(sums.get(keyOf(at)) ?? []), at: new Date(at) });
  return all;
}
