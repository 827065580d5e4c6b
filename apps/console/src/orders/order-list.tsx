import { type PaymentsOrder, paymentsOrdersListOptions } from '@switchboard/api-client';
import {
  Ago,
  ButtonLink,
  type Column,
  DataTable,
  Empty,
  Filters,
  FilterSelect,
  NoMatch,
  SearchField,
  useFormats,
  useLanguage,
  wordOf,
} from '@switchboard/ui';
import { useSearch } from '@tanstack/react-router';
import { ShoppingCart } from 'lucide-react';
import { BotFilter, BotName } from '../bots/bot-parts';
import { useList } from '../list';
import { PersonFilter, PersonName, usePersonNames } from '../person-names/person-names';
import { SavedFilters } from '../saved-filters/saved-filters';
import { useSetSearch } from '../search';
import { useStaff } from '../session';
import { OrderState, ProviderFilter } from '../shop/shop-parts';
import { useShopWords } from '../shop/shop.texts';
import { useOrderTexts } from './orders.texts';

export function OrderList() {
  const t = useOrderTexts();
  const words = useShopWords();
  const formats = useFormats();
  const { language } = useLanguage();
  const staff = useStaff();
  const nameOfPerson = usePersonNames();
  const search = useSearch({ from: '/console/orders' });
  const set = useSetSearch();
  const { q, person, state, provider, bot } = search;
  const { list } = useList(
    paymentsOrdersListOptions({
      query: { search: q, userId: person, state, provider, botId: bot, after: search.after, limit: 50 },
    }),
  );
  const filters = { q: undefined, person: undefined, state: undefined, provider: undefined, bot: undefined };
  const columns: Column<PaymentsOrder>[] = [
    {
      ...{ id: 'order', title: t.order },
      cell: ({ title, kind }) => (
        <span className="two-lines">
          <span>{title[language]}</span>
          <small>{wordOf(words.kinds, kind)}</small>
        </span>
      ),
    },
    {
      ...{ id: 'state', title: t.state, width: '180px', phone: 'state' },
      cell: (order) => <OrderState state={order.state} />,
    },
    {
      ...{ id: 'person', title: words.person, width: '170px' },
      cell: ({ userId }) => <PersonName userId={userId} name={nameOfPerson(userId)} />,
    },
    { id: 'bot', title: t.bot, width: '160px', phone: 'never', cell: ({ botId }) => <BotName botId={botId} /> },
    {
      ...{ id: 'provider', title: words.provider, width: '140px' },
      cell: (order) => order.provider && wordOf(words.providers, order.provider),
    },
    {
      ...{ id: 'amount', title: words.amount, width: '140px', align: 'end' },
      cell: ({ totalMinor, refundedMinor, currency }) => (
        <span className="two-lines">
          <span>{formats.money({ amountMinor: totalMinor, currency })}</span>
          {refundedMinor > 0 && <small>{t.refunded(formats.money({ amountMinor: refundedMinor, currency }))}</small>}
        </span>
      ),
    },
    { id: 'created', title: t.created, width: '130px', cell: ({ createdAt }) => <Ago at={createdAt} /> },
  ];
  return (
    <>
      <Filters
        search={<SearchField label={t.find} value={q ?? ''} onChange={(text) => set({ q: text.trim() })} />}
        set={[person, state, provider, bot].filter(Boolean).length}
        end={<SavedFilters />}
      >
        {person && <PersonFilter userId={person} onClear={() => set({ person: undefined })} />}
        <BotFilter value={bot} onChange={(id) => set({ bot: id })} />
        <FilterSelect
          label={t.state}
          any={t.anyState}
          value={state}
          onChange={(id) => set({ state: id })}
          choices={Object.entries(words.orderStates).map(([id, label]) => ({ id, label }))}
        />
        <ProviderFilter value={provider} onChange={(id) => set({ provider: id })} />
      </Filters>
      <DataTable
        label={t.tabs.orders}
        columns={columns}
        {...list}
        idOf={({ id }) => id}
        nameOf={({ title, createdAt }) => `${title[language]}, ${formats.dateTime(createdAt)}`}
        href={({ id }) => `/console/orders/${id}`}
        empty={
          [q, person, state, provider, bot].some(Boolean) ? (
            <NoMatch onClear={() => set(filters)} />
          ) : (
            <Empty
              icon={<ShoppingCart />}
              title={t.none}
              action={
                staff.can('catalogue:write') && <ButtonLink href="/console/catalogue">{t.toCatalogue}</ButtonLink>
              }
            >
              {t.noneText}
            </Empty>
          )
        }
      />
    </>
  );
}
