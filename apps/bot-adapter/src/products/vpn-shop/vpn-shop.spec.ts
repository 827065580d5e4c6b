import {
  CancelOrder,
  ChangeMySubscription,
  ListMyOrders,
  PlaceOrder,
  QuoteOrder,
  ReadShop,
  ResetMyDevices,
  RotateMyLink,
  StartTrial,
} from '@switchboard/contracts';
import { Refusal, type TestApp, until } from '@switchboard/testing';
import { PretendedShop } from '../../../test/pretended-shop';
import { arriveAt, changed, labelled, labels, press, urlOf } from '../../../test/shop-phone';
import { BOTS, metric, startBotAdapter } from '../../../test/start-bot-adapter';
import { type PretendedTelegram, startTelegram } from '../../../test/start-sandbox';

const SHOP = { ...BOTS['lumen'], products: ['vpn-shop'], shop: { supportUrl: 'https://t.me/lumen_support' } };

describe('the VPN shop', () => {
  let telegram: PretendedTelegram;
  let shop: PretendedShop;
  let app: TestApp;

  beforeAll(async () => {
    telegram = await startTelegram();
    shop = await PretendedShop.start();
    app = await startShop();
  });
  const startShop = (former?: TestApp) =>
    startBotAdapter(telegram, {
      ...{ directory: shop.directory, bots: { lumen: SHOP } },
      ...(former && { database: former.database, clock: former.clock }),
    });
  async function restart(): Promise<void> {
    await app.stop({ keepDatabase: true });
    app = await startShop(app);
  }
  afterAll(async () => {
    await app.stop();
    await telegram.close();
    shop.stop();
  });

  const arrive = (language?: string, name?: string) => arriveAt({ telegram, app }, language, name);

  it('greets whoever is new with what they can have, asked for in their own name', async () => {
    const { home, userId } = await arrive();
    expect(home.text).toMatch(/^Hello, Emma! I am Lumen.*You have no access yet\. Try it for free/s);
    expect(labels(home)).toEqual([
      ...['🎁 Try it for free: 7 days', '🛒 Choose a plan', '💰 Balance', '🧾 My orders', '🎀 Gifts'],
      ...['❓ Help', '🌐 Language', '🔔 Notices'],
    ]);
    const asked = shop.payments.askedFor(ReadShop).at(-1)!;
    expect(asked.actor).toEqual({ kind: 'person', id: userId, roles: [], scopes: ['me:read', 'me:write'] });
    expect(asked.query).toEqual({ botId: 'lumen' });
  });

  it('begins the trial once, however often and wherever it is pressed', async () => {
    const { phone, home, userId } = await arrive('ru', 'Анна');
    expect(home.text).toMatch(/^Здравствуйте, Анна!/);
    const label = labelled(home, /Попробовать бесплатно: 7 дней/);
    await Promise.all([1, 2, 3].map(() => phone.press(home.message_id, label)));
    const begun = await changed(phone, home, /Бесплатный период начался.*осталось 7 дней.*Доступ готовится/s);
    const own = () => shop.payments.askedFor(StartTrial).filter(({ actor }) => actor.id === userId);
    await until(() => own().length === 3, { what: 'three tries' });
    expect(new Set(own().map(({ idempotencyKey }) => idempotencyKey)).size).toBe(1);
    shop.grant([...shop.subscriptions.values()].find((one) => one.userId === userId)!.id);
    await press(phone, begun, /Обновить/, /Готов к работе/);
  });

  it('sells a plan: price, promo code, way to pay, and what becomes of it', async () => {
    const { phone, home, userId } = await arrive();
    const plans = await press(phone, home, /Choose a plan/, /Choose a plan:/);
    expect(labels(plans)).toEqual(['A month · RUB 199 / 250 ⭐'.replace('RUB ', '₽'), 'A year · ₽1,490', '‹ Back']);
    const checkout = await press(phone, plans, /A month/, /For 1 month.*100 GB of traffic.*3 devices.*Price: ₽199/s);
    expect(labels(checkout)).toEqual([
      ...[
        '💳 Card, SBP (YooKassa) · ₽199',
        '⭐ Stars · 250 ⭐',
        '☐ Renew by itself',
        '🏷 I have a promo code',
        '‹ Back',
      ],
    ]);

    await phone.press(checkout.message_id, labelled(checkout, /promo code/));
    await changed(phone, checkout, /Write the promo code/);
    await phone.say('nonsense');
    const refused = await phone.answer(({ text }) => /There is no such promo code.*Price: ₽199$/s.test(text ?? ''));
    await phone.press(refused.message_id, labelled(refused, /promo code/));
    await phone.say('HALF');
    const cheaper = await phone.answer(({ text }) =>
      /Discount: −₽99\.50.*To pay: ₽99\.50.*Promo code: HALF/s.test(text ?? ''),
    );

    const label = labelled(cheaper, /YooKassa/);
    await Promise.all([1, 2, 3].map(() => phone.press(cheaper.message_id, label)));
    const order = await changed(phone, cheaper, /To pay: ₽99\.50.*changes by itself/s);
    const placed = () => shop.payments.askedFor(PlaceOrder).filter(({ actor }) => actor.id === userId);
    await until(() => placed().length === 3, { what: 'three presses' });
    expect(new Set(placed().map(({ idempotencyKey }) => idempotencyKey)).size).toBe(1);
    expect(placed()[0]!.body).toMatchObject({ promoCode: 'HALF', provider: 'yookassa', currency: 'RUB', locale: 'en' });
    const own = [...shop.orders.values()].filter((one) => one.userId === userId);
    expect(own).toHaveLength(1);
    expect(urlOf(order, /^Pay/)).toBe(`https://pay.example/${own[0]!.id}`);

    shop.paid(own[0]!.id);
    const paid = await press(phone, order, /I have paid/, /Paid\. Your access is being prepared/);
    const waiting = await press(phone, paid, /Connect/, /takes up to a minute/);
    shop.grant(own[0]!.subscriptionId!);
    const link = [...shop.accesses.values()].at(-1)!.link!;
    const connected = await press(phone, waiting, /Refresh/, new RegExp(link));
    expect(connected.entities).toContainEqual(expect.objectContaining({ type: 'code', length: link.length }));
  });

  it('asks for money in Stars by the link of the channel', async () => {
    const { phone, home } = await arrive();
    const plans = await press(phone, home, /Choose a plan/, /Choose a plan:/);
    const checkout = await press(phone, plans, /A month/, /For 1 month/);
    await phone.press(checkout.message_id, labelled(checkout, /☐ Renew by itself/));
    const renewing = await phone.answer((message) => labels(message).includes('☑️ Renew by itself'));
    const order = await press(phone, renewing, /Stars/, /To pay: 250 ⭐/);
    expect(urlOf(order, /^Pay 250/)).toMatch(/^https:\/\/t\.me\/\$/);
    expect(shop.payments.askedFor(PlaceOrder).at(-1)!.body).toMatchObject({
      ...{ currency: 'XTR', provider: 'telegram-stars', wanted: { autoRenew: true }, saveMethod: true },
    });
  });

  it('pays from the balance, in part or whole, and waits for the rest', async () => {
    shop.balanceMinor = 15_000;
    const { phone, home } = await arrive();
    const plans = await press(phone, home, /Choose a plan/, /Choose a plan:/);
    const checkout = await press(phone, plans, /A month/, /For 1 month/);
    const partly = await press(phone, checkout, /☐ Use the balance \(₽150\)/, /From your balance: −₽150.*To pay: ₽49/s);
    expect(labels(partly)).toContain('💳 Card, SBP (YooKassa) · ₽49');
    const cart = await press(
      phone,
      partly,
      /as soon as the balance suffices/,
      /as soon as ₽49 more are on your balance/,
    );
    const topUp = await press(phone, cart, /Top up ₽49/, /Top-up of your balance.*Price: ₽49/s);
    expect(labels(topUp).some((label) => /promo|balance \(/.test(label))).toBe(false);
    shop.balanceMinor = 30_000;
    const again = await press(
      phone,
      await press(phone, topUp, /Back/, /On your balance: ₽300/),
      /Back/,
      /What would you like/,
    );
    const whole = await press(
      phone,
      await press(phone, await press(phone, again, /Choose a plan/, /Choose a plan:/), /A month/, /For 1 month/),
      ...([/☐ Use the balance/, /From your balance: −₽199/] as const),
    );
    expect(labels(whole)[0]).toBe('✅ Buy with the balance: ₽199');
    await press(phone, whole, /Buy with the balance/, /✅ Paid/);
    shop.balanceMinor = 0;
  });

  it('asks for an address where a receipt needs one, and keeps it nowhere in the clear', async () => {
    shop.needsEmail = true;
    const { phone, home } = await arrive();
    const plans = await press(phone, home, /Choose a plan/, /Choose a plan:/);
    const checkout = await press(phone, plans, /A year/, /For 12 months/);
    await press(phone, checkout, /YooKassa/, /we need an e-mail address/);
    await phone.say('not an address');
    await phone.answer(({ text }) => /That is no e-mail address/.test(text ?? ''));
    await phone.say(' emma@example.com ');
    await phone.answer(({ text }) => /To pay: ₽1,490/.test(text ?? ''));
    expect(shop.payments.askedFor(PlaceOrder).at(-1)!.body.email).toBe('emma@example.com');
    for (const table of ['buttons', 'dialogs', 'deliveries', 'bot_adapter_jobs._private_jobs']) {
      const found = await app.service.db.query(`SELECT * FROM ${table} t WHERE t::text LIKE '%emma@example%'`);
      expect(found).toEqual([]);
    }
    shop.needsEmail = false;
  });

  it('pays in another way, or gives up, and says why what was tried did not go through', async () => {
    const { phone, home, userId } = await arrive();
    const plans = await press(phone, home, /Choose a plan/, /Choose a plan:/);
    const order = await press(
      phone,
      await press(phone, plans, /A month/, /For 1 month/),
      /YooKassa/,
      /changes by itself/,
    );
    const own = [...shop.orders.values()].find((one) => one.userId === userId)!;
    Object.assign(own, { next: null, failure: 'insufficient_funds' });
    const failed = await press(phone, order, /I have paid/, /There was not enough money/);
    const ways = await press(phone, failed, /another way/, /How do you want to pay ₽199\?/);
    const retried = await press(phone, ways, /YooKassa/, /changes by itself/);
    const cancelled = await press(phone, retried, /Cancel/, /This order was cancelled/);
    expect(shop.payments.askedFor(CancelOrder)).toHaveLength(1);
    const list = await press(
      phone,
      await press(phone, cancelled, /Back/, /What would you like/),
      /My orders/,
      /ordered lately/,
    );
    expect(labels(list)[0]).toBe('✕ A month · ₽199');
  });

  describe('shows what somebody has', () => {
    async function mine(more: Parameters<PretendedShop['give']>[1] = {}) {
      const { phone, userId } = await arrive();
      const subscription = shop.give(userId, more);
      await phone.start();
      const home = await phone.answer(({ text }) => /A month: /.test(text ?? ''));
      const screen = await press(phone, home, /My VPN/, /🔑 A month/);
      return { phone, userId, subscription, home, screen };
    }

    it('with days, traffic, devices and servers, and everything that can be done with it', async () => {
      const { screen } = await mine();
      expect(screen.text).toMatch(/30 days left.*Does not renew.*Ready.*12 of 100 GB.*Devices: 0 of 3.*Berlin 1/s);
      expect(labels(screen)).toEqual([
        ...['🔌 Connect', '➕ Renew', '🔁 Renew by itself', '⬆️ Change plan', '📦 More traffic, devices', '🌍 Country'],
        ...['📱 Devices', '🔗 New link', '⏸ Pause', '🔄 Refresh', '‹ Back'],
      ]);
    });

    it('and lets it renew by itself, rest, and go on; what was changed elsewhere is shown anew', async () => {
      const { phone, screen, subscription } = await mine();
      const renewing = await press(phone, screen, /Renew by itself/, /It renews by itself from now on/);
      const resting = await press(phone, renewing, /Pause/, /It rests now/);
      await press(phone, resting, /Go on/, /It goes on/);
      shop.subscriptions.get(subscription.id)!.revision += 1;
      const present = (await phone.answers()).at(-1)!;
      await press(phone, present, /Do not renew/, /It was changed in the meantime/);
      expect(shop.payments.askedFor(ChangeMySubscription).length).toBeGreaterThan(3);
    });

    it('and connects it: by link, picture, and app of each system', async () => {
      const { phone, screen } = await mine();
      const connect = await press(phone, screen, /Connect/, /Your link for all devices/);
      const link = [...shop.accesses.values()].at(-1)!.link!;
      expect(urlOf(connect, /Open the link/)).toBe(link);
      const ios = await press(phone, connect, /iPhone/, /Install Happ/);
      expect(urlOf(ios, /Add to Happ/)).toBe(`${link}?open=happ`);
      expect(urlOf(ios, /^⬇️ Happ/)).toMatch(/^https:\/\/apps\.apple\.com/);
      const back = await press(phone, ios, /Back/, /Your link for all devices/);
      await phone.press(back.message_id, labelled(back, /QR/));
      const picture = await phone.answer((message) => 'photo' in message);
      expect((picture as { caption?: string }).caption).toMatch(/Scan this/);
    });

    it('and gives a new link once, when it is really meant', async () => {
      const { phone, screen } = await mine();
      const question = await press(phone, screen, /New link/, /The old one stops working/);
      const yes = labelled(question, /New link/);
      await Promise.all([1, 2].map(() => phone.press(question.message_id, yes)));
      await changed(phone, question, /This is your new link/);
      const keys = shop.vpn
        .askedFor(RotateMyLink)
        .slice(-2)
        .map(({ idempotencyKey }) => idempotencyKey);
      expect(new Set(keys).size).toBe(1);
    });

    it('and moves it to another country, where there is room', async () => {
      const { phone, screen } = await mine();
      const regions = await press(phone, screen, /Country/, /Where should your server be/);
      expect(labels(regions)).toEqual([
        '⚡️ Wherever it is best',
        'Germany · 40 % busy',
        'Netherlands · 10 % busy',
        '‹ Back',
      ]);
      const full = await press(phone, regions, /Germany/, /no room in this country/);
      const home = await press(phone, full, /Back/, /What would you like/);
      const again = await press(phone, await press(phone, home, /My VPN/, /🔑/), /Country/, /Where should/);
      await press(phone, again, /Netherlands/, /You are moving there/);
    });

    it('and its devices, which can be removed one by one or all', async () => {
      shop.devices = ['phone', 'laptop', 'tablet'].map((name) => ({ deviceId: crypto.randomUUID(), name }));
      const { phone, screen } = await mine();
      const devices = await press(phone, screen, /Devices/, /Devices: 3 of 3.*make room for another/s);
      const two = await press(phone, devices, /laptop/, /The device was removed.*2 of 3/s);
      const question = await press(phone, two, /Remove all \(2 times left/, /Remove all devices\?/);
      await press(phone, question, /Remove all/, /All devices were removed.*0 of 3/s);
      expect(shop.vpn.askedFor(ResetMyDevices)).toHaveLength(1);
    });

    it('and sells more traffic, a longer time or another plan for it', async () => {
      const { phone, screen, subscription } = await mine();
      const packages = await press(phone, screen, /More traffic/, /What would you like more of/);
      const checkout = await press(phone, packages, /10 GB more/, /Price: ₽99/);
      await press(phone, checkout, /YooKassa/, /changes by itself/);
      expect(shop.payments.askedFor(PlaceOrder).at(-1)!.body.wanted).toMatchObject({
        ...{ kind: 'package', subscriptionId: subscription.id, quantity: 1 },
      });
      await phone.start();
      const fresh = await phone.answer(
        (message) => message.message_id > checkout.message_id && labels(message).includes('🔑 My VPN'),
      );
      const own = await press(phone, fresh, /My VPN/, /🔑/);
      const change = await press(phone, own, /Change plan/, /Change to which plan/);
      expect(labels(change)).toEqual(['A year · ₽1,490', '‹ Back']);
      await press(phone, change, /A year/, /For 12 months/);
      expect(shop.payments.askedFor(QuoteOrder).at(-1)!.body.wanted).toMatchObject({
        ...{ kind: 'plan', planId: shop.year.id, subscriptionId: subscription.id },
      });
    });

    it('whatever state it is in', async () => {
      const { screen } = await mine({ status: 'expired' });
      expect(screen.text).toMatch(/ended on/);
      expect(labels(screen)).toEqual(['➕ Renew', '🛒 Choose a plan', '🔄 Refresh', '‹ Back']);
    });
  });

  it('tops up the balance by an amount that is chosen or written', async () => {
    const { phone, home } = await arrive();
    const balance = await press(phone, home, /Balance/, /nothing on your balance/);
    const currencies = await press(phone, balance, /Top up/, /In which currency/);
    const amounts = await press(phone, currencies, /RUB/, /How much/);
    await press(phone, amounts, /Another amount/, /Write how much, in RUB/);
    await phone.say('a lot');
    await phone.answer(({ text }) => /That is no amount/.test(text ?? ''));
    await phone.say('1 250,50');
    const checkout = await phone.answer(({ text }) => /Price: ₽1,250\.50/.test(text ?? ''));
    await press(phone, checkout, /YooKassa/, /To pay: ₽1,250\.50/);
  });

  it('says that the servers are being worked on, and sells all the same', async () => {
    shop.maintenance = true;
    const { home } = await arrive();
    expect(home.text).toMatch(/Our servers are being worked on/);
    expect(labels(home)).toContain('🛒 Choose a plan');
    shop.maintenance = false;
  });

  it('goes on after a restart: what was asked for is answered, an old menu works, and nothing is bought twice', async () => {
    const { phone, home, userId } = await arrive();
    const placed = () => shop.payments.askedFor(PlaceOrder).filter(({ actor }) => actor.id === userId);
    const plans = await press(phone, home, /Choose a plan/, /Choose a plan:/);
    const checkout = await press(phone, plans, /A month/, /For 1 month/);
    await press(phone, checkout, /promo code/, /Write the promo code/);
    await restart();
    await phone.say('HALF');
    const cheaper = await phone.answer(({ text }) => /To pay: ₽99\.50/.test(text ?? ''));
    const label = labelled(cheaper, /YooKassa/);
    // While the answer of payments is awaited, the process ends; the person presses again.
    await phone.press(cheaper.message_id, label);
    await until(() => placed().length > 0, { what: 'the order' });
    await restart();
    await phone.press(cheaper.message_id, label).catch(() => undefined);
    await changed(phone, cheaper, /To pay: ₽99\.50.*changes by itself/s);
    expect(new Set(placed().map(({ idempotencyKey }) => idempotencyKey)).size).toBe(1);
    expect([...shop.orders.values()].filter((one) => one.userId === userId)).toHaveLength(1);
  });

  describe('while another service is slow or away', () => {
    const placedBy = (userId: string) => shop.payments.askedFor(PlaceOrder).filter(({ actor }) => actor.id === userId);

    async function atCheckout() {
      const { phone, home, userId } = await arrive();
      const plans = await press(phone, home, /Choose a plan/, /Choose a plan:/);
      return { phone, userId, checkout: await press(phone, plans, /A month/, /For 1 month/) };
    }

    it('asks for the address again before it tries again, and orders once', async () => {
      shop.needsEmail = true;
      const { phone, userId, checkout } = await atCheckout();
      await press(phone, checkout, /YooKassa/, /we need an e-mail address/);
      const end = shop.payments.meanwhile(PlaceOrder, () => Promise.reject(new Refusal(503, 'upstream_unavailable')));
      await phone.say('emma@example.com');
      const away = await phone.answer(({ text }) => /could not be had just now/.test(text ?? ''));
      end();
      const asked = placedBy(userId).length;
      await press(phone, away, /Try again/, /we need an e-mail address/);
      expect(placedBy(userId)).toHaveLength(asked);
      await phone.say('emma@example.com');
      await phone.answer(({ text }) => /To pay: ₽199.*changes by itself/s.test(text ?? ''));
      const keys = placedBy(userId).filter(({ body }) => body.email !== undefined);
      expect(new Set(keys.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(1);
      shop.needsEmail = false;
    });

    it('looks again where the same press is being dealt with', async () => {
      const { phone, userId, checkout } = await atCheckout();
      const end = shop.payments.meanwhile(PlaceOrder, () => {
        end();
        throw new Refusal(409, 'request_in_progress');
      });
      await press(phone, checkout, /YooKassa/, /To pay: ₽199.*changes by itself/s);
      expect(new Set(placedBy(userId).map(({ idempotencyKey }) => idempotencyKey)).size).toBe(1);
    });

    it('leaves the jobs to what others wait for', async () => {
      const held: (() => void)[] = [];
      const crowd = await Promise.all(Array.from({ length: 12 }, () => arrive()));
      const end = shop.payments.meanwhile(
        ListMyOrders,
        () => new Promise((_, reject) => held.push(() => reject(new Error('late')))),
      );
      await Promise.all(crowd.map(({ phone, home }) => phone.press(home.message_id, labelled(home, /My orders/))));
      await until(() => held.length > 0, { what: 'a page that is waited for' });
      const { phone } = crowd[0]!;
      await phone.say('/privacy');
      await phone.answer(({ text }) => /privacy|kept|keep/i.test(text ?? ''));
      expect(held.length).toBeLessThanOrEqual(4);
      end();
      for (const free of held) free();
      await Promise.all(
        crowd.map(({ phone: one, home }) => changed(one, home, /ordered nothing yet|could not be had/)),
      );
    });

    it('shows the pages of others while that of one is waited for', async () => {
      const crowd = await Promise.all(Array.from({ length: 9 }, () => arrive()));
      let free: (() => void) | undefined;
      const end = shop.payments.meanwhile(
        ListMyOrders,
        () => new Promise((_, reject) => (free = () => reject(new Error('late')))),
      );
      const [slow, ...others] = crowd as [(typeof crowd)[number], ...typeof crowd];
      await slow.phone.press(slow.home.message_id, labelled(slow.home, /My orders/));
      await until(() => free, { what: 'the page that is waited for' });
      end();
      for (const { phone, home } of others) await press(phone, home, /Balance/, /on your balance/);
      free!();
      await changed(slow.phone, slow.home, /ordered nothing yet|could not be had/);
    });

    it('runs one job for each page, however many wait, and shows the last of a chat', async () => {
      const crowd = await Promise.all(Array.from({ length: 12 }, () => arrive()));
      const end = shop.payments.meanwhile(
        ListMyOrders,
        () => new Promise((_, reject) => setTimeout(() => reject(new Refusal(422, 'payments.no_shop')), 400)),
      );
      const before = await metric(app, 'job_seconds_count', 'task="show-shop-page"');
      const pressAll = ({ phone, home }: (typeof crowd)[number]) =>
        Promise.all([/My orders/, /Balance/].map((label) => phone.press(home.message_id, labelled(home, label))));
      await Promise.all(crowd.map(pressAll));
      await Promise.all(crowd.map(({ phone, home }) => changed(phone, home, /on your balance/)));
      const runs = (await metric(app, 'job_seconds_count', 'task="show-shop-page"')) - before;
      expect(runs).toBe(2 * crowd.length);
      end();
    });

    it('leaves a dialog to what it was begun for', async () => {
      shop.needsEmail = true;
      const { phone, checkout } = await atCheckout();
      let free: () => void = () => undefined;
      const end = shop.payments.meanwhile(
        PlaceOrder,
        () =>
          new Promise((_, reject) => {
            free = () => reject(new Refusal(422, 'payments.email_needed'));
          }),
      );
      const asked = shop.payments.askedFor(PlaceOrder).length;
      await phone.press(checkout.message_id, labelled(checkout, /YooKassa/));
      await until(() => shop.payments.askedFor(PlaceOrder).length > asked, { what: 'the order' });
      await press(phone, checkout, /promo code/, /Write the promo code/);
      free();
      end();
      await changed(phone, checkout, /begun something else meanwhile/);
      await phone.say('HALF');
      await phone.answer(({ text }) => /Promo code: HALF/.test(text ?? ''));
      shop.needsEmail = false;
    });
  });

  it('says so when nothing is sold, and when what is asked for fails; nothing is done twice by trying again', async () => {
    const { phone, home, userId } = await arrive();
    const plans = await press(phone, home, /Choose a plan/, /Choose a plan:/);
    const checkout = await press(phone, plans, /A month/, /For 1 month/);
    let failures = 1;
    shop.payments.on(ReadShop, () => {
      throw new Refusal(404, 'payments.no_shop');
    });
    const other = await arrive();
    expect(other.home.text).toMatch(/Nothing is sold here at the moment/);
    expect(labels(other.home)).toEqual(['❓ Help', '🌐 Language']);
    shop.payments.on(PlaceOrder, ({ idempotencyKey }) => {
      if (failures-- > 0) throw new Refusal(503, 'upstream_unavailable');
      throw new Refusal(409, idempotencyKey === first ? 'payments.too_many_open_orders' : 'payments.no_shop');
    });
    const away = await press(phone, checkout, /YooKassa/, /could not be had just now/);
    const own = () => shop.payments.askedFor(PlaceOrder).filter(({ actor }) => actor.id === userId);
    const first = own()[0]!.idempotencyKey;
    await press(phone, away, /Try again/, /many orders that are not paid/);
    expect(new Set(own().map(({ idempotencyKey }) => idempotencyKey)).size).toBe(1);
  });
});
