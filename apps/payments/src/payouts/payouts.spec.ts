import {
  type Actor,
  ApprovePayout,
  CompletePayout,
  EndPartner,
  ListMyPayouts,
  ListPartners,
  ListPayouts,
  NoticeSendRequested,
  PayoutDecided,
  PayoutAsked,
  ReadPayout,
  RefusePayout,
  RequestPayout,
  SetPartner,
  SetShopTerms,
  WithdrawPayout,
} from '@switchboard/contracts';
import { erasePerson, until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { BOT, DAY_MS, TestShop } from '../../test/build';
import { PretendedGateway } from '../../test/pretended-gateway';

let gateway: PretendedGateway;
let shop: TestShop;
let planId: string;
beforeAll(async () => {
  gateway = await PretendedGateway.start();
  shop = await TestShop.start(gateway);
  planId = await shop.plan({ prices: { RUB: 10_000 } });
  await shop.terms({ referrals: { percents: [20] } });
});
beforeEach(() => {
  gateway.verdict = 'passed';
  gateway.demands.length = 0;
});
afterEach(async () => expect(await shop.ledgerFaults()).toEqual([]));
afterAll(async () => {
  await shop.app.stop();
  gateway.stop();
});

const staff = (more: Partial<Actor> = {}): Actor => ({
  kind: 'staff',
  id: uuidv7(),
  roles: [],
  scopes: ['*'],
  ...more,
});
const key = () => ({ idempotencyKey: uuidv7() });
const call = () => shop.app.gateway;
const refusal = (code: string) => ({ problem: { code: `payments.${code}` } });
const query = { botId: BOT };
const payableOf = async (actor: Actor) => (await call().call(ListMyPayouts, { query }, { actor })).payable;
const request = (actor: Actor, amountMinor: number, more: object = {}) =>
  call().call(
    RequestPayout,
    { body: { botId: BOT, amountMinor, currency: 'RUB', details: '4477 0000 1111 2222', ...more }, ...key() },
    { actor },
  );
const decide = (payoutId: string, revision: number) => ({ params: { payoutId }, ifMatch: `"${revision}"` });

/** Somebody who has earned 2000 kopecks, which are theirs. */
async function anEarner(): Promise<Actor> {
  const [ann, ben] = [shop.person(), shop.person()];
  await shop.meets(ann);
  const { db } = shop.app.service;
  await db.query(
    `INSERT INTO referrals (bot_id, user_id, met_at, inviter_id, link_id) VALUES ($1, $2, now(), $3, $4)`,
    [...[BOT, ben.id, ann.id, uuidv7()]],
  );
  await shop.buy(ben, { wanted: { kind: 'plan', planId } });
  const made = `SELECT FROM rewards WHERE user_id = $1`;
  await until(async () => (await db.query<unknown[]>(made, [ann.id])).length === 1, { what: 'the reward' });
  await shop.later(15 * DAY_MS);
  await shop.runs('release-rewards');
  expect(await shop.balanceOf(ann)).toBe(2000);
  return ann;
}

it('what was earned is asked for, approved by two, sent, and gone', async () => {
  const ann = await anEarner();
  expect(await payableOf(ann)).toEqual([{ currency: 'RUB', amountMinor: 2000 }]);
  const { id } = await request(ann, 1500);
  expect(await shop.balanceOf(ann)).toBe(500);
  const asked = await shop.app.probe.until(PayoutAsked, ({ data }) => data.payoutId === id);
  expect(asked.data).toMatchObject({ userId: ann.id, botId: BOT, amountMinor: 1500 });
  const notice = await shop.app.probe.until(NoticeSendRequested, ({ data }) => data.noticeId === id);
  expect(JSON.stringify(notice.data)).not.toContain('4477');

  const read = { params: { payoutId: id }, reason: 'it is to be sent' };
  expect((await call().call(ReadPayout, read)).details).toBe('4477 0000 1111 2222');
  gateway.verdict = 'required';
  await expect(call().call(ApprovePayout, decide(id, 1), { actor: staff() })).rejects.toMatchObject({ status: 423 });
  gateway.verdict = 'passed';
  const early = { ...decide(id, 1), body: { reference: 'transfer 7' } };
  await expect(call().call(CompletePayout, early)).rejects.toMatchObject(refusal('payout_decided'));
  const approved = await call().call(ApprovePayout, decide(id, 1), { actor: staff() });
  expect(approved).toMatchObject({ state: 'approved', approvedBy: expect.stringMatching(/^staff:/) as string });
  expect(gateway.demands).toEqual([ApprovePayout.id, ApprovePayout.id]);

  const sent = { ...decide(id, approved.revision), body: { reference: 'transfer 7' } };
  const twice = await Promise.allSettled([1, 2, 3].map(() => call().call(CompletePayout, sent)));
  expect(twice.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  const decided = await shop.app.probe.until(PayoutDecided, ({ data }) => data.payoutId === id);
  expect(decided.data).toMatchObject({ botId: BOT, paid: true });
  expect((await call().call(ReadPayout, read)).details).toBeNull();
  expect(await payableOf(ann)).toEqual([{ currency: 'RUB', amountMinor: 500 }]);
  expect(await shop.balanceOf(ann)).toBe(500);
});

it('one can be asked for at a time, however many ask at once', async () => {
  const ann = await anEarner();
  const asked = await Promise.allSettled(Array.from({ length: 5 }, () => request(ann, 1000)));
  expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  await expect(request(ann, 1000)).rejects.toMatchObject(refusal('payout_open'));
  expect(await shop.balanceOf(ann)).toBe(1000);
});

it('what is refused or taken back is on the balance again, once', async () => {
  const ann = await anEarner();
  const first = await request(ann, 2000);
  const refused = { ...decide(first.id, 1), body: { refusal: 'details' } };
  await Promise.allSettled([1, 2].map(() => call().call(RefusePayout, refused)));
  expect(await shop.balanceOf(ann)).toBe(2000);
  const { data } = await call().call(ListMyPayouts, { query }, { actor: ann });
  expect(data).toMatchObject([{ state: 'refused', refusal: 'details' }]);
  const second = await request(ann, 2000);
  const mine = { params: { payoutId: second.id } };
  await Promise.allSettled([1, 2].map(() => call().call(WithdrawPayout, { ...mine, ...key() }, { actor: ann })));
  expect(await shop.balanceOf(ann)).toBe(2000);
  const foreign = call().call(WithdrawPayout, { ...mine, ...key() }, { actor: shop.person() });
  await expect(foreign).rejects.toMatchObject(refusal('payout_not_found'));
});

it('what was topped up is not paid out, nor what was spent', async () => {
  const ann = await anEarner();
  await shop.buy(ann, { wanted: { kind: 'top-up', amountMinor: 5000 } });
  await expect(request(ann, 2001)).rejects.toMatchObject(refusal('payout_too_large'));
  const dear = await shop.plan({ prices: { RUB: 6000 } });
  await shop.place(ann, { wanted: { kind: 'plan', planId: dear }, provider: undefined });
  expect(await payableOf(ann)).toEqual([{ currency: 'RUB', amountMinor: 1000 }]);
  await expect(request(ann, 1001)).rejects.toMatchObject(refusal('payout_too_large'));
});

it.each([
  ['less than the terms say', 999, {}],
  ['a currency of which nothing is paid out', 2000, { currency: 'USD' }],
])('%s is refused', async (_, amountMinor, more) => {
  await expect(request(await anEarner(), amountMinor, more)).rejects.toMatchObject(refusal('payout_too_small'));
});

it('who sees one bot only sees its payouts only, and of who was erased nobody sees where it was to go', async () => {
  const ann = await anEarner();
  const { id } = await request(ann, 1000);
  const elsewhere = { actor: staff({ bots: ['other'] }) };
  expect((await call().call(ListPayouts, { query: {} }, elsewhere)).data).toEqual([]);
  await expect(call().call(ApprovePayout, decide(id, 1), elsewhere)).rejects.toMatchObject(refusal('payout_not_found'));
  const here = { actor: staff({ bots: [BOT] }) };
  const open = await call().call(ListPayouts, { query: { state: 'asked', userId: ann.id } }, here);
  expect(open.data).toMatchObject([{ id, userId: ann.id }]);
  expect(await erasePerson(shop.app, ann.id)).toEqual([]);
  expect((await call().call(ReadPayout, { params: { payoutId: id }, reason: 'a check' })).details).toBeNull();
});

describe('a partner', () => {
  const params = () => ({ botId: BOT, userId: uuidv7() });
  const set = (who: { botId: string; userId: string }, percents: number[]) =>
    call().call(SetPartner, { params: who, body: { percents, everyPayment: true }, ...key() }, { actor: staff() });

  it('has terms of their own until they are ended, and is listed with what came of them', async () => {
    const who = params();
    expect(await set(who, [30, 5])).toMatchObject({ percents: [30, 5], revision: 1, earned: [], invited: 0 });
    expect(await set(who, [35])).toMatchObject({ percents: [35], revision: 2 });
    await call().call(EndPartner, { params: who });
    const { data } = await call().call(ListPartners, { params: { botId: BOT }, query: { limit: 1 } });
    expect(data).toMatchObject([{ userId: who.userId, endedAt: expect.any(Date) as Date }]);
    expect(gateway.demands).toEqual([]);
    await expect(call().call(EndPartner, { params: params() })).rejects.toMatchObject(refusal('partner_not_found'));
  });

  it('gets more than half only when two agree, as everybody does', async () => {
    gateway.verdict = 'required';
    await expect(set(params(), [40, 20])).rejects.toMatchObject({ status: 423 });
    const referrals = {
      ...{ percents: [60], everyPayment: true, holdDays: 1, maxPerDay: 1, newHours: 1, leastPayouts: [] },
    };
    const gifts = { openDays: 90, giverMayOpen: false, unopened: 'balance' } as const;
    const terms = { params: { botId: BOT }, body: { referrals, gifts }, ifMatch: '"1"' };
    await expect(call().call(SetShopTerms, terms, { actor: staff() })).rejects.toMatchObject({ status: 423 });
    expect(gateway.demands).toEqual([SetPartner.id, SetShopTerms.id]);
    expect((await call().call(ListPartners, { params: { botId: BOT }, query: {} })).data).toHaveLength(1);
  });
});
