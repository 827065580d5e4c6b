import {
  type PaymentsOrder,
  paymentsOrdersListOptions,
  paymentsSubscriptionsListOptions,
} from '@switchboard/api-client';
import { Ago, ButtonLink, Card, type Column, DataTable, useFormats, useLanguage, wordOf } from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { useStaff } from '../session';
import { OrderState } from '../shop/shop-parts';
import { useShopWords } from '../shop/shop.texts';
import { SubscriptionTable } from '../subscriptions/subscription-table';
import { usePeopleTexts } from './people.texts';
import { PersonBalance } from './person-balance';
import { PersonVpn } from './person-vpn';

const SHOWN = 10;

/** What a person is subscribed to, has bought last, and has on their balance. */
export function PersonPurchases({ userId }: { userId: string }) {
  const staff = useStaff();
  return (
    <>
      {staff.can('subscriptions:read') && <Subscriptions userId={userId} />}
      {staff.can('servers:read') && <PersonVpn userId={userId} />}
      {staff.can('orders:read') && <Orders userId={userId} />}
      {staff.canWithAllBots('ledger:read') && <PersonBalance userId={userId} />}
    </>
  );
}

function Subscriptions({ userId }: { userId: string }) {
  const t = usePeopleTexts().purchases;
  const { data, error, refetch } = useQuery(paymentsSubscriptionsListOptions({ query: { userId, limit: 50 } }));
  return (
    <Card title={t.subscriptions} flush>
      <SubscriptionTable
        ofOne
        list={{ rows: data?.data, error, onRetry: () => void refetch() }}
        empty={<p className="ui-list-none">{t.noSubscriptions}</p>}
      />
    </Card>
  );
}

function Orders({ userId }: { userId: string }) {
  const { purchases: t, state } = usePeopleTexts();
  const words = useShopWords();
  const formats = useFormats();
  const { language } = useLanguage();
  const seesBooks = useStaff().canWithAllBots('ledger:read');
  const { data, error, refetch } = useQuery(paymentsOrdersListOptions({ query: { userId, limit: SHOWN } }));
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
      ...{ id: 'state', title: state, width: '180px', phone: 'state' },
      cell: (order) => <OrderState state={order.state} />,
    },
    {
      ...{ id: 'amount', title: words.amount, width: '120px', align: 'end' },
      cell: ({ totalMinor, currency }) => formats.money({ amountMinor: totalMinor, currency }),
    },
    { id: 'ordered', title: t.ordered, width: '120px', cell: ({ createdAt }) => <Ago at={createdAt} /> },
  ];
  return (
    <Card
      title={t.orders}
      flush
      actions={
        <>
          {seesBooks && (
            <ButtonLink size="small" href={`/console/ledger?tab=entries&person=${userId}`}>
              {t.ledger}
            </ButtonLink>
          )}
          <ButtonLink size="small" href={`/console/orders?person=${userId}`}>
            {t.allOrders}
          </ButtonLink>
        </>
      }
    >
      <DataTable
        label={t.orders}
        columns={columns}
        rows={data?.data}
        error={error}
        onRetry={() => void refetch()}
        idOf={({ id }) => id}
        nameOf={({ title }) => title[language]}
        href={({ id }) => `/console/orders/${id}`}
        empty={<p className="ui-list-none">{t.noOrders}</p>}
      />
    </Card>
  );
}
