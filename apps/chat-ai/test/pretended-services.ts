import {
  ChangeMySubscription,
  ListMyAccesses,
  ListMyDevices,
  ListMyOrders,
  ListMySubscriptions,
  ListRegions,
  ReadEntitlements,
  ReadMyBalance,
} from '@switchboard/contracts';
import type { AnswerOf } from '@switchboard/service-kit';
import { PretendedService, Refusal } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';

type Subscription = AnswerOf<typeof ListMySubscriptions>['data'][number];
type Order = AnswerOf<typeof ListMyOrders>['data'][number];
type Access = AnswerOf<typeof ListMyAccesses>['data'][number];

const both = (text: string) => ({ en: text, ru: text });

export function aSubscription(more: Partial<Subscription> = {}): Subscription {
  return {
    ...{
      id: uuidv7(),
      botId: 'vpn',
      revision: 7,
      planId: uuidv7(),
      planName: { en: 'Plus', ru: 'Плюс' },
      level: 'plus',
    },
    status: 'active',
    startedAt: new Date('2026-11-03T12:00:00Z'),
    periodStart: new Date('2026-11-03T12:00:00Z'),
    validUntil: new Date('2026-12-03T12:00:00Z'),
    servedUntil: new Date('2026-12-06T12:00:00Z'),
    features: { 'vpn.devices': 3 },
    region: null,
    autoRenew: true,
    renewsWith: 'MIR ·· 4477',
    nextCharge: { at: new Date('2026-12-03T12:00:00Z'), amountMinor: 29900, currency: 'RUB' },
    pausable: true,
    ...more,
  };
}

export const anOrder = (title: string, more: Partial<Order> = {}): Order => ({
  ...{ id: uuidv7(), botId: 'vpn', kind: 'plan', title: both(title), state: 'fulfilled' },
  quote: {
    ...{ listMinor: 29900, discountMinor: 0, creditMinor: 0, fromBalanceMinor: 0, dueMinor: 29900, currency: 'RUB' },
    ...{ extraDays: 0, validUntil: null },
  },
  ...{ promoCode: null, next: null, provider: 'yookassa', failure: null, subscriptionId: null },
  giftLink: 'https://gift.example/secret-gift',
  ...{ receiptUrl: null, createdAt: new Date('2026-11-03T11:59:00Z'), paidAt: new Date('2026-11-03T12:00:00Z') },
  ...{ totalMinor: 29900, refundedMinor: 0 },
  ...more,
});

export const anAccess = (serverName: string, more: Partial<Access> = {}): Access => ({
  ...{ id: uuidv7(), subscriptionId: uuidv7(), botId: 'vpn', state: 'ready' },
  link: 'https://sub.example/s/secret-link',
  servers: [{ serverId: uuidv7(), name: serverName, region: 'nl', latencyMs: 41, load: 92, best: true }],
  traffic: { usedBytes: 91.5 * 1024 ** 3, limitBytes: 100 * 1024 ** 3, resetsAt: null, asOf: null },
  devices: { used: 1, limit: 3 },
  ...more,
});

/** What is kept of somebody. */
export interface Own {
  subscriptions?: Subscription[];
  orders?: Order[];
  accesses?: Access[];
  features?: AnswerOf<typeof ReadEntitlements>['features'];
  modelUse?: AnswerOf<typeof ReadEntitlements>['modelUse'];
}

/** payments and vpn-provisioner as far as they are asked: everybody is told what is their own, by who asks. */
export async function startServices() {
  const own = new Map<string, Own>();
  const of = ({ actor }: { actor: { kind: string; id: string } }): Own =>
    (actor.kind === 'person' ? own.get(actor.id) : undefined) ?? {};
  const page = { next: null, prev: null };
  const payments = (await PretendedService.start('payments'))
    .on(ListMySubscriptions, (asked) => ({ data: of(asked).subscriptions ?? [] }))
    .on(ListMyOrders, (asked) => ({ data: of(asked).orders ?? [], page }))
    .on(ReadMyBalance, () => ({ data: [], page, balances: [{ currency: 'RUB', amountMinor: 15000 }] }))
    .on(ReadEntitlements, ({ params }) => {
      const { features, modelUse } = own.get(params.userId) ?? {};
      const level = features ? 'plus' : null;
      return { level, features: features ?? {}, until: null, revision: 1, ...(modelUse && { modelUse }) };
    })
    .on(ChangeMySubscription, (asked) => {
      const { subscriptions = [] } = of(asked);
      const i = subscriptions.findIndex(({ id }) => id === asked.params.subscriptionId);
      if (i < 0) throw new Refusal(404, 'payments.subscription_not_found');
      subscriptions[i] = { ...subscriptions[i]!, autoRenew: asked.body.autoRenew ?? true, nextCharge: null };
      return subscriptions[i];
    });
  const vpn = (await PretendedService.start('vpn-provisioner'))
    .on(ListMyAccesses, (asked) => ({ data: of(asked).accesses ?? [] }))
    .on(ListRegions, () => ({
      data: [{ id: 'nl', name: both('Netherlands'), available: true, load: 92 }],
      maintenance: false,
    }))
    .on(ListMyDevices, () => ({
      data: [{ deviceId: uuidv7(), name: 'Pixel', firstSeenAt: new Date(), seenAt: new Date('2026-11-20T10:00:00Z') }],
      limit: 3,
      resetsLeft: 1,
    }));
  return {
    payments,
    vpn,
    directory: new Map([
      ['payments', payments.url],
      ['vpn-provisioner', vpn.url],
    ]),
    owns: (userId: string, what: Own) => void own.set(userId, what),
    /** Of routes that change something. */
    changes: () => payments.askedFor(ChangeMySubscription),
    stop: () => [payments, vpn].forEach((service) => service.stop()),
  };
}
