import {
  ChangeChannelRenewal,
  ChannelPaymentReceived,
  ChannelPaymentRefunded,
  ChannelRenewalChanged,
  CheckChannelPayment,
  CreatePaymentLink,
  IdentityLinked,
  ListChannelPayments,
  RefundChannelPayment,
} from '@switchboard/contracts';
import { ServiceClient, ServiceIdentity } from '@switchboard/service-kit';
import { PretendedService, type TestApp, until } from '@switchboard/testing';
import { Registry } from 'prom-client';
import { v7 as uuidv7 } from 'uuid';
import { externalHash, hear, metric, startBotAdapter } from '../../test/start-bot-adapter';
import { type Phone, type PretendedTelegram, startTelegram } from '../../test/start-sandbox';

describe('payments that the channel takes', () => {
  let telegram: PretendedTelegram;
  let payments: PretendedService;
  let app: TestApp;
  /** Asks this service in the name of payments. */
  let client: ServiceClient;

  beforeAll(async () => {
    telegram = await startTelegram({}, 1);
    payments = await PretendedService.start('payments');
    app = await startBotAdapter(telegram, { directory: new Map([['payments', payments.url]]) });
    const identity = new ServiceIdentity('payments', app.keys);
    client = new ServiceClient(identity, new Map([['bot-adapter', app.url]]), new Registry());
  });
  afterAll(async () => {
    await app.stop();
    await telegram.close();
    payments.stop();
  });
  beforeEach(() => payments.on(CheckChannelPayment, () => ({ refusal: null })));

  const params = { botId: 'lumen' };
  const linkFor = async (payload: string, more: { amountMinor?: number; renewsAfterDays?: number } = {}) => {
    const body = {
      payload,
      title: 'A month',
      description: 'A month of it',
      amountMinor: 250,
      currency: 'XTR',
      ...more,
    };
    return (await client.call(CreatePaymentLink, { params, body })).link;
  };
  const someone = async (language = 'en') => {
    const phone = await telegram.person(language);
    const { data } = await hear(app, phone, 'Hello');
    return { phone, userId: data.userId };
  };
  const paid = async (phone: Phone, link: string) => {
    const { chargeId, reason } = await phone.pay(link);
    if (!chargeId) throw new Error(reason);
    return chargeId;
  };
  const received = (chargeId: string) =>
    app.probe.until(ChannelPaymentReceived, ({ data }) => data.chargeId === chargeId);
  const control = (chargeId: string, what: string, body: object = {}) =>
    telegram.control<{ chargeId: string }>('POST', `telegram/charges/${chargeId}/${what}`, body);

  it('are confirmed by payments, and then told of with everything that books them', async () => {
    const { phone, userId } = await someone();
    const chargeId = await paid(phone, await linkFor('order-1:1'));
    const { data } = await received(chargeId);
    expect(data).toMatchObject({
      ...{ botId: 'lumen', channel: 'telegram', userId, payload: 'order-1:1', amountMinor: 250, currency: 'XTR' },
      ...{ renews: false, isRenewal: false },
    });
    const [asked] = payments.askedFor(CheckChannelPayment);
    expect(asked!.body).toEqual({ botId: 'lumen', userId, payload: 'order-1:1', amountMinor: 250, currency: 'XTR' });
    expect(asked!.actor).toMatchObject({ kind: 'service', id: 'bot-adapter' });
    expect(await metric(app, 'checkouts_total', 'gone on')).toBe(1);
  });

  it('do not go on where payments refuses, and the person reads why in their language', async () => {
    payments.on(CheckChannelPayment, () => ({ refusal: { en: 'It is paid already.', ru: 'Это уже оплачено.' } }));
    const link = await linkFor('order-2:1');
    const [emma, anna] = [await someone('en'), await someone('ru')];
    expect(await emma.phone.pay(link)).toEqual({ paid: false, reason: 'It is paid already.' });
    expect(await anna.phone.pay(link)).toEqual({ paid: false, reason: 'Это уже оплачено.' });
  });

  it('of somebody whom nobody has met are asked about as such', async () => {
    payments.on(CheckChannelPayment, ({ body: { userId } }) => ({
      refusal: userId === null ? { en: 'It is not yours.', ru: 'Это не ваше.' } : null,
    }));
    const stranger = await telegram.person('ru');
    expect(await stranger.pay(await linkFor('order-3:1'))).toEqual({ paid: false, reason: 'Это не ваше.' });
  });

  it('are refused in plain words where payments does not answer within four seconds, and hold up nothing meanwhile', async () => {
    const { phone } = await someone('ru');
    const other = await telegram.person('en');
    const link = await linkFor('order-4:1');
    payments.on(CheckChannelPayment, () => new Promise(() => undefined));
    const begun = performance.now();
    const paying = phone.pay(link);
    await until(() => payments.askedFor(CheckChannelPayment).some(({ body }) => body.payload === 'order-4:1'), {
      what: 'that payments is asked',
    });
    await hear(app, other, 'Is anybody there?');
    expect(performance.now() - begun).toBeLessThan(3000);
    expect(await paying).toEqual({
      paid: false,
      reason: 'Сейчас принять оплату не получается. Ничего не списано; попробуйте, пожалуйста, через минуту.',
    });
    expect(performance.now() - begun).toBeLessThan(9000);
  });

  it('do not wait for the others that came with them', async () => {
    const [slow, slower, { phone }] = [await someone(), await someone(), await someone()];
    const link = await linkFor('order-10:1');
    /** Whatever the person writes is not processed until this is released. */
    const hold = async (userId: string) => {
      const runner = app.service.db.createQueryRunner();
      await runner.startTransaction();
      await runner.query('SELECT FROM chats WHERE user_id = $1 FOR UPDATE', [userId]);
      return async () => {
        await runner.rollbackTransaction();
        await runner.release();
      };
    };
    const free = [await hold(slow.userId), await hold(slower.userId)];
    await slow.phone.say('One moment');
    await slower.phone.say('One moment');
    const paying = phone.pay(link);
    await free[0]!();
    expect(await paying).toMatchObject({ paid: true });
    await free[1]!();
  });

  it('are told of once, though the channel brings them twice', async () => {
    const { phone, userId } = await someone();
    await telegram.misbehave({ target: 'telegram.updates', kind: 'duplicate', after: 1, times: 1 });
    const chargeId = await paid(phone, await linkFor('order-5:1'));
    await received(chargeId);
    await telegram.misbehave();
    await hear(app, phone, 'Thank you');
    expect(app.probe.all(ChannelPaymentReceived).filter(({ data }) => data.userId === userId)).toHaveLength(1);
  });

  it('that renew are told of as such, and so is whether they go on', async () => {
    const { phone, userId } = await someone();
    const first = await paid(phone, await linkFor('order-6:1', { renewsAfterDays: 30 }));
    const { data: begun } = await received(first);
    expect(begun).toMatchObject({ renews: true, isRenewal: false });
    expect(Date.parse(begun.paidUntil!) - Date.parse(begun.paidAt)).toBe(30 * 86_400_000);
    const { chargeId } = await control(first, 'renew');
    expect((await received(chargeId)).data).toMatchObject({ payload: 'order-6:1', isRenewal: true, userId });

    const changed = (state: string) =>
      app.probe.until(ChannelRenewalChanged, ({ data }) => data.userId === userId && data.state === state);
    await control(first, 'fail-renewal');
    expect((await changed('failed')).data.payload).toBe('order-6:1');
    const charge = { params: { ...params, chargeId: first } };
    await client.call(ChangeChannelRenewal, { ...charge, body: { userId, renews: false } });
    await changed('canceled');
    await client.call(ChangeChannelRenewal, { ...charge, body: { userId, renews: true } });
    await changed('active');
  });

  it('go back when payments asks for it, once, and are told of whoever has asked', async () => {
    const { phone, userId } = await someone();
    const [asked, unasked] = [
      await paid(phone, await linkFor('order-7:1')),
      await paid(phone, await linkFor('order-8:1')),
    ];
    const refund = () =>
      client.call(RefundChannelPayment, { params: { ...params, chargeId: asked }, body: { userId } });
    await refund();
    await refund();
    await control(unasked, 'take-back');
    for (const chargeId of [asked, unasked]) {
      const { data } = await app.probe.until(ChannelPaymentRefunded, (event) => event.data.chargeId === chargeId);
      expect(data).toMatchObject({ userId, amountMinor: 250, currency: 'XTR' });
    }
    const missing = client.call(RefundChannelPayment, { params: { ...params, chargeId: 'never' }, body: { userId } });
    await expect(missing).rejects.toMatchObject({ problem: { code: 'bot-adapter.payment_refused' } });
  });

  it('go back to the account with which somebody has paid, of those they have', async () => {
    const [{ phone, userId }, other] = [await someone(), await telegram.person('en')];
    const first = await paid(phone, await linkFor('order-11:1', { renewsAfterDays: 30 }));
    await received(first);
    const about = { identityId: uuidv7(), userId, channel: 'telegram', externalId: String(other.id) };
    await app.probe.say(IdentityLinked({ ...about, linkedAt: new Date().toISOString() }));
    const linked = 'SELECT FROM people WHERE external_hash = $1 AND user_id = $2';
    await until(async () => (await app.service.db.query<[]>(linked, [externalHash(other.id), userId])).length > 0, {
      what: 'the other account',
    });
    expect((await hear(app, other, 'Hello')).data.userId).toBe(userId);
    const second = await paid(other, await linkFor('order-12:1'));
    await received(second);
    await client.call(ChangeChannelRenewal, {
      params: { ...params, chargeId: first },
      body: { userId, renews: false },
    });
    for (const chargeId of [first, second]) {
      await client.call(RefundChannelPayment, { params: { ...params, chargeId }, body: { userId } });
      await app.probe.until(ChannelPaymentRefunded, (event) => event.data.chargeId === chargeId);
    }
  });

  it('are listed page by page and from a time on, also those of which no update has come', async () => {
    const { phone, userId } = await someone();
    await telegram.misbehave({ target: 'telegram.updates', kind: 'drop', after: 1, times: 1 });
    const lost = await paid(phone, await linkFor('order-9:1', { amountMinor: 77 }));
    await telegram.misbehave();
    const all: { chargeId: string; userId: string | null; direction: string }[] = [];
    for (let cursor: string | undefined; ;) {
      const page = await client.call(ListChannelPayments, { params, query: { limit: 3, ...(cursor && { cursor }) } });
      if (page.data.length === 0) break;
      all.push(...page.data);
      cursor = page.cursor;
    }
    expect(all.find(({ chargeId }) => chargeId === lost)).toMatchObject({ userId, amountMinor: 77, direction: 'in' });
    expect(all.filter(({ direction }) => direction === 'out').length).toBe(4);
    const later = new Date(Date.now() + 60_000).toISOString();
    const none = await client.call(ListChannelPayments, { params, query: { since: later } });
    expect(none).toEqual({ data: [], cursor: String(all.length) });
    const earlier = new Date(Date.now() - 3_600_000).toISOString();
    const since = await client.call(ListChannelPayments, { params, query: { since: earlier } });
    expect(since.data).toHaveLength(all.length);
  });

  it('are nobody’s business but of payments', async () => {
    const body = { payload: 'x', title: 'x', description: 'x', amountMinor: 1, currency: 'XTR' };
    const other = new ServiceIdentity('chat-ai', app.keys);
    const asked = new ServiceClient(other, new Map([['bot-adapter', app.url]]), new Registry());
    await expect(asked.call(CreatePaymentLink, { params, body })).rejects.toMatchObject({ status: 404 });
  });

  it.each([
    ['another currency', { currency: 'RUB' }],
    ['another period', { renewsAfterDays: 7 }],
  ])('for %s are refused', async (_, more) => {
    const body = { payload: 'x', title: 'x', description: 'x', amountMinor: 1, currency: 'XTR', ...more };
    const made = client.call(CreatePaymentLink, { params, body });
    await expect(made).rejects.toMatchObject({ problem: { code: 'bot-adapter.payment_refused' } });
  });
});
