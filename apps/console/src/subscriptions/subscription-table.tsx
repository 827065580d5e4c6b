import { type PaymentsSubscription, paymentsSubscriptionsEnd } from '@switchboard/api-client';
import {
  type Column,
  DataTable,
  type MenuEntry,
  Moment,
  notify,
  useConfirm,
  useFormats,
  useLanguage,
} from '@switchboard/ui';
import { CalendarPlus, CircleStop, ShoppingCart, UserRound } from 'lucide-react';
import { type ComponentProps, useState } from 'react';
import { BotName } from '../bots/bot-parts';
import { etagOf, refresh, tellProblem } from '../http/api';
import { PersonName, usePersonNames } from '../person-names/person-names';
import { useStaff } from '../session';
import { SubscriptionStatus } from '../shop/shop-parts';
import { useShopWords } from '../shop/shop.texts';
import { ExtendDialog } from './extend-dialog';
import { useSubscriptionTexts } from './subscriptions.texts';

type Table = ComponentProps<typeof DataTable<PaymentsSubscription>>;

const isOver = ({ status }: PaymentsSubscription): boolean => status === 'ended' || status === 'expired';

/** Subscriptions, with what staff may do with each. */
export function SubscriptionTable({
  list,
  empty,
  ofOne,
}: {
  list: Pick<Table, 'rows' | 'waiting' | 'error' | 'onRetry' | 'paging'>;
  empty: Table['empty'];
  /** On the page of a person, whose all of them are. */
  ofOne?: boolean;
}) {
  const t = useSubscriptionTexts();
  const words = useShopWords();
  const formats = useFormats();
  const confirm = useConfirm();
  const staff = useStaff();
  const { language } = useLanguage();
  const nameOfPerson = usePersonNames();
  const [extending, setExtending] = useState<PaymentsSubscription>();
  const end = async ({ id, planName, revision }: PaymentsSubscription) => {
    const reason = await confirm({
      ...{ title: t.endTitle(planName[language]), text: t.endText, action: t.end, look: 'danger' },
      reason: { label: t.reason, hint: t.reasonHint },
    });
    if (reason === undefined) return;
    await paymentsSubscriptionsEnd({
      path: { subscriptionId: id },
      headers: { 'If-Match': etagOf(revision) },
      body: { reason },
    })
      .then(() => notify({ text: t.ended }))
      .catch(tellProblem);
    await refresh('paymentsSubscriptions');
  };
  const changesOf = (one: PaymentsSubscription): MenuEntry[] => [
    ...(staff.can('subscriptions:extend', one.botId)
      ? [{ id: 'extend', label: t.extend, icon: <CalendarPlus />, onAction: () => setExtending(one) }]
      : []),
    ...(staff.can('subscriptions:end', one.botId)
      ? [
          {
            ...{ id: 'end', label: t.end, icon: <CircleStop />, look: 'danger' as const },
            onAction: () => void end(one),
          },
        ]
      : []),
  ];
  const waysFrom = ({ userId }: PaymentsSubscription): MenuEntry[] => [
    ...(staff.can('people:read')
      ? [{ id: 'person', label: t.person, icon: <UserRound />, href: `/console/people/${userId}` }]
      : []),
    ...(staff.can('orders:read')
      ? [{ id: 'orders', label: t.orders, icon: <ShoppingCart />, href: `/console/orders?person=${userId}` }]
      : []),
  ];
  const columns: Column<PaymentsSubscription>[] = [
    {
      ...{ id: 'plan', title: t.plan },
      cell: ({ planName, region }) => (
        <span className="two-lines">
          <span>{planName[language]}</span>
          {region && <small>{`${t.region}: ${region}`}</small>}
        </span>
      ),
    },
    {
      ...{ id: 'state', title: t.state, width: '140px', phone: 'state' },
      cell: ({ status }) => <SubscriptionStatus status={status} />,
    },
    ...(ofOne
      ? []
      : [
          {
            ...{ id: 'person', title: words.person, width: '170px' },
            cell: ({ userId }: PaymentsSubscription) => <PersonName userId={userId} name={nameOfPerson(userId)} />,
          },
          {
            ...{ id: 'bot', title: t.bot, width: '160px', phone: 'never' as const },
            cell: ({ botId }: PaymentsSubscription) => <BotName botId={botId} />,
          },
        ]),
    {
      ...{ id: 'until', title: t.until, width: '190px' },
      cell: ({ validUntil, servedUntil }) => (
        <span className="two-lines">
          <Moment at={validUntil} look="date" />
          {servedUntil.slice(0, 10) > validUntil.slice(0, 10) && <small>{t.served(formats.date(servedUntil))}</small>}
        </span>
      ),
    },
    {
      ...{ id: 'renews', title: t.renews, width: '170px' },
      cell: (one) =>
        isOver(one)
          ? null
          : one.autoRenew
            ? one.renewAt
              ? t.renewsAt(formats.day(one.renewAt))
              : t.byItself
            : t.byHand,
    },
    ...(ofOne
      ? []
      : [
          {
            ...{ id: 'since', title: t.since, width: '120px', phone: 'never' as const },
            cell: ({ startedAt }: PaymentsSubscription) => <Moment at={startedAt} look="date" />,
          },
        ]),
  ];
  return (
    <>
      <DataTable
        label={t.title}
        columns={columns}
        {...list}
        idOf={({ id }) => id}
        nameOf={({ planName, startedAt }) => `${planName[language]}, ${formats.date(startedAt)}`}
        actions={(one) => [
          { id: 'changes', entries: isOver(one) ? [] : changesOf(one) },
          { id: 'ways', entries: ofOne ? [] : waysFrom(one) },
        ]}
        empty={empty}
      />
      {extending && <ExtendDialog subscription={extending} onClose={() => setExtending(undefined)} />}
    </>
  );
}
