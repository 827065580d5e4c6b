import {
  type BotAdapterContact,
  botAdapterPersonDeliveriesListOptions,
  chatAiConversationsListOptions,
  type GatewayPersonDetails,
  type PaymentsBalanceCorrection,
  paymentsBalanceCorrectionsListOptions,
  type PaymentsOrder,
  paymentsOrdersListOptions,
  paymentsPayoutsListOptions,
  type PaymentsRefund,
  type PaymentsStaffPayout,
  paymentsRefundsListOptions,
  type PaymentsSubscription,
  paymentsSubscriptionsListOptions,
  type VpnProvisionerUsageAnomaly,
  vpnProvisionerUsageAnomaliesListOptions,
} from '@switchboard/api-client';
import { type Formats, type Language, useFormats, useLanguage, wordOf } from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import {
  Ban,
  CalendarCheck,
  CalendarX,
  CreditCard,
  Gauge,
  HandCoins,
  Handshake,
  MessageSquareX,
  MessagesSquare,
  Scale,
  ShieldCheck,
  ShoppingCart,
  Undo2,
  UserPlus,
} from 'lucide-react';
import type { ReactNode } from 'react';
import { useBotNames } from '../bots/bots.api';
import { useStaff } from '../session';
import { useShopWords } from '../shop/shop.texts';
import { usePeopleTexts } from './people.texts';

interface Happening {
  id: string;
  at: string;
  icon: ReactNode;
  tone?: 'good' | 'bad' | 'accent';
  title: string;
  about?: string;
  href?: string;
}

/** What the texts of a happening are written with. */
interface Words {
  readonly t: ReturnType<typeof usePeopleTexts>;
  readonly shop: ReturnType<typeof useShopWords>;
  readonly formats: Formats;
  readonly language: Language;
}

const SHOWN = 50;

/** What happened with a person, service by service, each for those who may see it; the latest first. */
export function usePersonHappenings(
  userId: string,
  contacts: readonly BotAdapterContact[],
  known: GatewayPersonDetails | undefined,
): { happenings: Happening[]; errors: unknown[]; isLoading: boolean } {
  const t = usePeopleTexts();
  const shop = useShopWords();
  const formats = useFormats();
  const { language } = useLanguage();
  const words = { t, shop, formats, language };
  const staff = useStaff();
  const nameOf = useBotNames();
  const conversations = useQuery({
    ...chatAiConversationsListOptions({ query: { userId, limit: SHOWN } }),
    enabled: staff.can('conversations:read'),
  });
  const failures = useQuery({
    ...botAdapterPersonDeliveriesListOptions({ path: { userId }, query: { state: 'failed', limit: SHOWN } }),
    enabled: staff.can('deliveries:read'),
  });
  const orders = useQuery({
    ...paymentsOrdersListOptions({ query: { userId, limit: SHOWN } }),
    enabled: staff.can('orders:read'),
  });
  const refunds = useQuery({
    ...paymentsRefundsListOptions({ query: { userId, limit: SHOWN } }),
    enabled: staff.can('refunds:read'),
  });
  const subscriptions = useQuery({
    ...paymentsSubscriptionsListOptions({ query: { userId, limit: SHOWN } }),
    enabled: staff.can('subscriptions:read'),
  });
  const corrections = useQuery({
    ...paymentsBalanceCorrectionsListOptions({ path: { userId }, query: { limit: SHOWN } }),
    enabled: staff.canWithAllBots('ledger:read'),
  });
  const payouts = useQuery({
    ...paymentsPayoutsListOptions({ query: { userId, limit: SHOWN } }),
    enabled: staff.can('payouts:read'),
  });
  const anomalies = useQuery({
    ...vpnProvisionerUsageAnomaliesListOptions({ query: { userId, limit: SHOWN } }),
    enabled: staff.can('servers:read'),
  });
  const happenings: Happening[] = [
    ...contacts.flatMap(({ contactId, botId, startedAt, blockedAt }): Happening[] => [
      {
        ...{ id: `${contactId} started`, at: startedAt, icon: <UserPlus />, tone: 'good' },
        title: t.timeline.started(nameOf(botId)),
      },
      ...(blockedAt
        ? [
            {
              ...{ id: `${contactId} blocked`, at: blockedAt, icon: <Ban />, tone: 'bad' as const },
              title: t.timeline.blocked(nameOf(botId)),
            },
          ]
        : []),
    ]),
    ...(known ? restrictionsAndConsents(known, t) : []),
    ...(conversations.data?.data ?? []).map(({ id, botId, activeAt, messages, costMicros }): Happening => ({
      ...{ id, at: activeAt, icon: <MessagesSquare />, tone: 'accent' },
      title: t.timeline.talked(nameOf(botId)),
      about: `${t.timeline.messages(messages)} · ${formats.cost(costMicros)}`,
      href: `/console/conversations/${id}`,
    })),
    ...(failures.data?.data ?? []).map(({ id, botId, queuedAt, finishedAt, reason }): Happening => ({
      ...{ id, at: finishedAt ?? queuedAt, icon: <MessageSquareX />, tone: 'bad' },
      title: t.timeline.undelivered(nameOf(botId)),
      about: reason ?? undefined,
    })),
    ...(orders.data?.data ?? []).map((order) => ofOrder(order, words)),
    ...(refunds.data?.data ?? []).map((refund) => ofRefund(refund, words)),
    ...(subscriptions.data?.data ?? []).flatMap((subscription) => ofSubscription(subscription, words)),
    ...(corrections.data?.data ?? []).map((correction) => ofCorrection(correction, words)),
    ...(payouts.data?.data ?? []).map((payout) => ofPayout(payout, words)),
    ...(anomalies.data?.data ?? []).map((anomaly) => ofAnomaly(anomaly, words)),
  ].sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
  const asked = [conversations, failures, orders, refunds, subscriptions, corrections, payouts, anomalies];
  return {
    happenings,
    errors: asked.flatMap(({ error }) => error ?? []),
    isLoading: asked.some(({ isLoading }) => isLoading),
  };
}

