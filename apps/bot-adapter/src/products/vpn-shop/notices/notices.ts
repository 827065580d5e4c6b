import { AmountMinor, Currency, Instant } from '@switchboard/contracts';
import { z } from 'zod';
import { type Drawn, lines, paragraphs, type Reader, rows, to } from '../pages/page';

/** What people may do without. */
export const SWITCHABLE = [
  'granted',
  'expiring',
  'renewals',
  'traffic',
  'moves',
  'refunds',
  'gifts',
  'rewards',
] as const;
export type Switchable = (typeof SWITCHABLE)[number];

export interface Notice {
  readonly data: z.ZodType;
  /** By which it is switched off; absent: by nothing. */
  readonly group?: Switchable;
  /** Said at night as well. */
  readonly urgent?: boolean;
  /** What was to be said in the morning is past by then, and is not said. */
  isPast?(data: never, now: Date): boolean;
  /** A pure function, as pages have them. */
  draw(data: never, reader: Reader): Drawn;
}

const notice = <Data extends z.ZodType>(
  data: Data,
  how: Pick<Notice, 'group' | 'urgent'> & { isPast?(data: z.output<Data>, now: Date): boolean },
  draw: (data: z.output<Data>, reader: Reader) => Drawn,
): Notice & { readonly data: Data } => ({ data, ...how, draw });

const urgent = { urgent: true } as const;
const money = { amountMinor: AmountMinor, currency: Currency };
const ofSubscription = z.object({ subscriptionId: z.uuid() });
const mine = ({ subscriptionId }: { subscriptionId: string }, { say }: Reader) =>
  to(say('home.mine'), 'subscription', { subscriptionId });

/** Of the same plan, for another period. */
const renew = ({ planId, subscriptionId }: { planId: string; subscriptionId: string }, { say }: Reader) =>
  to(say('subscription.renew'), 'checkout', { wanted: { kind: 'plan', planId, subscriptionId } });

