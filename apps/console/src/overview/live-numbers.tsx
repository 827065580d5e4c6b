import { analyticsBoardsReadOverviewOptions } from '@switchboard/api-client';
import { Card, Grid, ProblemLine, StackedBars, Stat, useFormats } from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { zone } from '../period/days';
import { useOverviewTexts } from './overview.texts';

const REFRESH_MS = 15_000;

interface Live {
  today: number;
  yesterday: number;
}

/** Today so far beside yesterday up to the same time, renewed while one looks. */
export function LiveNumbers() {
  const t = useOverviewTexts();
  const formats = useFormats();
  const { data, error } = useQuery({
    ...analyticsBoardsReadOverviewOptions({ query: { zone } }),
    refetchInterval: REFRESH_MS,
  });
  if (error && !data) return <ProblemLine error={error} />;
  const change = (live: Live | undefined) => (live && live.yesterday > 0 ? live.today / live.yesterday - 1 : undefined);
  const people = data?.people;
  const hours = data?.hours ?? [];
  return (
    <>
      <Grid min={160}>
        <Stat
          label={t.people}
          value={people && (people.today === null ? t.hidden : formats.number(people.today))}
          change={people?.today && people.yesterday ? people.today / people.yesterday - 1 : undefined}
          better="more"
          href="/console/boards?board=growth"
        />
        <Stat
          label={t.messages}
          value={data && formats.number(data.messages.today)}
          change={change(data?.messages)}
          better="more"
          trend={hours.map(({ messages }) => messages)}
          href="/console/boards?board=activity"
        />
        <Stat
          label={t.replies}
          value={data && formats.number(data.replies.today)}
          change={change(data?.replies)}
          better="more"
          trend={hours.map(({ replies }) => replies)}
        />
        <Stat
          label={t.failed}
          value={data && formats.number(data.failedReplies.today)}
          change={change(data?.failedReplies)}
          better="less"
          href="/console/boards?board=activity"
        />
        <Stat
          label={t.cost}
          value={data && formats.cost(data.costMicros.today)}
          change={change(data?.costMicros)}
          better="less"
          trend={hours.map(({ costMicros }) => costMicros)}
          href="/console/usage"
        />
      </Grid>
      <Card title={t.hours}>
        <StackedBars
          label={t.hours}
          height={180}
          labels={hours.map(({ at }) => formats.time(at))}
          titles={hours.map(({ at }) => formats.dateTime(at))}
          series={[
            { id: 'messages', name: t.messages, values: hours.map(({ messages }) => messages) },
            { id: 'replies', name: t.replies, values: hours.map(({ replies }) => replies), color: 2 },
            { id: 'failed', name: t.failed, values: hours.map(({ failedReplies }) => failedReplies), color: 4 },
          ]}
          format={formats.compact}
          formatExact={formats.number}
        />
      </Card>
    </>
  );
}
