import { type PaymentsRefund, paymentsRefundsListOptions } from '@switchboard/api-client';
import { type Column, DataTable, Empty, Filters, FilterSelect, NoMatch, useFormats } from '@switchboard/ui';
import { useSearch } from '@tanstack/react-router';
import { Undo2 } from 'lucide-react';
import { BotFilter, BotName } from '../bots/bot-parts';
import { useList } from '../list';
import { PersonFilter, PersonName, usePersonNames } from '../person-names/person-names';
import { SavedFilters } from '../saved-filters/saved-filters';
import { useSetSearch } from '../search';
import { useShopWords } from '../shop/shop.texts';
import { useOrderTexts } from './orders.texts';
import { useRefundColumns } from './refund-parts';

export function RefundList() {
  const t = useOrderTexts();
  const words = useShopWords();
  const formats = useFormats();
  const nameOfPerson = usePersonNames();
  const search = useSearch({ from: '/console/orders' });
  const set = useSetSearch();
  const { person, state, bot } = search;
  const { list } = useList(
    paymentsRefundsListOptions({ query: { userId: person, state, botId: bot, after: search.after, limit: 50 } }),
  );
  const [amount, status, ...rest] = useRefundColumns();
  const columns: Column<PaymentsRefund>[] = [
    ...[amount!, status!],
    {
      ...{ id: 'person', title: words.person, width: '170px' },
      cell: ({ userId }) => <PersonName userId={userId} name={nameOfPerson(userId)} />,
    },
    { id: 'bot', title: t.bot, width: '160px', phone: 'never', cell: ({ botId }) => <BotName botId={botId} /> },
    ...rest,
  ];
  return (
    <>
      <Filters set={[person, state, bot].filter(Boolean).length} end={<SavedFilters />}>
        {person && <PersonFilter userId={person} onClear={() => set({ person: undefined })} />}
        <BotFilter value={bot} onChange={(id) => set({ bot: id })} />
        <FilterSelect
          label={t.state}
          any={t.anyState}
          value={state}
          onChange={(id) => set({ state: id })}
          choices={Object.entries(words.refundStates).map(([id, label]) => ({ id, label }))}
        />
      </Filters>
      <DataTable
        label={t.tabs.refunds}
        columns={columns}
        {...list}
        idOf={({ id }) => id}
        nameOf={(refund) => formats.money(refund)}
        href={({ orderId }) => `/console/orders/${orderId}`}
        toneOf={(refund) => (refund.state === 'failed' ? 'bad' : undefined)}
        empty={
          person || state || bot ? (
            <NoMatch onClear={() => set({ person: undefined, state: undefined, bot: undefined })} />
          ) : (
            <Empty icon={<Undo2 />} title={t.noRefunds}>
              {t.noRefundsText}
            </Empty>
          )
        }
      />
    </>
  );
}
