import {
  type PaymentsInvoice,
  paymentsOrdersReadOptions,
  type PaymentsOrdersReadResponse,
} from '@switchboard/api-client';
import {
  Badge,
  Button,
  Card,
  CodeLine,
  type Column,
  Columns,
  DataTable,
  Facts,
  Link,
  Moment,
  Page,
  type Tone,
  useFormats,
  useLanguage,
  wordOf,
} from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { Undo2 } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { BotName } from '../bots/bot-parts';
import { askedAgain } from '../http/asked-again';
import { EntryTable } from '../ledger/entry-table';
import { PendingPage } from '../pending-page';
import { PersonLink } from '../person-names/person-names';
import { useStaff } from '../session';
import { OrderState } from '../shop/shop-parts';
import { useShopWords } from '../shop/shop.texts';
import { useOrderTexts } from './orders.texts';
import { RefundDialog } from './refund-dialog';
import { useRefundColumns } from './refund-parts';

type Order = PaymentsOrdersReadResponse;

/** While money is on its way, in either direction. */
const LOOK_EVERY_MS = 5_000;
const isMoving = ({ refunds, invoices }: Order): boolean =>
  refunds.some(({ state }) => state === 'sending') || invoices.some(({ state }) => state === 'created');

export function OrderPage() {
  const t = useOrderTexts();
  const { orderId } = useParams({ from: '/console/orders/$orderId' });
  const { data, error, refetch } = useQuery({
    ...paymentsOrdersReadOptions({ path: { orderId } }),
    refetchInterval: askedAgain(isMoving, LOOK_EVERY_MS),
  });
  if (data) return <KnownOrder order={data} />;
  return (
    <PendingPage title={t.order} way={[{ title: t.title, href: '/console/orders' }]} error={error} refetch={refetch} />
  );
}

function KnownOrder({ order }: { order: Order }) {
  const t = useOrderTexts();
  const { language } = useLanguage();
  const mayRefund = useStaff().can('refunds:request', order.botId) && order.refundableMinor > 0;
  const [refunding, setRefunding] = useState(false);
  return (
    <Page
      title={order.title[language]}
      way={[{ title: t.title, href: '/console/orders' }]}
      aside={<OrderState state={order.state} />}
      actions={
        mayRefund && (
          <Button icon={<Undo2 />} onPress={() => setRefunding(true)}>
            {t.refund}
          </Button>
        )
      }
    >
      <Columns
        main={
          <>
            <Attempts order={order} />
            <Refunds order={order} />
            <EntryTable entries={order.entries} />
          </>
        }
        side={<Side order={order} />}
      />
      {refunding && <RefundDialog order={order} onClose={() => setRefunding(false)} />}
    </Page>
  );
}

/** What has to be read in full. */
const Wrapped = ({ children }: { children: ReactNode }) => <span className="wrapped">{children}</span>;

const tones: Record<string, Tone> = {
  ...{ created: 'info', pending: 'neutral', paid: 'good', failed: 'bad', different: 'bad', disputed: 'bad' },
  ...{ 'charged-back': 'bad', refunded: 'warn', 'partly-refunded': 'warn' },
};

