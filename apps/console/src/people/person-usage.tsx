import { analyticsBoardsReadPersonUsageOptions } from '@switchboard/api-client';
import {
  BarList,
  Card,
  type Days,
  Empty,
  Filters,
  Grid,
  ProblemState,
  SkeletonLines,
  StackedBars,
  Stat,
  useFormats,
  useKitTexts,
} from '@switchboard/ui';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { ReceiptText } from 'lucide-react';
import { useState } from 'react';
import { useBotNames } from '../bots/bots.api';
import { lastDays, zone } from '../period/days';
import { PeriodField } from '../period/period';
import { usePeopleTexts } from './people.texts';

/** What a person has written, and what models have cost for them. */
export function PersonUsage({ userId }: { userId: string }) {
  const t = usePeopleTexts().usage;
  const kit = useKitTexts();
  const formats = useFormats();
  const nameOf = useBotNames();
  const [days, setDays] = useState(() => lastDays(28));
  const { data, error, refetch } = useQuery({
    ...analyticsBoardsReadPersonUsageOptions({ path: { userId }, query: { ...days, zone } }),
    placeholderData: keepPreviousData,
  });
  const filters = (
    <Filters>
      <PeriodField days={days} onChange={setDays} />
    </Filters>
  );
  if (!data || error) {
    return (
      <>
        {filters}
        <Card>
          {error ? <ProblemState error={error} retry={() => void refetch()} /> : <SkeletonLines label={kit.loading} />}
        </Card>
      </>
    );
  }
  if (!data.isCounted) {
    return (
      <Card flush>
        <Empty icon={<ReceiptText />} title={t.notCounted}>
          {t.notCountedText}
        </Empty>
      </Card>
    );
  }
  const { messages, calls, inputTokens, outputTokens, costMicros } = data.total;
  const byDay = new Map(data.days.map((one) => [one.day, one]));
  const all = eachDay(days);
  return (
    <>
      {filters}
      <Grid min={120}>
        <Stat label={t.messages} value={formats.number(messages)} />
        <Stat label={t.calls} value={formats.number(calls)} />
        <Stat label={t.tokens} value={formats.compact(inputTokens + outputTokens)} />
        <Stat label={t.cost} value={formats.cost(costMicros)} />
      </Grid>
      <Card title={t.costADay}>
        <StackedBars
          label={t.costADay}
          height={180}
          labels={all.map((day) => formats.day(day, 'UTC'))}
          titles={all.map((day) => formats.date(day, 'UTC'))}
          series={[{ id: 'cost', name: t.cost, values: all.map((day) => byDay.get(day)?.costMicros ?? 0) }]}
          format={formats.cost}
        />
      </Card>
      {calls > 0 && (
        <Grid min={260}>
          <Card title={t.byModel}>
            <BarList
              label={t.byModel}
              rows={data.models.map(({ model, costMicros: value }) => ({ id: model, label: model, value }))}
              format={formats.cost}
              shares
            />
          </Card>
          <Card title={t.byBot}>
            <BarList
              label={t.byBot}
              rows={data.bots.map(({ botId, costMicros: value }) => ({ id: botId, label: nameOf(botId), value }))}
              format={formats.cost}
              shares
            />
          </Card>
        </Grid>
      )}
    </>
  );
}

/** `2026-11-27` and so on, both ends included. */
function eachDay({ from, to }: Days): string[] {
  const days: string[] = [];
  for (const at = new Date(`${from}T00:00:00Z`); at.getTime() <= Date.parse(to); at.setUTCDate(at.getUTCDate() + 1))
    days.push(at.toISOString().slice(0, 10));
  return days;
}