/** Everything that people are told unasked, by its name. */
export const NOTICES = {
  paid: notice(z.object({ ...money, kind: z.string(), orderId: z.uuid() }), urgent, (data, reader) => {
    const { say } = reader;
    const { kind, orderId } = data;
    const shown =
      kind === 'top-up'
        ? to(say('home.balance'), 'balance')
        : kind === 'gift'
          ? to(say('notices.paid.toGift'), 'order', { orderId })
          : to(say('home.mine'), 'subscriptions');
    return {
      text: say([`notices.paid.${kind}`, 'notices.paid.other'], { amount: reader.money(data) }),
      buttons: [[shown]],
    };
  }),

  /** What is paid takes longer than people wait for. */
  delayed: notice(ofSubscription, { ...urgent, group: 'granted' }, (data, reader) => ({
    text: reader.say('notices.delayed'),
    buttons: [[mine(data, reader)]],
  })),

  expiring: notice(
    ofSubscription.extend({ planId: z.uuid(), validUntil: Instant, trial: z.boolean() }),
    { group: 'expiring', isPast: ({ validUntil }, now) => validUntil <= now },
    (data, reader) => {
      const { say } = reader;
      const { validUntil, trial } = data;
      const values = { day: reader.day(validUntil), count: reader.daysUntil(validUntil) };
      return {
        text: say(trial ? 'notices.expiring.trial' : 'notices.expiring.paid', values),
        buttons: rows([trial ? to(say('home.buy'), 'plans') : renew(data, reader)], [mine(data, reader)]),
      };
    },
  ),

  expired: notice(ofSubscription.extend({ planId: z.uuid() }), { group: 'expiring' }, (data, reader) => ({
    text: reader.say('notices.expired'),
    buttons: rows([renew(data, reader), to(reader.say('home.buy'), 'plans')]),
  })),

  'renewal-failed': notice(
    ofSubscription.extend({
      ...money,
      reason: z.string(),
      nextAttemptAt: Instant.optional(),
      servedUntil: Instant,
    }),
    urgent,
    (data, reader) => {
      const { say } = reader;
      const { reason, nextAttemptAt, servedUntil } = data;
      return {
        text: paragraphs(
          say('notices.renewalFailed', { amount: reader.money(data) }),
          lines(
            say([`notices.reasons.${reason}`, 'notices.reasons.other']),
            nextAttemptAt && say('notices.nextAttempt', { day: reader.day(nextAttemptAt) }),
            say('notices.servedUntil', { day: reader.day(servedUntil) }),
          ),
        ),
        buttons: rows([mine(data, reader), to(say('balance.topUp'), 'top-up')]),
      };
    },
  ),

  'renewal-upcoming': notice(
    ofSubscription.extend({ ...money, chargeAt: Instant }),
    { group: 'renewals', isPast: ({ chargeAt }, now) => chargeAt <= now },
    (data, reader) => ({
      text: reader.say('notices.renewalUpcoming', { amount: reader.money(data), day: reader.day(data.chargeAt) }),
      buttons: [[mine(data, reader)]],
    }),
  ),

  moved: notice(
    ofSubscription.extend({ region: z.string(), reason: z.string() }),
    { group: 'moves' },
    (data, reader) => ({
      text: reader.say([`notices.moved.${data.reason}`, 'notices.moved.other'], { region: reader.region(data.region) }),
      buttons: [[mine(data, reader)]],
    }),
  ),

  traffic: notice(ofSubscription.extend({ percent: z.int() }), { group: 'traffic' }, (data, reader) => ({
    text: reader.say(data.percent >= 100 ? 'notices.traffic.all' : 'notices.traffic.most', { percent: data.percent }),
    buttons: rows(
      [to(reader.say('subscription.packages'), 'packages', { subscriptionId: data.subscriptionId })],
      [mine(data, reader)],
    ),
  })),

  'device-refused': notice(
    ofSubscription.extend({ accessId: z.uuid(), limit: z.int() }),
    { group: 'traffic' },
    (data, reader) => {
      const { subscriptionId, accessId, limit } = data;
      return {
        text: reader.say('notices.deviceRefused', { limit }),
        buttons: rows(
          [to(reader.say('subscription.devices'), 'devices', { subscriptionId, accessId })],
          [to(reader.say('subscription.packages'), 'packages', { subscriptionId })],
        ),
      };
    },
  ),

  refunded: notice(z.object({ ...money, toBalance: z.boolean() }), { group: 'refunds' }, (data, reader) => ({
    text: reader.say(data.toBalance ? 'notices.refunded.toBalance' : 'notices.refunded.back', {
      amount: reader.money(data),
    }),
    buttons: [
      [to(reader.say('home.orders'), 'orders'), ...(data.toBalance ? [to(reader.say('home.balance'), 'balance')] : [])],
    ],
  })),

  'gift-opened': notice(z.object({}), { group: 'gifts' }, (_, { say }) => ({
    text: say('notices.giftOpened'),
    buttons: [[to(say('home.gifts'), 'gifts')]],
  })),

  'gift-returned': notice(z.object({ credited: z.boolean() }), { group: 'gifts' }, ({ credited }, { say }) => ({
    text: say(credited ? 'notices.giftCredited' : 'notices.giftReturned'),
    buttons: [[credited ? to(say('home.balance'), 'balance') : to(say('home.gifts'), 'gifts')]],
  })),

  reward: notice(z.object(money), { group: 'rewards' }, (data, reader) => ({
    text: reader.say('notices.reward', { amount: reader.money(data) }),
    buttons: [[to(reader.say('home.referrals'), 'referrals')]],
  })),

  payout: notice(z.object({ ...money, paid: z.boolean() }), { group: 'rewards' }, (data, reader) => ({
    text: reader.say(data.paid ? 'notices.payoutPaid' : 'notices.payoutRefused', { amount: reader.money(data) }),
    buttons: [[to(reader.say('home.referrals'), 'referrals')]],
  })),

  /** Of the channel that the bot asks for. */
  left: notice(z.object({ url: z.url(), restsAt: Instant }), {}, ({ url, restsAt }, reader) => ({
    text: reader.say('notices.left', { day: reader.day(restsAt), time: reader.time(restsAt) }),
    buttons: rows([{ label: reader.say('join.open'), url }], [to(reader.say('join.done'), 'home')]),
  })),
} as const satisfies Readonly<Record<string, Notice>>;
export type NoticeName = keyof typeof NOTICES;
export type NoticeData<Name extends NoticeName> = z.input<(typeof NOTICES)[Name]['data']>;

export const isNotice = (name: string): name is NoticeName => Object.hasOwn(NOTICES, name);
