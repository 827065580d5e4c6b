import {
  type Actor,
  CreateOffer,
  type CustomerCriteria,
  EndOffer,
  ListMyOffers,
  ListOffers,
  ListPromoCodes,
  QuoteOrder,
} from '@switchboard/contracts';
import type { AnswerOf } from '@switchboard/service-kit';
import fc from 'fast-check';
import { v7 as uuidv7 } from 'uuid';
import { BOT, DAY_MS, TestShop } from '../../test/build';
import { isHeldOut } from './hold-out';
import { differenceOf } from './rates';

type Offer = AnswerOf<typeof CreateOffer>;

let shop: TestShop;
let planId: string;
beforeAll(async () => {
  shop = await TestShop.start();
  planId = await shop.plan();
});
afterAll(() => shop.app.stop());

const TEXT = { en: 'Half price for you', ru: 'Вам за полцены' };
const ended: Offer[] = [];

async function offered(
  criteria: CustomerCriteria,
  more: { cap?: number; holdOutPercent?: number; days?: number; until?: string } = {},
): Promise<Offer> {
  const { days = 7, ...rest } = more;
  const offer = await shop.app.gateway.call(CreateOffer, {
    body: {
      ...{ botId: BOT, title: 'Half', text: TEXT, criteria, gives: { kind: 'percent', percent: 50 }, planIds: null },
      ...{ holdOutPercent: 0, until: new Date(shop.app.clock.now().getTime() + days * DAY_MS).toISOString(), ...rest },
    },
    idempotencyKey: uuidv7(),
  });
  ended.push(offer);
  return offer;
}

// The offers of one case are not to be those of the next one.
afterEach(async () => {
  for (const { id, revision } of ended.splice(0))
    await shop.app.gateway.call(EndOffer, { params: { offerId: id }, ifMatch: `"${revision}"` }).catch(() => undefined);
});

const mine = async (actor: Actor) =>
  (await shop.app.gateway.call(ListMyOffers, { query: { botId: BOT } }, { actor, timeoutMs: 60_000 })).data;
const results = async (id: string) => {
  const { data } = await shop.app.gateway.call(ListOffers, { query: { botId: BOT } });
  return data.find((offer) => offer.id === id)!.results;
};
const wanted = () => ({ kind: 'plan', planId }) as const;
const quote = (actor: Actor, promoCode: string) =>
  shop.app.gateway.call(QuoteOrder, { body: { botId: BOT, wanted: wanted(), currency: 'RUB', promoCode } }, { actor });

it('an offer is shown to the people of its segment alone, and works for nobody else', async () => {
  const [buyer, stranger] = [shop.person(), shop.person()];
  await shop.buy(buyer, { wanted: wanted() });
  const { id } = await offered({ boughtWithinDays: 3 });
  const [shown] = await mine(buyer);
  expect(shown).toMatchObject({ offerId: id, text: TEXT, gives: { kind: 'percent', percent: 50 } });
  expect(await mine(stranger)).toEqual([]);
  expect((await quote(buyer, shown!.promoCode)).dueMinor).toBe(9950);
  await expect(quote(stranger, shown!.promoCode)).rejects.toMatchObject({
    problem: { code: 'payments.promo_not_found' },
  });
  const { data } = await shop.app.gateway.call(ListPromoCodes, { query: { botId: BOT } });
  expect(data.map(({ code }) => code)).not.toContain(shown!.promoCode);
});

it('an offer that would be over already is none', async () => {
  await expect(offered({}, { days: -1 })).rejects.toMatchObject({
    status: 422,
    problem: { code: 'payments.offer_over' },
  });
});

it('two offers that end together are decided on by many at once, in one order', async () => {
  const until = new Date(shop.app.clock.now().getTime() + DAY_MS).toISOString();
  await Promise.all([offered({}, { until }), offered({}, { until })]);
  const all = await Promise.all(Array.from({ length: 30 }, () => mine(shop.person())));
  expect(all.map((offers) => offers.length)).toEqual(all.map(() => 2));
});

it('the order that uses it counts for it, and it is not shown again', async () => {
  const [ann, ben] = [shop.person(), shop.person()];
  const { id } = await offered({ neverBought: true });
  const [shown] = await mine(ann);
  await mine(ben);
  await shop.buy(ann, { wanted: wanted(), promoCode: shown!.promoCode });
  expect(await mine(ann)).toEqual([]);
  expect(await results(id)).toMatchObject({
    shown: { people: 2, bought: 1, rate: 0.5 },
    heldOut: { people: 0, bought: 0, rate: null },
    difference: null,
    orders: 1,
    revenue: [{ currency: 'RUB', amountMinor: 9950 }],
  });
});