function ofOrder(order: PaymentsOrder, { t, shop, formats, language }: Words): Happening {
  const { id, title, totalMinor, currency, provider, createdAt, paidAt } = order;
  const what = title[language];
  const amount = formats.money({ amountMinor: totalMinor, currency });
  return {
    ...{ id: `order ${id}`, at: paidAt ?? createdAt, href: `/console/orders/${id}` },
    ...(paidAt
      ? { icon: <CreditCard />, tone: 'good' as const, title: t.timeline.paid(what) }
      : { icon: <ShoppingCart />, title: t.timeline.ordered(what) }),
    about: [amount, paidAt ? provider && wordOf(shop.providers, provider) : wordOf(shop.orderStates, order.state)]
      .filter(Boolean)
      .join(' · '),
  };
}

const ofRefund = (refund: PaymentsRefund, { t, shop, formats }: Words): Happening => ({
  ...{ id: `refund ${refund.id}`, at: refund.doneAt ?? refund.createdAt, href: `/console/orders/${refund.orderId}` },
  ...{ icon: <Undo2 />, tone: refund.state === 'failed' ? 'bad' : undefined },
  title: t.timeline.refunded(formats.money(refund)),
  about: `${wordOf(shop.causes, refund.cause)} · ${wordOf(shop.refundStates, refund.state)}`,
});

function ofSubscription(
  { id, planName, status, startedAt, validUntil }: PaymentsSubscription,
  { t, shop, language }: Words,
): Happening[] {
  const plan = planName[language];
  const isOver = status === 'ended' || status === 'expired';
  return [
    { id: `${id} began`, at: startedAt, icon: <CalendarCheck />, tone: 'good', title: t.timeline.subscribed(plan) },
    ...(isOver
      ? [
          {
            ...{ id: `${id} over`, at: validUntil, icon: <CalendarX /> },
            ...{ title: t.timeline.subscriptionOver(plan), about: shop.statuses[status] },
          },
        ]
      : []),
  ];
}

const ofCorrection = (
  { id, at, changeMinor, currency, reason }: PaymentsBalanceCorrection,
  { t, formats }: Words,
): Happening => {
  const amount = formats.money({ amountMinor: Math.abs(changeMinor), currency });
  return {
    ...{ id, at, icon: <Scale />, about: reason ?? undefined },
    title: changeMinor > 0 ? t.timeline.given(amount) : t.timeline.taken(amount),
  };
};

const ofPayout = (payout: PaymentsStaffPayout, { t, formats }: Words): Happening => ({
  ...{ id: payout.id, at: payout.decidedAt ?? payout.askedAt, icon: <HandCoins /> },
  title: t.timeline.payout(formats.money(payout)),
  about: t.timeline.payoutStates[payout.state],
});

const ofAnomaly = ({ id, kind, detectedAt }: VpnProvisionerUsageAnomaly, { t, shop }: Words): Happening => ({
  ...{ id, at: detectedAt, icon: <Gauge />, tone: 'bad' },
  ...{ title: t.timeline.unusual, about: wordOf(shop.unusualUses, kind) },
});

function restrictionsAndConsents(
  { restrictions, consents }: GatewayPersonDetails,
  t: ReturnType<typeof usePeopleTexts>,
): Happening[] {
  return [
    ...restrictions.flatMap(({ restrictionId, since, reason, liftedAt, liftedBecause }): Happening[] => [
      {
        ...{ id: `${restrictionId} imposed`, at: since, icon: <Ban />, tone: 'bad' },
        ...{ title: t.timeline.restricted, about: reason ?? undefined },
      },
      ...(liftedAt
        ? [
            {
              ...{ id: `${restrictionId} lifted`, at: liftedAt, icon: <ShieldCheck />, tone: 'good' as const },
              ...{ title: t.timeline.lifted, about: liftedBecause ?? undefined },
            },
          ]
        : []),
    ]),
    ...consents.flatMap(({ consentId, purpose, givenAt, withdrawnAt }): Happening[] => {
      const named = wordOf(t.known.purposes, purpose);
      return [
        { id: `${consentId} given`, at: givenAt, icon: <Handshake />, title: t.timeline.agreed(named) },
        ...(withdrawnAt
          ? [{ id: `${consentId} withdrawn`, at: withdrawnAt, icon: <Handshake />, title: t.timeline.withdrew(named) }]
          : []),
      ];
    }),
  ];
}
