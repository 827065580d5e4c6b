import { ChangeMySubscription, ListMyAccesses } from '@switchboard/contracts';
import type { AnswerOf } from '@switchboard/service-kit';
import { z } from 'zod';
import { type Asking, type Drawn, lines, page, PageRefused, paragraphs, type Reader, rows, to } from './page';
import { isServed, readShop, type Shop, statusLine, type Subscription, unlessAway } from './shop';

type Access = AnswerOf<typeof ListMyAccesses>['data'][number];

const ofSubscription = z.object({ subscriptionId: z.uuid() });

export interface SubscriptionData {
  readonly shop: Shop;
  readonly subscription: Subscription;
  /** Undefined while it cannot be asked for; null where there is none yet. */
  readonly access: Access | null | undefined;
  /** What has just been done, by the key of its text. */
  readonly note?: string;
}

export async function loadSubscription(
  asking: Asking,
  { subscriptionId }: { subscriptionId: string },
): Promise<SubscriptionData> {
  const { botId, call } = asking;
  const [shop, accesses] = await Promise.all([
    readShop(asking),
    unlessAway(call(ListMyAccesses, { query: { botId, subscriptionId } })),
  ]);
  const subscription = shop.subscriptions.find(({ id }) => id === subscriptionId);
  if (!subscription) throw new PageRefused('payments.subscription_not_found');
  return { shop, subscription, access: accesses && (accesses.data[0] ?? null) };
}

function accessLines({ traffic, devices, servers, state }: Access, reader: Reader): string[] {
  const { say } = reader;
  const { usedBytes, limitBytes, resetsAt } = traffic;
  const used = reader.gigabytes(usedBytes);
  const names = new Map(servers.map(({ region, name }) => [region, name]));
  return [
    say([`access.${state}`, 'access.other']),
    limitBytes === null
      ? say('traffic.unlimited', { used })
      : say('traffic.limited', { used, limit: reader.gigabytes(limitBytes) }),
    ...(resetsAt && limitBytes !== null ? [say('traffic.resets', { day: reader.day(resetsAt) })] : []),
    devices.limit === null
      ? say('devices.unlimited', { used: devices.used })
      : say('devices.limited', { used: devices.used, limit: devices.limit }),
    ...(names.size > 0 ? [say('servers', { names: [...names.values()].join(', ') })] : []),
  ];
}

function renewalLine({ autoRenew, renewsWith, nextCharge }: Subscription, reader: Reader): string {
  if (!autoRenew) return reader.say('renewal.off');
  if (!nextCharge) return reader.say('renewal.on');
  const values = { day: reader.day(nextCharge.at), amount: reader.money(nextCharge) };
  return renewsWith === null
    ? reader.say('renewal.next', values)
    : reader.say('renewal.nextWith', { ...values, with: renewsWith });
}

export function drawSubscription({ shop, subscription, access, note }: SubscriptionData, reader: Reader): Drawn {
  const { say } = reader;
  const { id: subscriptionId, status, autoRenew, revision, pausable } = subscription;
  const about = { subscriptionId };
  const served = isServed(subscription);
  const isOver = status === 'expired' || status === 'ended';
  const plan = shop.plans.find(({ id }) => id === subscription.planId);
  const text = paragraphs(
    note && say(note),
    lines(
      say('subscription.title', { plan: reader.name(subscription.planName) }),
      statusLine(subscription, reader),
      !isOver && status !== 'trial' && renewalLine(subscription, reader),
    ),
    served &&
      (access ? lines(...accessLines(access, reader)) : say(access === null ? 'access.preparing' : 'access.unknown')),
  );
  const ofAccess = access && { ...about, accessId: access.id };
  const renew = plan && status !== 'trial' && { kind: 'plan', planId: plan.id, subscriptionId };
  return {
    text,
    buttons: rows(
      [served && to(say('subscription.connect'), 'connect', about)],
      [
        renew && to(say('subscription.renew'), 'checkout', { wanted: renew }),
        !isOver &&
          plan?.recurring === true &&
          status !== 'trial' &&
          to(say(autoRenew ? 'subscription.renewOff' : 'subscription.renewOn'), 'auto-renew', {
            ...about,
            revision,
            on: !autoRenew,
          }),
      ],
      [
        shop.plans.length > 0 &&
          to(
            say(isOver || status === 'trial' ? 'home.buy' : 'subscription.change'),
            'plans',
            isOver || status === 'trial' ? {} : about,
          ),
        served && shop.packages.length > 0 && to(say('subscription.packages'), 'packages', about),
      ],
      [
        served && ofAccess && to(say('subscription.country'), 'regions', ofAccess),
        served && ofAccess && to(say('subscription.devices'), 'devices', ofAccess),
      ],
      [
        served && ofAccess && to(say('subscription.newLink'), 'rotate', ofAccess),
        status === 'paused'
          ? to(say('subscription.resume'), 'pause', { ...about, revision, on: false })
          : pausable && to(say('subscription.pause'), 'pause', { ...about, revision, on: true }),
      ],
      [to(say('refresh'), 'subscription', about), to(say('back'), 'home')],
    ),
  };
}

/** Somebody has changed it since the button was shown: what it is now is shown in place of it. */
async function change(
  asking: Asking,
  { subscriptionId, revision }: { subscriptionId: string; revision: number },
  body: { autoRenew?: boolean; paused?: boolean },
  note: string,
): Promise<SubscriptionData> {
  const asked = { params: { subscriptionId }, body, ifMatch: `"${revision}"` };
  const outcome = await asking.call(ChangeMySubscription, asked).then(
    () => note,
    (error: { status?: number }) => {
      if (error.status === 412) return 'changedMeanwhile';
      throw error;
    },
  );
  return { ...(await loadSubscription(asking, { subscriptionId })), note: outcome };
}

const switching = ofSubscription.extend({ revision: z.int(), on: z.boolean() });

export const subscriptionPages = {
  subscription: page(ofSubscription, loadSubscription, drawSubscription),

  subscriptions: page(z.object({}), readShop, ({ subscriptions }, reader) => ({
    text: subscriptions.length > 0 ? reader.say('subscriptions.title') : reader.say('subscriptions.none'),
    buttons: rows(
      ...subscriptions.map((one) => [
        to(`${reader.name(one.planName)} · ${statusLine(one, reader)}`, 'subscription', { subscriptionId: one.id }),
      ]),
      [to(reader.say('back'), 'home')],
    ),
  })),

  'auto-renew': page(
    switching,
    (asking, { on, ...of }) => change(asking, of, { autoRenew: on }, on ? 'renewal.switchedOn' : 'renewal.switchedOff'),
    drawSubscription,
  ),

  pause: page(
    switching,
    (asking, { on, ...of }) => change(asking, of, { paused: on }, on ? 'subscription.paused' : 'subscription.resumed'),
    drawSubscription,
  ),

  packages: page(
    ofSubscription,
    async (asking, { subscriptionId }) => ({ ...(await readShop(asking)), subscriptionId }),
    ({ packages, subscriptionId }, reader) => ({
      text: reader.say(packages.length > 0 ? 'packages.title' : 'packages.none'),
      buttons: rows(
        ...packages.map(({ id: packageId, name, prices }) => {
          const wanted = { kind: 'package', packageId, subscriptionId, quantity: 1 };
          const price = prices.map((one) => reader.money(one)).join(' / ');
          return [to(`${reader.name(name)} · ${price}`, 'checkout', { wanted })];
        }),
        [to(reader.say('back'), 'subscription', { subscriptionId })],
      ),
    }),
  ),
};
