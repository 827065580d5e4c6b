import { vpnProvisionerUsageListMineOptions } from '@switchboard/api-client';
import { Card, Select, StackedBars, useFormats } from '@switchboard/ui';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Loaded } from '../../loaded';
import { profileQuery } from '../me.api';
import { useSubscriptionsTexts } from './subscriptions.texts';

const PERIODS = [7, 30, 90] as const;

/** What was used day by day, in the days of the person. */
export function Usage({ accessId }: { accessId: string }) {
  const t = useSubscriptionsTexts().usage;
  const formats = useFormats();
  const [days, setDays] = useState<number>(30);
  const profile = useQuery(profileQuery);
  // Where it cannot be known, the days are those of UTC.
  const zone = profile.data?.timeZone ?? 'UTC';
  const answer = useQuery({
    ...vpnProvisionerUsageListMineOptions({ path: { accessId }, query: { days, zone } }),
    enabled: !profile.isPending,
    placeholderData: keepPreviousData,
  });
  const sum = answer.data?.days.reduce((all, { bytes }) => all + bytes, 0);
  return (
    <Card
      title={t.title}
      about={sum !== undefined && t.sum(formats.traffic(sum))}
      actions={
        <Select
          label={t.days}
          hideLabel
          required
          value={String(days)}
          onChange={(id) => setDays(Number(id))}
          choices={PERIODS.map((n) => ({ id: String(n), label: t.last(n) }))}
        />
      }
    >
      <Loaded answer={answer} lines={6}>
        {(data) => (
          <StackedBars
            label={t.title}
            height={180}
            labels={data.days.map(({ day }) => formats.day(day, 'UTC'))}
            titles={data.days.map(({ day }) => formats.date(day, 'UTC'))}
            series={[{ id: 'bytes', name: t.title, values: data.days.map(({ bytes }) => bytes) }]}
            format={formats.traffic}
            nothing={t.none}
          />
        )}
      </Loaded>
    </Card>
  );
}