function Attempts({ order: { invoices } }: { order: Order }) {
  const t = useOrderTexts();
  const words = useShopWords();
  const formats = useFormats();
  const columns: Column<PaymentsInvoice>[] = [
    {
      ...{ id: 'provider', title: words.provider },
      cell: ({ provider, createdAt, paidAt }) => (
        <span className="two-lines">
          <span>{wordOf(words.providers, provider)}</span>
          <small>
            <Moment at={paidAt ?? createdAt} />
          </small>
        </span>
      ),
    },
    {
      ...{ id: 'state', title: t.state, width: '170px', phone: 'state' },
      cell: ({ state }) => (
        <Badge dot tone={tones[state] ?? 'neutral'}>
          {wordOf(t.invoiceStates, state)}
        </Badge>
      ),
    },
    ...(invoices.some(({ failure }) => failure)
      ? [
          {
            ...{ id: 'why', title: t.cause, width: '200px' },
            cell: ({ failure }: PaymentsInvoice) => failure && <Wrapped>{wordOf(t.failures, failure)}</Wrapped>,
          },
        ]
      : []),
    {
      ...{ id: 'external', title: t.externalId, width: '210px' },
      cell: ({ externalId }) =>
        externalId && (
          <Wrapped>
            <CodeLine text={externalId} />
          </Wrapped>
        ),
    },
    {
      ...{ id: 'amount', title: words.amount, width: '160px', align: 'end' },
      cell: ({ amountMinor, currency, receivedMinor, feeMinor }) => (
        <span className="two-lines">
          <span>{formats.money({ amountMinor, currency })}</span>
          {receivedMinor !== null && (
            <small>{t.received(formats.money({ amountMinor: receivedMinor, currency }))}</small>
          )}
          {feeMinor !== null && feeMinor > 0 && (
            <small>{t.fee(formats.money({ amountMinor: feeMinor, currency }))}</small>
          )}
        </span>
      ),
    },
  ];
  return (
    <Card title={t.attempts} about={invoices.length > 1 ? t.attemptsAbout : undefined} flush>
      <DataTable
        label={t.attempts}
        columns={columns}
        rows={invoices}
        idOf={({ id }) => id}
        nameOf={({ attempt }) => `${t.attempt} ${attempt}`}
        empty={<p className="ui-list-none">{t.noAttempts}</p>}
      />
    </Card>
  );
}

function Refunds({ order: { refunds } }: { order: Order }) {
  const t = useOrderTexts();
  const formats = useFormats();
  return (
    <Card title={t.refunds} flush>
      <DataTable
        label={t.refunds}
        columns={useRefundColumns()}
        rows={refunds}
        idOf={({ id }) => id}
        nameOf={(refund) => formats.money(refund)}
        empty={<p className="ui-list-none">{t.noRefundsOfOrder}</p>}
      />
    </Card>
  );
}

function Side({ order }: { order: Order }) {
  const t = useOrderTexts();
  const words = useShopWords();
  const formats = useFormats();
  const staff = useStaff();
  const { currency, userId } = order;
  const money = (amountMinor: number) => formats.money({ amountMinor, currency });
  const some = (amountMinor: number) => amountMinor > 0 && money(amountMinor);
  return (
    <>
      <Card title={t.sum}>
        <Facts
          facts={[
            [t.price, money(order.listMinor)],
            [t.discount, order.discountMinor > 0 && `−${money(order.discountMinor)}`],
            [t.promoCode, order.promoCode && <code key="promo">{order.promoCode}</code>],
            [t.credit, order.creditMinor > 0 && `−${money(order.creditMinor)}`],
            [t.use, some(order.useMinor)],
            [t.total, <b key="total">{money(order.totalMinor)}</b>],
            [t.held, some(order.heldMinor)],
            [t.wentBack, some(order.refundedMinor)],
          ]}
        />
      </Card>
      <Card title={t.order}>
        <Facts
          facts={[
            [words.person, <PersonLink key="person" userId={userId} />],
            [t.bot, <BotName key="bot" botId={order.botId} />],
            [t.created, <Moment key="created" at={order.createdAt} />],
            [t.paidAt, order.paidAt && <Moment key="paid" at={order.paidAt} />],
            [t.campaign, order.campaign],
            [
              t.subscription,
              order.subscriptionId && staff.can('subscriptions:read') && (
                <Link key="subscription" href={`/console/subscriptions?person=${userId}`}>
                  {t.subscriptionsOf}
                </Link>
              ),
            ],
            [t.id, <CodeLine key="id" text={order.id} />],
          ]}
        />
      </Card>
    </>
  );
}
