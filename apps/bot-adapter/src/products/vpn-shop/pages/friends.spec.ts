import {
  ClaimGuestOrder,
  OpenGift,
  PlaceOrder,
  RequestPayout,
  UseReferral,
  WithdrawPayout,
} from '@switchboard/contracts';
import { type TestApp, until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { PretendedShop } from '../../../../test/pretended-shop';
import { arriveAt, changed, labels, press, userOf } from '../../../../test/shop-phone';
import { BOTS, startBotAdapter } from '../../../../test/start-bot-adapter';
import { type Phone, type PretendedTelegram, startTelegram } from '../../../../test/start-sandbox';

describe('what one person has from another in the shop', () => {
  let telegram: PretendedTelegram;
  let shop: PretendedShop;
  let app: TestApp;

  beforeAll(async () => {
    telegram = await startTelegram();
    shop = await PretendedShop.start();
    shop.rewards = true;
    app = await startBotAdapter(telegram, {
      directory: shop.directory,
      bots: { lumen: { ...BOTS['lumen'], products: ['vpn-shop'] } },
    });
  });
  afterAll(async () => {
    await app.stop();
    await telegram.close();
    shop.stop();
  });

  const said = (phone: Phone, words: RegExp) => phone.answer(({ text }) => words.test(text ?? ''));
  const arrive = (link?: string, language?: string) => arriveAt({ telegram, app }, language, undefined, link);

  it('is said by the link through which they come, once', async () => {
    const guest = await arrive('ref_bring-me');
    const asked = () => shop.payments.askedFor(UseReferral).filter(({ actor }) => actor.id === guest.userId);
    expect(asked().map(({ body }) => body)).toEqual([{ botId: 'lumen', code: 'bring-me' }]);
    await guest.phone.start('ref_bring-me');
    await until(() => asked().length === 2, { what: 'the link to be opened again' });
    expect(new Set(asked().map(({ idempotencyKey }) => idempotencyKey)).size).toBe(1);
  });

  it('does not fail where the code counts no more', async () => {
    const { home } = await arrive('ref_nobody');
    expect(labels(home)).toContain('🛒 Choose a plan');
  });

  it('is a gift, which is bought, passed on and opened once', async () => {
    const giver = await arrive();
    const gifts = await press(giver.phone, giver.home, /Gifts/, /you pay, and get a link to pass on/);
    const plans = await press(giver.phone, gifts, /Buy a gift/, /Choose a plan to give/);
    const checkout = await press(giver.phone, plans, /A month/, /Price: ₽199/);
    const order = await press(giver.phone, checkout, /YooKassa/, /changes by itself/);
    const own = [...shop.orders.values()].find(({ userId }) => userId === giver.userId)!;
    expect(shop.payments.askedFor(PlaceOrder).at(-1)!.body.wanted).toMatchObject({ kind: 'gift' });
    shop.paid(own.id);
    const link = shop.gifts.at(-1)!;
    await press(giver.phone, order, /I have paid/, new RegExp(link.startParameter!));

    const code = link.startParameter!;
    await giver.phone.start(code);
    await said(giver.phone, /This is a gift that you have bought/);
    const friend = await telegram.person('ru');
    await friend.start(link.startParameter!);
    const present = await said(friend, /^🎁 .*подарок/);
    const label = labels(present).find((one) => /Открыть/.test(one))!;
    await Promise.all([1, 2, 3].map(() => friend.press(present.message_id, label)));
    await changed(friend, present, /Подарок ваш\./);
    const userId = await userOf(app, friend);
    const opened = () => shop.payments.askedFor(OpenGift).filter(({ actor }) => actor.id === userId);
    await until(() => opened().length === 3, { what: 'three presses' });
    expect(new Set(opened().map(({ idempotencyKey }) => idempotencyKey)).size).toBe(1);
    // The last press has been shown when the next question is answered: a chat is served in its order.
    await friend.start();
    await said(friend, /^Здравствуйте/);
    await changed(friend, present, /Подарок ваш\./);
    const late = await telegram.person();
    await late.start(code);
    await said(late, /opened already/);
    await late.start(`gift_${uuidv7().slice(-12)}`);
    await said(late, /no such gift/);
  });

  it('is what they have bought on the site, which becomes theirs once it is paid', async () => {
    const buyer = await telegram.person();
    await buyer.start('guest_the-token-of-a-purchase');
    await said(buyer, /^✅ What you have bought is yours now/);
    expect(shop.payments.askedFor(ClaimGuestOrder).at(-1)!.body).toEqual({ token: 'the-token-of-a-purchase' });
    const early = await telegram.person('ru');
    await early.start('guest_unpaid-token-of-a-purchase');
    await said(early, /ещё не оплачена|не оплачен/);
  });

  it('is money, which they see, have paid out, and take back', async () => {
    const { phone, home } = await arrive();
    const referrals = await press(phone, home, /Bring friends/, /of everything they pay you get 20 %/);
    expect(referrals.text).toMatch(/5 %.*start=ref_bring-me.*Came by your link: 3.*Have paid: 2.*₽39\.80.*₽600/s);
    await press(phone, referrals, /Have ₽600 paid out/, /Where shall ₽600 be sent/);
    await phone.say('1');
    await said(phone, /That is too short/);
    await phone.say('4477 0000 1111 2222');
    const asked = await said(phone, /^💸 Asked for/);
    expect(shop.payments.askedFor(RequestPayout).at(-1)!.body).toMatchObject({
      ...{ amountMinor: 60_000, currency: 'RUB', details: '4477 0000 1111 2222' },
    });
    for (const table of ['buttons', 'dialogs', 'deliveries', 'bot_adapter_jobs._private_jobs'])
      expect(await app.service.db.query(`SELECT 1 FROM ${table} t WHERE t::text LIKE '%4477 0000%'`)).toEqual([]);
    await press(phone, asked, /Take the payout back/, /on your balance again/);
    expect(shop.payments.askedFor(WithdrawPayout)).toHaveLength(1);
  });
});
