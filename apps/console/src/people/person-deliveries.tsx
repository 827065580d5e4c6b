import { type BotAdapterDelivery, botAdapterPersonDeliveriesListOptions } from '@switchboard/api-client';
import { Ago, Badge, type Column, DataTable, Empty, type Tone, useFormats, wordOf } from '@switchboard/ui';
import { Send } from 'lucide-react';
import { useState } from 'react';
import { useBotNames } from '../bots/bots.api';
import { useList } from '../list';
import { usePeopleTexts } from './people.texts';

const tones: Record<string, Tone> = { queued: 'neutral', sending: 'info', sent: 'good', failed: 'bad' };

/** What was sent to a person or waits to be; none of the words. */
export function PersonDeliveries({ userId }: { userId: string }) {
  const t = usePeopleTexts();
  const formats = useFormats();
  const nameOf = useBotNames();
  const [after, setAfter] = useState<string>();
  const { list } = useList(
    botAdapterPersonDeliveriesListOptions({ path: { userId }, query: { after, limit: 50 } }),
    setAfter,
  );
  const columns: Column<BotAdapterDelivery>[] = [
    { id: 'kind', title: t.delivery.kind, cell: ({ kind }) => wordOf(t.delivery.kinds, kind) },
    {
      ...{ id: 'state', title: t.delivery.state, width: '150px', phone: 'state' },
      cell: ({ state }) => (
        <Badge dot tone={tones[state] ?? 'neutral'}>
          {wordOf(t.delivery.states, state)}
        </Badge>
      ),
    },
    { id: 'bot', title: t.bot, width: '160px', cell: ({ botId }) => nameOf(botId) },
    { id: 'reason', title: t.delivery.reason, width: '160px', cell: ({ reason }) => reason },
    {
      ...{ id: 'tries', title: t.delivery.tries, width: '90px', align: 'end', phone: 'never' },
      cell: ({ tries }) => formats.number(tries),
    },
    { id: 'at', title: t.delivery.queued, width: '130px', cell: ({ queuedAt }) => <Ago at={queuedAt} /> },
  ];
  return (
    <DataTable
      label={t.tabs.deliveries}
      columns={columns}
      {...list}
      idOf={({ id }) => id}
      nameOf={({ kind }) => wordOf(t.delivery.kinds, kind)}
      toneOf={({ state }) => (state === 'failed' ? 'bad' : undefined)}
      empty={<Empty icon={<Send />} title={t.delivery.none} />}
    />
  );
}
