import { paymentsOrdersListMineOptions, paymentsSavedMethodsForget } from '@switchboard/api-client';
import {
  Badge,
  Button,
  ButtonLink,
  Card,
  type Column,
  DataTable,
  Empty,
  Link,
  Moment,
  notify,
  Page,
  useConfirm,
  useFormats,
  wordOf,
} from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { CreditCard, ReceiptText } from 'lucide-react';
import { refresh, tellProblem } from '../../http/api';
import { useList } from '../../list';
import { Loaded } from '../../loaded';
import { orderTones } from '../shop/order-tones';
import { type Order, shopQuery, totalOf, useLocalized, useMyBot } from '../shop/shop.api';
import { useShopTexts } from '../shop/shop.texts';
import { useMoneyTexts } from './money.texts';

/** What was ordered, and by what it is paid. */
export function PaymentsPage() {
  const t = useMoneyTexts().payments;
  const botId = useMyBot();
  return (
    <Page title={t.title} about={t.about}>
      <Orders />
      {botId !== undefined && <SavedMethods botId={botId} />}
    </Page>
  );
}

function Orders() {
  const t = useMoneyTexts().payments;
  const states = useShopTexts().order.states;
  const localized = useLocalized();
  const formats = useFormats();
  const { after } = useSearch({ from: '/me/payments' });
  const { list } = useList(paymentsOrdersListMineOptions({ query: { after } }));
  const columns: Column<Order>[] = [
    { id: 'what', title: t.what, cell: ({ title }) => localized(title) },
    {
      ...{ id: 'state', title: t.state, width: '180px', phone: 'state' },
      cell: ({ state }) => <Badge tone={orderTones[state]}>{wordOf(states, state)}</Badge>,
    },
    {
      ...{ id: 'amount', title: t.amount, width: '150px' },
      cell: (order) => {
        const price = formats.price(totalOf(order));
        const { refundedMinor: amountMinor, quote } = order;
        return amountMinor > 0 ? t.back(price, formats.price({ amountMinor, currency: quote.currency })) : price;
      },
    },
    { id: 'at', title: t.at, width: '140px', cell: ({ createdAt }) => <Moment at={createdAt} look="date" /> },
    {
      ...{ id: 'receipt', title: t.receipt, width: '80px' },
      cell: ({ receiptUrl }) =>
        receiptUrl && (
          <Link href={receiptUrl} target="_blank" rel="noopener noreferrer">
            {t.receipt}
          </Link>
        ),
    },
  ];
  return (
    <DataTable
      {...list}
      label={t.list}
      columns={columns}
      idOf={({ id }) => id}
      nameOf={({ title }) => localized(title)}
      href={({ id }) => `/me/payments/${id}`}
      empty={
        <Empty
          icon={<ReceiptText />}
          title={t.none}
          action={
            <ButtonLink href="/me/buy" look="primary">
              {t.choose}
            </ButtonLink>
          }
        >
          {t.noneText}
        </Empty>
      }
    />
  );
}

function SavedMethods({ botId }: { botId: string }) {
  const t = useMoneyTexts().saved;
  const providers = useShopTexts().providers;
  const confirm = useConfirm();
  const answer = useQuery(shopQuery(botId));
  const forget = async (methodId: string, name: string) => {
    const question = { title: t.forgetTitle(name), text: t.forgetText, action: t.forget, look: 'danger' } as const;
    if ((await confirm(question)) === undefined) return;
    await paymentsSavedMethodsForget({ path: { methodId } })
      .then(() => notify({ text: t.forgotten(name) }))
      .catch(tellProblem);
    await refresh('paymentsShop', 'paymentsSubscriptions');
  };
  return (
    <Card title={t.title} flush>
      <Loaded answer={answer} lines={2}>
        {({ payWith }) => {
          const saved = payWith.flatMap(({ provider, saved }) => saved.map((one) => ({ ...one, provider })));
          if (saved.length === 0) return <p className="ui-list-none">{t.none}</p>;
          return (
            <ul className="me-list">
              {saved.map(({ methodId, title, provider }) => (
                <li key={methodId}>
                  <span className="me-channel" aria-hidden>
                    <CreditCard />
                  </span>
                  <div className="me-list-words">
                    <strong>{title}</strong>
                    <small>{wordOf(providers, provider)}</small>
                  </div>
                  <Button
                    size="small"
                    look="danger-quiet"
                    aria-label={`${t.forget}: ${title}`}
                    onPress={() => void forget(methodId, title)}
                  >
                    {t.forget}
                  </Button>
                </li>
              ))}
            </ul>
          );
        }}
      </Loaded>
    </Card>
  );
}
