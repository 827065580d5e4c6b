import {
  AccessDelayed,
  AccessGranted,
  AccessMoved,
  DeviceRefused,
  type EventDraft,
  GiftOpened,
  GiftReturned,
  InvoiceFailed,
  OrderClosed,
  OrderPaid,
  OrderRefunded,
  PayoutDecided,
  ReferralRewarded,
  RenewalFailed,
  RenewalUpcoming,
  SetMyNewsSettings,
  SubscriptionChanged,
  SubscriptionExpired,
  SubscriptionExpiring,
  SubscriptionRenewed,
  TrafficUsed,
} from '@switchboard/contracts';
import { type TestApp, until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { PretendedShop } from '../../../../test/pretended-shop';
import { arriveAt, changed, labels, press, urlOf, userOf } from '../../../../test/shop-phone';
import { BOTS, startBotAdapter } from '../../../../test/start-bot-adapter';
import { NORTHWIND, type Phone, type PretendedTelegram, startTelegram } from '../../../../test/start-sandbox';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const at = (fromNowMs: number) => new Date(Date.now() + fromNowMs).toISOString();
const timeOfDay = (fromNowMs: number) => at(fromNowMs).slice(11, 16);

/** Whatever the time is: it is day in one of the bots, and night in the other one. */
const ASLEEP = { from: timeOfDay(-HOUR_MS), to: timeOfDay(HOUR_MS) };
const AWAKE = { from: timeOfDay(10 * HOUR_MS), to: timeOfDay(11 * HOUR_MS) };
const shopOf = (bot: object | undefined, quiet: object) => ({
  ...{ ...bot, products: ['vpn-shop'], timeZone: 'UTC' },
  shop: { quiet },
});
const BY_DAY = shopOf(BOTS['lumen'], AWAKE);
const AT_NIGHT = shopOf(BOTS['northwind'], ASLEEP);

describe('notices of the shop', () => {
  let telegram: PretendedTelegram;
  let shop: PretendedShop;
  let app: TestApp;

  beforeAll(async () => {
    telegram = await startTelegram();
    shop = await PretendedShop.start();
    app = await startBotAdapter(telegram, { directory: shop.directory, bots: { lumen: BY_DAY, northwind: AT_NIGHT } });
  });
  afterAll(async () => {
    await app.stop();
    await telegram.close();
    shop.stop();
  });

  const said = (phone: Phone, words: RegExp) => phone.answer(({ text }) => words.test(text ?? ''));
  const timesSaid = async (phone: Phone, words: RegExp) =>
    (await phone.answers()).filter(({ text }) => words.test(text ?? '')).length;

  const money = { amountMinor: 19900, currency: 'RUB' };
  const ofOrder = (userId: string, botId: string) => ({ orderId: uuidv7(), userId, botId, kind: 'plan', ...money });
  const paid = (
    userId: string,
    { botId = 'lumen', ...more }: { botId?: string; orderId?: string; kind?: string } = {},
  ) =>
    OrderPaid({
      ...{ ...ofOrder(userId, botId), provider: 'yookassa', discountMinor: 0, fromBalanceMinor: 0, late: false },
      ...{ paidAt: at(0), ...more },
    });
  const subscription = (userId: string, botId = 'lumen', endsInMs = 3 * DAY_MS - HOUR_MS) => ({
    ...{ subscriptionId: uuidv7(), revision: 1, userId, botId, planId: shop.month.id, level: 'plus' },
    ...{ status: 'active' as const, startedAt: at(-DAY_MS), periodStart: at(-DAY_MS), validUntil: at(endsInMs) },
    ...{ servedUntil: at(endsInMs), features: {}, autoRenew: false },
  });
  const access = (userId: string, botId = 'lumen') => ({
    ...{ accessId: uuidv7(), subscriptionId: uuidv7(), userId, botId, revision: 1 },
  });
  const server = (region: string) => ({ serverId: uuidv7(), region });

  /** Of everything that can be told: what is said, and in the words of both languages. */
  const TOLD: readonly (readonly [string, (userId: string) => EventDraft, RegExp, RegExp])[] = [
    ['paid', (userId) => paid(userId), /^✅ Paid: ₽199\. Your access/, /^✅ Оплачено: 199\s₽\. Доступ/],
    [
      'a top-up',
      (userId) => paid(userId, { kind: 'top-up' }),
      /balance was topped up by ₽199/,
      /[Бб]аланс пополнен на 199\s₽/,
    ],
    [
      'delayed',
      (userId) => AccessDelayed({ ...access(userId), reason: 'no_capacity' }),
      /^⏳ Your access takes longer/,
      /^⏳ .*[а-я]/,
    ],
    [
      'three days are left',
      (userId) => SubscriptionExpiring({ ...subscription(userId), daysLeft: 3 }),
      /plan ends on .*: 3 days left/,
      /3 дня/,
    ],
    [
      'one day is left',
      (userId) => SubscriptionExpiring({ ...subscription(userId, 'lumen', DAY_MS - HOUR_MS), daysLeft: 1 }),
      /plan ends on .*: 1 day left/,
      /1 день/,
    ],
    [
      'a trial ends',
      (userId) => SubscriptionExpiring({ ...subscription(userId), status: 'trial', daysLeft: 3 }),
      /free trial ends on .*: 3 days left/,
      /[Пп]робный|[Бб]есплатный/,
    ],
    ['over', (userId) => SubscriptionExpired(subscription(userId)), /^⛔️ Your plan has ended/, /^⛔️ .*[а-я]/],
    [
      'a failed charge',
      (userId) =>
        RenewalFailed({
          ...{ subscriptionId: uuidv7(), userId, botId: 'lumen', ...money, reason: 'insufficient_funds', attempt: 1 },
          ...{ nextAttemptAt: at(DAY_MS), servedUntil: at(2 * DAY_MS) },
        }),
      /^❌ ₽199 .* could not be charged.*not enough money.*once more on.*works until/s,
      /^❌ .*199\s₽/s,
    ],
    [
      'a charge to come',
      (userId) => RenewalUpcoming({ subscriptionId: uuidv7(), userId, botId: 'lumen', ...money, chargeAt: at(DAY_MS) }),
      /^🔁 ₽199 for your subscription is charged on/,
      /^🔁 .*199\s₽/,
    ],
    [
      'another server',
      (userId) => AccessMoved({ ...access(userId), from: server('de'), to: server('nl'), reason: 'server_down' }),
      /^🔀 Your server did not answer.*Netherlands/,
      /^🔀 .*Нидерланды/,
    ],
    [
      'most of the traffic',
      (userId) => TrafficUsed({ ...access(userId), percent: 80 }),
      /^📊 You have used 80 %/,
      /^📊 .*80 %/,
    ],
    [
      'a device too many',
      (userId) => DeviceRefused({ ...access(userId), devices: 4, limit: 3 }),
      /^📱 One more device.*: 3/,
      /^📱 .*3/,
    ],
    [
      'money that went back',
      (userId) =>
        OrderRefunded({
          ...{ orderId: uuidv7(), refundId: uuidv7(), userId, botId: 'lumen', ...money, full: true },
          ...{ toBalance: true, cause: 'asked' },
        }),
      /^↩️ ₽199 went back to your balance/,
      /^↩️ .*199\s₽/,
    ],
    [
      'an opened gift',
      (userId) => GiftOpened({ giftId: uuidv7(), giverUserId: userId, userId: uuidv7(), botId: 'lumen' }),
      /^🎀 Your gift was opened/,
      /^🎀 .*[а-я]/,
    ],
    [
      'a gift that nobody opened',
      (userId) => GiftReturned({ giftId: uuidv7(), userId, botId: 'lumen', credited: false }),
      /^🎀 Nobody has opened your gift/,
      /^🎀 .*[а-я]/,
    ],
    [
      'a reward',
      (userId) =>
        ReferralRewarded({
          ...{
            rewardId: uuidv7(),
            userId,
            botId: 'lumen',
            level: 1,
            fromUserId: uuidv7(),
            orderId: uuidv7(),
            ...money,
          },
        }),
      /^🤝 ₽199 for a friend/,
      /^🤝 .*199\s₽/,
    ],
    [
      'a payout',
      (userId) => PayoutDecided({ payoutId: uuidv7(), userId, botId: 'lumen', ...money, paid: true }),
      /^💸 ₽199 was paid out/,
      /^💸 .*199\s₽/,
    ],
    [
      'a payout of which the version before said no bot',
      (userId) => PayoutDecided({ payoutId: uuidv7(), userId, ...money, paid: true }),
      /^💸 ₽199 was paid out/,
      /^💸 .*199\s₽/,
    ],
  ];

  it.each(TOLD)('tell of: %s, in the language of the person', async (_, draftOf, english, russian) => {
    const [emma, anna] = [await arriveAt({ telegram, app }), await arriveAt({ telegram, app }, 'ru', 'Анна')];
    await app.probe.say(draftOf(emma.userId));
    await app.probe.say(draftOf(anna.userId));
    const notice = await said(emma.phone, english);
    expect(labels(notice).length).toBeGreaterThan(0);
    expect((await said(anna.phone, russian)).text).toMatch(/[а-я]/);
  });

  it('are told once, however often they are said', async () => {
    const { phone, userId } = await arriveAt({ telegram, app });
    const [order, ends] = [paid(userId), SubscriptionExpiring({ ...subscription(userId), daysLeft: 3 })];
    for (const draft of [order, ends, order, ends]) await app.probe.say(draft);
    await app.probe.say(SubscriptionExpiring({ ...ends.data, daysLeft: 1 }));
    await until(async () => (await timesSaid(phone, /plan ends on/)) === 2, { what: 'both days' });
    expect(await timesSaid(phone, /^✅ Paid/)).toBe(1);
  });

  it('give the link as soon as there is one, once', async () => {
    const { phone, userId } = await arriveAt({ telegram, app });
    const { id: subscriptionId } = shop.give(userId);
    const [{ id: accessId, link }] = [...shop.accesses.values()].slice(-1) as unknown as [{ id: string; link: string }];
    const about = { accessId, subscriptionId, userId, botId: 'lumen', revision: 1, servers: [server('de')] };
    const granted = AccessGranted({ ...about, first: true, grantedAt: at(0) });
    await app.probe.say(granted);
    await app.probe.say(AccessGranted({ ...granted.data, revision: 2 }));
    await app.probe.say(AccessGranted({ ...granted.data, revision: 3, first: false }));
    const message = await said(phone, /^✅ Your access is ready!/);
    expect(urlOf(message, /Open the link/)).toBe(link);
    await app.probe.say(paid(userId));
    await said(phone, /^✅ Paid/);
    expect(await timesSaid(phone, /Your access is ready/)).toBe(1);
  });

  it('change the message that shows the order', async () => {
    const { phone, home, userId } = await arriveAt({ telegram, app });
    const buy = async (from: typeof home) => {
      const plans = await press(phone, from, /Choose a plan|Another plan/, /Choose a plan:/);
      return press(phone, await press(phone, plans, /A month/, /For 1 month/), /YooKassa/, /changes by itself/);
    };
    const message = await buy(home);
    const own = () => [...shop.orders.values()].filter((one) => one.userId === userId).at(-1)!;
    const { id: orderId } = own();
    Object.assign(own(), { next: null, failure: 'insufficient_funds' });
    const invoice = { invoiceId: uuidv7(), orderId, userId, botId: 'lumen', provider: 'yookassa', ...money };
    await app.probe.say(InvoiceFailed({ ...invoice, reason: 'insufficient_funds' }));
    await changed(phone, message, /There was not enough money/);
    shop.paid(orderId);
    await app.probe.say(paid(userId, { orderId }));
    await changed(phone, message, /Paid\. Your access is being prepared/);
    await phone.start();
    const again = await phone.answer((one) => one.message_id > message.message_id && /^Hello/.test(one.text ?? ''));
    const second = await buy(again);
    Object.assign(own(), { state: 'expired', next: null });
    await app.probe.say(OrderClosed({ ...ofOrder(userId, 'lumen'), orderId: own().id, reason: 'expired' }));
    await changed(phone, second, /The offer is over/);
  });

  it('can be switched off one by one, but for what was paid and what could not be', async () => {
    const { phone, home, userId } = await arriveAt({ telegram, app });
    let menu = await press(phone, home, /Notices/, /What shall I tell you/);
    const groups = labels(menu).filter((label) => label.startsWith('☑️'));
    expect(groups).toHaveLength(8);
    for (const label of groups) {
      const off = label.replace('☑️', '☐');
      await phone.press(menu.message_id, label);
      menu = await phone.answer((one) => one.message_id === home.message_id && labels(one).includes(off));
    }
    for (const [name, draftOf] of TOLD)
      if (!['paid', 'a failed charge'].includes(name)) await app.probe.say(draftOf(userId));
    await app.probe.say(TOLD.find(([name]) => name === 'a failed charge')![1](userId));
    await app.probe.say(paid(userId));
    await said(phone, /could not be charged/);
    await until(async () => (await timesSaid(phone, /^✅ Paid: ₽199/)) === 1, { what: 'what was paid' });
    const told = (await phone.answers()).filter(({ message_id: id }) => id > home.message_id);
    expect(told.map(({ text }) => text).sort()).toEqual([
      ...[expect.stringMatching(/^✅ Paid/), expect.stringMatching(/topped up/), expect.stringMatching(/^❌/)],
    ]);
    await press(phone, menu, /A plan ends soon/, /What shall I tell you/);
    await phone.answer((one) => labels(one).includes('☑️ A plan ends soon, or has ended'));
    await app.probe.say(SubscriptionExpired(subscription(userId)));
    await said(phone, /^⛔️ Your plan has ended/);
  });

  describe('at night', () => {
    const hasten = () =>
      app.service.db.query(
        `UPDATE bot_adapter_jobs._private_jobs SET run_at = now() WHERE run_at > now() + interval '5 minutes'`,
      );
    async function sleeper() {
      const phone = telegram.other(await telegram.person('en'), NORTHWIND.username);
      await phone.start();
      await said(phone, /^Hello/);
      return { phone, userId: await userOf(app, phone) };
    }

    it('wait for the morning, unless they are about money', async () => {
      const { phone, userId } = await sleeper();
      await app.probe.say(SubscriptionExpiring({ ...subscription(userId, 'northwind'), daysLeft: 3 }));
      await app.probe.say(paid(userId, { botId: 'northwind' }));
      await said(phone, /^✅ Paid/);
      expect(await timesSaid(phone, /plan ends/)).toBe(0);
      await hasten();
      await said(phone, /plan ends on .*: 3 days left/);
    });

    const keys = async (like: string) => {
      const rows = await app.service.db.query<{ key: string; inMs: number }[]>(
        `SELECT key, 1000 * extract(epoch FROM run_at - now())::float8 AS "inMs" FROM bot_adapter_jobs.jobs WHERE key LIKE $1`,
        [like],
      );
      return new Map(rows.map(({ key, inMs }) => [key, inMs]));
    };

    it('are not told in the morning of what is otherwise by then', async () => {
      const { phone, userId } = await sleeper();
      const [renewed, charged] = [subscription(userId, 'northwind'), subscription(userId, 'northwind')];
      const { subscriptionId } = charged;
      await app.probe.say(SubscriptionExpired(renewed));
      await app.probe.say(SubscriptionExpiring({ ...renewed, daysLeft: 1 }));
      await app.probe.say(
        RenewalUpcoming({ subscriptionId, userId, botId: 'northwind', ...money, chargeAt: at(DAY_MS) }),
      );
      const waiting = async () => {
        const all = [...(await keys(`shop-notice:%`)).keys()];
        return all.filter((key) => key.endsWith(renewed.subscriptionId) || key.endsWith(subscriptionId)).length;
      };
      await until(async () => (await waiting()) === 3, { what: 'all three to wait' });
      await app.probe.say(SubscriptionRenewed({ ...renewed, revision: 2 }));
      await app.probe.say(SubscriptionChanged({ ...charged, revision: 2, autoRenew: false }));
      await until(async () => (await waiting()) === 0, { what: 'nothing more to say' });
      expect(await timesSaid(phone, /plan (ends|has ended)|is charged/)).toBe(0);
    });

    it('are spread over the morning, for what people wait for to come in between', async () => {
      const { userId } = await sleeper();
      const all = Array.from({ length: 12 }, () => subscription(userId, 'northwind'));
      for (const one of all) await app.probe.say(SubscriptionExpired(one));
      const due = async () => {
        const found = await keys('shop-notice:expired:%');
        return all.flatMap(({ subscriptionId }) => found.get(`shop-notice:expired:${subscriptionId}`) ?? []);
      };
      await until(async () => (await due()).length === 12, { what: 'all to wait' });
      const times = await due();
      expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(60_000);
      await app.service.db.query(`DELETE FROM bot_adapter_jobs._private_jobs WHERE key LIKE 'shop-notice:expired:%'`);
    });

    it('are told by day as well to who sleeps by day', async () => {
      const { phone, userId } = await sleeper();
      const settings = { wanted: true, quiet: AWAKE, timeZone: 'UTC' };
      await app.gateway.call(
        SetMyNewsSettings,
        { query: { botId: 'northwind' }, body: settings },
        {
          actor: { kind: 'person', id: userId, roles: [], scopes: ['me:write'] },
        },
      );
      await app.probe.say(SubscriptionExpired(subscription(userId, 'northwind')));
      await said(phone, /^⛔️ Your plan has ended/);
    });

    it('are not told in the morning when they are past, nor when they were switched off meanwhile', async () => {
      const { phone, userId } = await sleeper();
      await app.probe.say(SubscriptionExpiring({ ...subscription(userId, 'northwind', -HOUR_MS), daysLeft: 0 }));
      await app.probe.say(SubscriptionExpired(subscription(userId, 'northwind')));
      const waiting = async () =>
        (
          await app.service.db.query<unknown[]>(
            `SELECT 1 FROM bot_adapter_jobs.jobs WHERE task_identifier = 'tell-shop-notice'`,
          )
        ).length;
      await until(async () => (await waiting()) === 2, { what: 'both to wait' });
      await hasten();
      await said(phone, /^⛔️ Your plan has ended/);
      await until(async () => (await waiting()) === 0, { what: 'nothing more to say' });
      expect(await timesSaid(phone, /plan ends/)).toBe(0);
    });
  });

  it('reach nobody who never wrote to the bot or has blocked it, and hold up nobody else', async () => {
    const [gone, there] = [await arriveAt({ telegram, app }), await arriveAt({ telegram, app })];
    await gone.phone.block(true);
    await until(
      async () => {
        const [row] = await app.service.db.query<{ blocked_at: Date | null }[]>(
          'SELECT blocked_at FROM chats WHERE user_id = $1',
          [gone.userId],
        );
        return row!.blocked_at;
      },
      { what: 'the block' },
    );
    for (const userId of [uuidv7(), gone.userId, there.userId]) await app.probe.say(paid(userId));
    await said(there.phone, /^✅ Paid/);
    expect(await timesSaid(gone.phone, /^✅ Paid/)).toBe(0);
  });
});
