import { MemoryTransport } from '@switchboard/bus';
import { AccessGranted, CreateCampaign, MembershipChanged } from '@switchboard/contracts';
import { type TestApp, until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { PretendedShop } from '../../bot-adapter/test/pretended-shop';
import { changed, labels, press, urlOf } from '../../bot-adapter/test/shop-phone';
import { BOTS, startBotAdapter } from '../../bot-adapter/test/start-bot-adapter';
import { LUMEN, type PretendedTelegram, type SeenMessage, startTelegram } from '../../bot-adapter/test/start-sandbox';
import { BOT, TestShop } from '../../payments/test/build';
import { pay } from '../../payments/test/pretended.provider';

/** bot-adapter asks payments itself; panels are pretended, as vpn-provisioner says what they do by events. */
describe('the VPN shop, over both services', () => {
  const transport = new MemoryTransport();
  let telegram: PretendedTelegram;
  let payments: TestShop;
  let panels: PretendedShop;
  let app: TestApp;
  let channel: number;

  beforeAll(async () => {
    telegram = await startTelegram();
    const owner = await telegram.person();
    const bots = [LUMEN.username];
    const news = { title: 'News', username: 'shop_news', people: [owner.id], bots, admins: bots };
    channel = (await telegram.control<{ id: number }>('POST', 'telegram/chats', news)).id;
    panels = await PretendedShop.start();
    payments = await TestShop.start({ transport });
    await payments.plan({ code: 'month', trialDays: 7 });
    await payments.terms({});
    const membership = { chat: '@shop_news', url: 'https://t.me/shop_news', graceHours: 0 };
    app = await startBotAdapter(telegram, {
      ...{ transport, keys: payments.app.keys, clock: payments.app.clock },
      directory: new Map([
        ['payments', payments.app.url],
        ['vpn-provisioner', panels.vpn.url],
      ]),
      bots: {
        [BOT]: {
          ...BOTS['lumen'],
          name: 'Shop',
          products: ['vpn-shop'],
          shop: { membership, quiet: { from: '00:00', to: '00:00' } },
        },
      },
    });
  });
  afterAll(async () => {
    await app.stop();
    await payments.app.stop();
    await transport.close();
    await telegram.close();
    panels.stop();
  });

  const setMember = (person: number, isMember: boolean) =>
    telegram.control('PUT', `telegram/chats/${channel}/people/${person}`, { isMember });

  async function arrive(link?: string) {
    const phone = await telegram.person();
    await setMember(phone.id, true);
    await phone.start(link);
    const home = await phone.answer(({ text }) => /^Hello/.test(text ?? ''));
    const [row] = await app.service.db.query<[{ user_id: string }]>(
      `SELECT user_id FROM chats WHERE kind = 'private' ORDER BY id DESC LIMIT 1`,
    );
    return { phone, home, userId: row.user_id };
  }

  /** vpn-provisioner serves what was sold. */
  async function grant(userId: string): Promise<string> {
    const rows = () =>
      payments.app.service.db.query<{ id: string }[]>('SELECT id FROM subscriptions WHERE user_id = $1', [userId]);
    const [row] = (await until(async () => ((await rows()).length > 0 ? rows() : undefined), {
      what: 'the subscription',
    }))!;
    const { id: accessId, link } = panels.grant(row!.id);
    const about = { accessId, subscriptionId: row!.id, userId, botId: BOT, revision: 1, first: true };
    const servers = [{ serverId: uuidv7(), region: 'de' }];
    await app.probe.say(AccessGranted({ ...about, servers, grantedAt: new Date().toISOString() }));
    return link!;
  }

  it('gives whoever comes a trial with a link, at once and only once', async () => {
    const { phone, home, userId } = await arrive();
    const begun = await press(phone, home, /Try it for free: 7 days/, /Your free trial has begun.*7 days left/s);
    const link = await grant(userId);
    const ready = await phone.answer(({ text }) => /^✅ Your access is ready!/.test(text ?? ''));
    expect(urlOf(ready, /Open the link/)).toBe(link);
    const back = await press(phone, begun, /Back/, /What would you like to do/);
    expect(labels(back).some((label) => /free/.test(label))).toBe(false);
  });

  it('sells a plan, tells what was paid, gives the link, and shows what somebody has', async () => {
    const campaign = { botId: BOT, name: 'spring', title: 'Spring' };
    await payments.app.gateway.call(CreateCampaign, { body: campaign, idempotencyKey: uuidv7() });
    const { phone, home, userId } = await arrive('spring');
    const plans = await press(phone, home, /Choose a plan/, /Choose a plan:/);
    const checkout = await press(phone, plans, /month/, /Price: ₽199/);
    const order = await press(phone, checkout, /₽199/, /To pay: ₽199.*changes by itself/s);
    const externalId = urlOf(order, /^Pay/)!.split('/').at(-1)!;
    pay(externalId, 19900);
    await payments.notify(externalId);
    await phone.answer(({ text }) => /^✅ Paid: ₽199/.test(text ?? ''));
    const paid = await changed(phone, order, /Paid\. Your access/);
    await grant(userId);
    await phone.answer(({ text }) => /^✅ Your access is ready!/.test(text ?? ''));
    const mine = await press(phone, paid, /My VPN/, /🔑 month.*days left/s);
    await press(phone, mine, /Pause/, /It rests now/);
    const [sold] = await payments.app.service.db.query<[{ campaign: string }]>(
      'SELECT campaign FROM orders WHERE user_id = $1',
      [userId],
    );
    expect(sold.campaign).toBe('spring');
  });

  it('lets rest what whoever leaves the channel has, until they are back', async () => {
    const { phone, home, userId } = await arrive();
    await press(phone, home, /Try it for free/, /Your free trial has begun/);
    const status = async () =>
      (
        await payments.app.service.db.query<{ status: string }[]>(
          'SELECT status FROM subscriptions WHERE user_id = $1',
          [userId],
        )
      )[0]?.status;
    await setMember(phone.id, false);
    await phone.answer(({ text }) => /You have left our channel/.test(text ?? ''));
    await app.probe.until(MembershipChanged, ({ data }) => data.userId === userId && !data.isMember);
    await until(async () => (await status()) === 'paused', { what: 'the rest' });
    await setMember(phone.id, true);
    await until(async () => (await status()) === 'trial', { what: 'the end of the rest' });
  });

  it('brings friends by the link that it shows, and passes gifts on', async () => {
    await payments.terms({ referrals: { percents: [20], everyPayment: true } });
    const emma = await arrive();
    const shown = await press(emma.phone, emma.home, /Bring friends/, /20 %.*ref_/s);
    const [, link] = /(ref_\w+)/.exec(shown.text!)!;
    const friend = await arrive(link);
    const invited = () =>
      payments.app.service.db.query<unknown[]>('SELECT 1 FROM referrals WHERE user_id = $1 AND link_id IS NOT NULL', [
        friend.userId,
      ]);
    await until(async () => (await invited()).length === 1, { what: 'who has invited them' });
    const home = await press(emma.phone, shown, /Back/, /What would you like/);
    const gifts = await press(emma.phone, home, /Gifts/, /a link to pass on/);
    const plans = await press(emma.phone, gifts, /Buy a gift/, /Choose a plan to give/);
    const checkout = await press(emma.phone, plans, /month/, /Price: ₽199/);
    const order: SeenMessage = await press(emma.phone, checkout, /₽199/, /To pay: ₽199/);
    const externalId = urlOf(order, /^Pay/)!.split('/').at(-1)!;
    pay(externalId, 19900);
    await payments.notify(externalId);
    const paid = await changed(emma.phone, order, /gift_/);
    const [, gift] = /(gift_\w+)/.exec(paid.text!)!;
    await friend.phone.start(gift);
    const present = await friend.phone.answer(({ text }) => /Somebody has a gift for you/.test(text ?? ''));
    await press(friend.phone, present, /Open it/, /The gift is yours/);
    await emma.phone.answer(({ text }) => /Your gift was opened/.test(text ?? ''));
  });
});