it('who was shown it once sees it again, whatever they are by then, until it ends', async () => {
  const ann = shop.person();
  const offer = await offered({ states: ['none'] });
  expect(await mine(ann)).toHaveLength(1);
  await shop.buy(ann, { wanted: wanted() });
  expect(await mine(ann)).toHaveLength(1);
  const { promoCode } = (await mine(ann))[0]!;
  await shop.app.gateway.call(EndOffer, { params: { offerId: offer.id }, ifMatch: `"${offer.revision}"` });
  expect(await mine(ann)).toEqual([]);
  await expect(quote(ann, promoCode)).rejects.toMatchObject({ status: 422 });
});

it('of fifty who ask at once ten get an offer of ten', async () => {
  const { id } = await offered({}, { cap: 10 });
  const people = Array.from({ length: 50 }, () => shop.person());
  const shown = await Promise.all(people.map(mine));
  expect(shown.filter((offers) => offers.length > 0)).toHaveLength(10);
  // Who got it has it still, and nobody else does.
  expect(await Promise.all(people.map(mine))).toEqual(shown);
  expect((await results(id)).shown.people).toBe(10);
});

it('somebody who asks many times at once is shown it once', async () => {
  const { id } = await offered({}, { cap: 5 });
  const ann = shop.person();
  await Promise.all(Array.from({ length: 20 }, () => mine(ann)));
  expect((await results(id)).shown.people).toBe(1);
});

it('who is held out never sees it, and what they buy is compared with', async () => {
  const { id } = await offered({}, { holdOutPercent: 50 });
  const people = Array.from({ length: 40 }, () => shop.person());
  const held = people.filter((person) => isHeldOut(id, person.id, 50));
  for (const person of people) expect(await mine(person)).toHaveLength(held.includes(person) ? 0 : 1);
  await shop.buy(held[0]!, { wanted: wanted() });
  const { shown, heldOut, difference } = await results(id);
  expect([shown.people, heldOut.people]).toEqual([40 - held.length, held.length]);
  expect(heldOut).toMatchObject({ bought: 1, rate: 1 / held.length });
  expect(difference).toEqual(differenceOf(shown, heldOut));
});

describe('the hold-out', () => {
  const ids = fc.uuid({ version: 7 });

  it('is as large as it is to be, and the same whenever it is asked for', () => {
    fc.assert(
      fc.property(ids, fc.integer({ min: 0, max: 90 }), (offerId, percent) => {
        const people = Array.from({ length: 2000 }, () => uuidv7());
        const held = people.filter((userId) => isHeldOut(offerId, userId, percent));
        expect(people.filter((userId) => isHeldOut(offerId, userId, percent))).toEqual(held);
        // Five standard deviations: once in two million.
        const allowed = 5 * Math.sqrt(2000 * (percent / 100) * (1 - percent / 100));
        expect(Math.abs(held.length - 20 * percent)).toBeLessThanOrEqual(allowed);
      }),
      { numRuns: 30 },
    );
  });

  it('only grows with its percentage, and is another one for another offer', () => {
    fc.assert(
      fc.property(ids, ids, fc.integer({ min: 0, max: 89 }), (offerId, userId, percent) => {
        if (isHeldOut(offerId, userId, percent)) expect(isHeldOut(offerId, userId, percent + 1)).toBe(true);
      }),
    );
    const people = Array.from({ length: 500 }, () => uuidv7());
    const [one, other] = [uuidv7(), uuidv7()].map((offer) => people.filter((id) => isHeldOut(offer, id, 50)));
    expect(one).not.toEqual(other);
  });
});

it('the interval of a difference is that of the paper that says how to compute it', () => {
  // Newcombe 1998, table II, (a) and (e).
  const difference = differenceOf({ people: 70, bought: 56 }, { people: 80, bought: 48 })!;
  expect([difference.value, difference.low, difference.high].map((x) => x.toFixed(4))).toEqual([
    '0.2000',
    '0.0524',
    '0.3339',
  ]);
  const few = differenceOf({ people: 10, bought: 9 }, { people: 10, bought: 3 })!;
  expect([few.value, few.low, few.high].map((x) => x.toFixed(4))).toEqual(['0.6000', '0.1705', '0.8090']);
});
