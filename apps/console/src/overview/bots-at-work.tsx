import { chatAiUsageReadOptions, type GatewayBotSummary } from '@switchboard/api-client';
import { ButtonLink, Card, type Column, DataTable, useFormats } from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { BotName, BotState } from '../bots/bot-parts';
import { allBots } from '../bots/bots.api';
import { dayOf, momentsOf } from '../period/days';
import { useStaff } from '../session';
import { useOverviewTexts } from './overview.texts';

const SHOWN = 6;

/** The bots that spend most, with what they have spent since the month began. */
export function BotsAtWork() {
  const t = useOverviewTexts();
  const formats = useFormats();
  const staff = useStaff();
  const seesUsage = staff.can('usage:read');
  const { data, error, refetch } = useQuery(allBots());
  const today = dayOf(new Date());
  const usage = useQuery({
    ...chatAiUsageReadOptions({ query: momentsOf({ from: `${today.slice(0, 8)}01`, to: today }) }),
    enabled: seesUsage,
  });
  const spent = (botId: string) =>
    usage.data?.totals.filter((one) => one.botId === botId).reduce((sum, { costMicros }) => sum + costMicros, 0) ?? 0;
  const rows = data?.data
    .filter(({ state }) => state !== 'archived')
    .sort((a, b) => spent(b.id) - spent(a.id))
    .slice(0, SHOWN);
  const columns: Column<GatewayBotSummary>[] = [
    { id: 'bot', title: t.bot, cell: ({ id, name }) => <BotName botId={id} name={name} /> },
    { id: 'state', title: t.state, width: '130px', phone: 'state', cell: ({ state }) => <BotState state={state} /> },
    ...(seesUsage
      ? [
          {
            ...{ id: 'spent', title: t.spent, width: '170px', align: 'end' as const },
            cell: ({ id }: GatewayBotSummary) => usage.data && formats.cost(spent(id)),
          },
        ]
      : []),
  ];
  return (
    <Card
      title={t.bots}
      flush
      actions={
        <ButtonLink size="small" href="/console/bots">
          {t.allBots}
        </ButtonLink>
      }
    >
      <DataTable
        label={t.bots}
        columns={columns}
        rows={rows}
        idOf={({ id }) => id}
        nameOf={({ name }) => name}
        href={({ id }) => `/console/bots/${id}`}
        error={error}
        onRetry={() => void refetch()}
      />
    </Card>
  );
}
