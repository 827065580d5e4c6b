import {
  type Actor,
  GiftOpened,
  GiftReturned,
  ListMyGifts,
  OpenGift,
  OrderRefunded,
  PreviewGift,
} from '@switchboard/contracts';
import { erasePerson, until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { BOT, DAY_MS, TestShop } from '../../test/build';

let shop: TestShop;
let planId: string;
beforeAll(async () => {
  shop = await TestShop.start();
  planId = await shop.plan({ prices: { RUB: 10_000 } });
});
beforeEach(() => shop.terms({ gifts: { openDays: 90, giverMayOpen: false, unopened: 'balance' } }));
afterEach(async () => expect(await shop.ledgerFaults()).toEqual([]));
afterAll(() => shop.app.stop());

const refusal = (code: string) => ({ problem: { code: `payments.${code}` } });
const mine = async (actor: Actor) => (await shop.app.gateway.call(ListMyGifts, { query: {} }, { actor })).data;
const preview = (actor: Actor, code: string) => shop.app.gateway.call(PreviewGift, { body: { code } }, { actor });
const open = (actor: Actor, code: string, idempotencyKey = uuidv7()) =>
  shop.app.gateway.call(OpenGift, { body: { code }, idempotencyKey }, { actor });
const subscriptionsOf = async ({ id }: Actor) => {
  const known = `SELECT status, valid_until AS until FROM subscriptions WHERE user_id = $1 ORDER BY id`;
  return shop.app.service.db.query<{ status: string; until: Date }[]>(known, [id]);
};
const expire = async () => {
  await shop.later(91 * DAY_MS);
  await shop.runs('return-gifts');
};

async function aGift() {
  const ann = shop.person();
  const order = await shop.buy(ann, { wanted: { kind: 'gift', planId } });
  const [gift] = await mine(ann);
  return { ann, order, code: gift!.code! };
}

it('is bought by one, passed on by a link, and had by another', async () => {
  const { ann, order, code } = await aGift();
  const [gift] = await mine(ann);
  expect(gift).toMatchObject({ state: 'waiting', orderId: order.id, url: `https://t.me/shop_bot?start=gift_${code}` });
  expect((await shop.order(ann, order.id)).giftLink).toBe(gift!.url);
  expect(await subscriptionsOf(ann)).toEqual([]);
  const ben = shop.person();
  const shown = await preview(ben, code);
  expect(shown).toMatchObject({ botId: BOT, period: { count: 1, unit: 'month' }, isOwn: false });
  expect(JSON.stringify(shown)).not.toContain(ann.id);
  // As somebody writes it down.
  const subscription = await open(ben, `${code.slice(0, 4)}-${code.slice(4)}`.toLowerCase());
  expect(subscription).toMatchObject({ planId, status: 'active' });
  const opened = await shop.app.probe.until(GiftOpened, ({ data }) => data.giftId === gift!.id);
  expect(opened.data).toMatchObject({ giverUserId: ann.id, userId: ben.id });
  expect(await mine(ann)).toMatchObject([{ state: 'opened', code: null, url: null }]);
  expect((await shop.order(ann, order.id)).giftLink).toBeNull();
});

it('opens once, for one of ten who race for it, and again for nobody', async () => {
  const { code } = await aGift();
  const people = Array.from({ length: 10 }, () => shop.person());
  const raced = await Promise.allSettled(people.map((one) => open(one, code)));
  expect(raced.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  const all = await Promise.all(people.map(subscriptionsOf));
  expect(all.flat()).toHaveLength(1);
  await expect(open(shop.person(), code)).rejects.toMatchObject(refusal('gift_opened'));
  await expect(preview(shop.person(), code)).rejects.toMatchObject(refusal('gift_opened'));
});

it('gives the same person the same, however often they open it', async () => {
  const { code } = await aGift();
  const ben = shop.person();
  const key = uuidv7();
  const [first, repeated, again] = [await open(ben, code, key), await open(ben, code, key), await open(ben, code)];
  expect([repeated.id, again.id]).toEqual([first.id, first.id]);
  expect(again.validUntil).toEqual(first.validUntil);
});

it('lets what the person has already go on for longer', async () => {
  const ben = shop.person();
  await shop.buy(ben, { wanted: { kind: 'plan', planId } });
  const [before] = await subscriptionsOf(ben);
  const { code } = await aGift();
  await open(ben, code);
  const [after, ...others] = await subscriptionsOf(ben);
  expect(others).toEqual([]);
  expect(after!.until.getTime() - before!.until.getTime()).toBeGreaterThan(27 * DAY_MS);
});

it('is not for the giver, unless the terms allow it', async () => {
  const { ann, code } = await aGift();
  expect((await preview(ann, code)).isOwn).toBe(true);
  await expect(open(ann, code)).rejects.toMatchObject(refusal('gift_own'));
  await shop.terms({ gifts: { giverMayOpen: true } });
  expect(await open(ann, code)).toMatchObject({ status: 'active' });
});

describe('nobody has opened it in time', () => {
  it('its price is on the balance of the giver', async () => {
    const { ann, order, code } = await aGift();
    await expire();
    expect(await shop.balanceOf(ann)).toBe(10_000);
    const returned = await shop.app.probe.until(GiftReturned, ({ data }) => data.userId === ann.id);
    expect(returned.data.credited).toBe(true);
    await expect(open(shop.person(), code)).rejects.toMatchObject(refusal('gift_over'));
    await expire();
    expect(await shop.balanceOf(ann)).toBe(10_000);
    expect((await shop.order(ann, order.id)).state).toBe('refunded');
    expect(await mine(ann)).toMatchObject([{ state: 'credited', code: null }]);
  });

  it('or the giver alone can open it, by the terms', async () => {
    await shop.terms({ gifts: { unopened: 'giver' } });
    const { ann, code } = await aGift();
    await expire();
    expect(await shop.balanceOf(ann)).toBe(0);
    await expect(open(shop.person(), code)).rejects.toMatchObject(refusal('gift_over'));
    expect(await open(ann, code)).toMatchObject({ status: 'active' });
  });

  it('before the job comes by, it cannot be opened either', async () => {
    const { code } = await aGift();
    await shop.later(91 * DAY_MS);
    await expect(open(shop.person(), code)).rejects.toMatchObject(refusal('gift_over'));
  });
});

describe('its money goes back', () => {
  it('and it cannot be opened any more', async () => {
    const { ann, order, code } = await aGift();
    await shop.refund(order.id, 10_000);
    await expect(open(shop.person(), code)).rejects.toMatchObject(refusal('gift_over'));
    await shop.app.probe.until(OrderRefunded, ({ data }) => data.orderId === order.id);
    await until(async () => (await mine(ann))[0]!.state === 'taken-back', { what: 'the gift to be taken back' });
  });

  it('and what was opened ends', async () => {
    const { ann, order, code } = await aGift();
    const ben = shop.person();
    await open(ben, code);
    await shop.refund(order.id, 10_000);
    expect(await subscriptionsOf(ben)).toMatchObject([{ status: 'ended' }]);
    await until(async () => (await mine(ann))[0]!.state === 'taken-back', { what: 'the gift to be taken back' });
  });

  it('at the very moment it is opened: either way nobody has both', async () => {
    for (let i = 0; i < 5; i += 1) {
      const { order, code } = await aGift();
      const ben = shop.person();
      await Promise.allSettled([open(ben, code), shop.refund(order.id, 10_000, true)]);
      const served = (await subscriptionsOf(ben)).filter(({ status }) => status !== 'ended');
      expect(served).toEqual([]);
    }
  });
});

it('a code that nobody has opens nothing', async () => {
  await expect(open(shop.person(), 'AAAABBBBCCCCDDDD')).rejects.toMatchObject(refusal('gift_not_found'));
});

it('nobody sees the gifts of others, the code lies nowhere as it is, and erasure finds giver and receiver', async () => {
  const { ann, code } = await aGift();
  expect(await mine(shop.person())).toEqual([]);
  const rows = await shop.app.service.db.query<object[]>(`SELECT * FROM gifts`);
  expect(JSON.stringify(rows)).not.toContain(code);
  const ben = shop.person();
  await open(ben, code);
  expect(await erasePerson(shop.app, ben.id)).toEqual([]);
  expect(await erasePerson(shop.app, ann.id)).toEqual([]);
});
