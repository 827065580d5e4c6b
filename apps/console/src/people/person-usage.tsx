import { analyticsBoardsReadPersonUsageOptions } from '@switchboard/api-client';
import {
  BarList,
  Card,
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
import { useQuery } from '@tanstack/react-query';
import { ReceiptText } from 'lucide-react';
import { useState } from 'react';
import { useBotNames } from '../bots/bots.api';
import { eachDay, lastDays, zone } from '../period/days';
import { KeptFrom } from '../period/kept-from';
import { PeriodField } from '../period/period';
import { usePeopleTexts } from './people.texts';

/** What a person has written, and what models have cost for them. */
export function PersonUsage({ userId }: { userId: string }) {
  const t = usePeopleTexts().usage;
  const kit = useKitTexts();
  const formats = useFormats();
  const nameOf = useBotNames();
  const [days, setDays] = useState(() => lastDays(28));
  const { data, error, refetch } = useQuery(
    analyticsBoardsReadPersonUsageOptions({ path: { userId }, query: { ...days, zone } }),
  );
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
  // Of days before these nothing is known, which is not that nothing was used.
  const all = eachDay({ ...days, from: data.keptFrom ?? days.from });
  return (
    <>
      {filters}
      <Grid min={120}>
        <Stat label={t.messages} value={formats.number(messages)} />
        <Stat label={t.calls} value={formats.number(calls)} />
        <Stat label={t.tokens} value={formats.compact(inputTokens + outputTokens)} />
        <Stat label={t.cost} value={formats.cost(costMicros)} />
      </Grid>
      <Card title={t.costADay} about={data.keptFrom && <KeptFrom day={data.keptFrom} />}>
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
