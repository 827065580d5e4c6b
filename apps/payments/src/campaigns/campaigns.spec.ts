import {
  type Actor,
  CreateCampaign,
  EndCampaign,
  LinkFollowed,
  ListCampaigns,
  SubscriptionRenewed,
} from '@switchboard/contracts';
import { until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { BOT, DAY_MS, TestShop } from '../../test/build';

let shop: TestShop;
let planId: string;
beforeAll(async () => {
  shop = await TestShop.start();
  planId = await shop.plan();
});
afterAll(() => shop.app.stop());

const create = (name: string) =>
  shop.app.gateway.call(CreateCampaign, { body: { botId: BOT, name, title: name }, idempotencyKey: uuidv7() });
const results = async (id: string) => {
  const { data } = await shop.app.gateway.call(ListCampaigns, { query: { botId: BOT } });
  return data.find((campaign) => campaign.id === id)!.results;
};

async function follows({ id: userId }: Actor, deepLink: string, at = shop.app.clock.now()): Promise<void> {
  const where = { chatId: uuidv7(), botId: BOT, channel: 'telegram', userId };
  const event = await shop.app.probe.say(LinkFollowed({ ...where, deepLink, followedAt: at.toISOString() }));
  const applied = `SELECT FROM inbox WHERE consumer LIKE '%campaigns' AND event_id = $1`;
  await until(async () => (await shop.app.service.db.query<unknown[]>(applied, [event.id])).length === 1, {
    what: 'that it is heard',
  });
}
const buys = (actor: Actor, more = {}) => shop.buy(actor, { wanted: { kind: 'plan', planId }, ...more });

it('a link tells who came by it, what they bought and what went back', async () => {
  const campaign = await create('spring');
  expect(campaign).toMatchObject({ url: 'https://t.me/shop_bot?start=spring', results: { people: 0, orders: 0 } });
  const [ann, ben, eve] = [shop.person(), shop.person(), shop.person()];
  for (const person of [ann, ann, ben]) await follows(person, 'spring');
  await follows(eve, 'summer');
  const order = await buys(ann);
  await buys(eve);
  // Somebody else's app knows better.
  await buys(ben, { campaign: 'blog' });
  await shop.refund(order.id, 9900, true);
  expect(await results(campaign.id)).toEqual({
    ...{ people: 2, buyers: 1, orders: 1 },
    revenue: [{ currency: 'RUB', amountMinor: 19900 }],
    refunds: [{ currency: 'RUB', amountMinor: 9900 }],
  });
});

it('the link that made them come last counts, for a month', async () => {
  const [first, second] = [await create('first'), await create('second')];
  const [ann, ben] = [shop.person(), shop.person()];
  const ago = (days: number) => new Date(shop.app.clock.now().getTime() - days * DAY_MS);
  await follows(ann, 'first', ago(10));
  await follows(ann, 'second', ago(5));
  await follows(ben, 'first', ago(31));
  await buys(ann);
  await buys(ben);
  expect(await results(first.id)).toMatchObject({ people: 2, orders: 0 });
  expect(await results(second.id)).toMatchObject({ people: 1, orders: 1 });
});

it('what was bought under its name before there was one, and what goes on by itself, is none of it', async () => {
  const ann = shop.person();
  await buys(ann, { campaign: 'winter' });
  shop.app.clock.advance(1000);
  const { id } = await create('winter');
  expect(await results(id)).toMatchObject({ orders: 0, revenue: [] });
  const wanted = { kind: 'plan', planId, autoRenew: true } as const;
  await shop.buy(ann, { wanted, saves: 'card', campaign: 'winter' });
  await shop.later(31 * DAY_MS);
  await shop.runs('renew-subscriptions');
  const renewed = () => shop.app.probe.all(SubscriptionRenewed).some(({ data }) => data.userId === ann.id);
  await until(renewed, { what: 'the renewal' });
  expect(await results(id)).toMatchObject({ orders: 1, revenue: [{ currency: 'RUB', amountMinor: 19900 }] });
});

it('an ended one counts nobody more, and its name is not given again', async () => {
  const { id } = await create('autumn');
  await follows(shop.person(), 'autumn');
  await shop.app.gateway.call(EndCampaign, { params: { campaignId: id } });
  await follows(shop.person(), 'autumn', new Date(shop.app.clock.now().getTime() + 1));
  expect((await results(id)).people).toBe(1);
  await expect(create('autumn')).rejects.toMatchObject({ status: 409 });
});

it.each(['ref_SPRING', 'gift_1', 'guest_1', 'a b', 'весна'])('a link cannot say %s', async (name) => {
  await expect(create(name)).rejects.toMatchObject({ status: 422 });
});
