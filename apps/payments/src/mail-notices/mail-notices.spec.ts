import {
  AccessGranted,
  AccessMoved,
  type Actor,
  ReadMyMailNotices,
  SetMyMailNotices,
  SubscriptionExpiring,
} from '@switchboard/contracts';
import { ServiceClient } from '@switchboard/service-kit';
import { until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { BOT, TestShop } from '../../test/build';
import { PretendedGateway } from '../../test/pretended-gateway';
import { mailNotice, MAIL_NOTICES, writeLetter } from './mail-notices';

let gateway: PretendedGateway;
let shop: TestShop;
let planId: string;
beforeAll(async () => {
  gateway = await PretendedGateway.start();
  shop = await TestShop.start(gateway);
  planId = await shop.plan();
});
beforeEach(() => {
  gateway.mailOutcome = 'sent';
});
afterAll(async () => {
  await shop.app.stop();
  gateway.stop();
});

const lettersTo = ({ id }: Actor) => gateway.toPeople.filter(({ userId }) => userId === id);
const subjectsTo = (actor: Actor) => lettersTo(actor).map(({ en }) => en.subject);
const heard = (actor: Actor, subjects: string[]) =>
  until(() => subjects.every((subject) => subjectsTo(actor).includes(subject)), {
    what: `mails ${subjects.join(', ')}`,
  });
const switchOff = (actor: Actor, ...switchedOff: ('granted' | 'expiring' | 'refunds')[]) =>
  shop.app.gateway.call(SetMyMailNotices, { body: { switchedOff } }, { actor });

const servers = [{ serverId: uuidv7(), region: 'de' }];
const accessOf = ({ id: userId }: Actor) => ({
  accessId: uuidv7(),
  subscriptionId: uuidv7(),
  userId,
  botId: BOT,
  revision: 1,
});
const granted = (actor: Actor) =>
  AccessGranted({ ...accessOf(actor), servers, first: true, grantedAt: new Date().toISOString() });
/** Somebody who has a plan that ends in a day. */
async function ending(): Promise<Actor> {
  const actor = shop.person();
  await shop.buy(actor, { wanted: { kind: 'plan', planId } });
  const soon = shop.app.clock.now().getTime() + 20 * 3_600_000;
  await shop.app.service.db.query(
    `UPDATE subscriptions SET valid_until = $2, served_until = $2, period_start = period_start - interval '1 month' WHERE user_id = $1`,
    [actor.id, new Date(soon)],
  );
  return actor;
}

it('whoever pays reads so in both languages, and so does whoever gets it back', async () => {
  const actor = shop.person();
  const order = await shop.buy(actor, { wanted: { kind: 'plan', planId } });
  await heard(actor, ['Shop: Paid: ₽199']);
  const [{ ru }] = lettersTo(actor) as [(typeof gateway.toPeople)[number]];
  expect(ru).toMatchObject({
    subject: 'Shop: Оплачено: 199\u00a0₽',
    before: 'Мы получили ваш платёж: 199\u00a0₽. Спасибо!',
    links: [{ url: '/me/payments' }],
  });
  await shop.refund(order.id, 10_000, true);
  await heard(actor, ['Shop: Refund: ₽100']);
  expect(subjectsTo(actor)).toHaveLength(2);
});

it('access that is there and access that moves is told of', async () => {
  const actor = shop.person();
  const first = granted(actor);
  await shop.app.probe.say(first);
  await shop.app.probe.say(AccessGranted({ ...first.data, accessId: uuidv7(), first: false }));
  const [from, to] = [servers[0]!, { serverId: uuidv7(), region: 'nl' }];
  await shop.app.probe.say(AccessMoved({ ...accessOf(actor), from, to, reason: 'server_down' }));
  const told = ['Shop: Your access is ready', 'Shop: You are served by another server'];
  await heard(actor, told);
  expect(subjectsTo(actor).sort()).toEqual(told.sort());
});

it('what is switched off is not told, and payments are told all the same', async () => {
  const actor = shop.person();
  expect(await shop.app.gateway.call(ReadMyMailNotices, {}, { actor })).toEqual({ switchedOff: [] });
  await switchOff(actor, 'granted', 'expiring');
  expect(await shop.app.gateway.call(ReadMyMailNotices, {}, { actor })).toEqual({
    switchedOff: ['granted', 'expiring'],
  });
  await shop.app.probe.say(granted(actor));
  await shop.buy(actor, { wanted: { kind: 'plan', planId } });
  await heard(actor, ['Shop: Paid: ₽199']);
  await switchOff(actor);
  await shop.app.probe.say(granted(actor));
  await heard(actor, ['Shop: Your access is ready']);
  expect(subjectsTo(actor)).toHaveLength(2);
});

it('the end of a subscription is told, and not to whoever has renewed it before the mail could be sent', async () => {
  const [ann, ben] = [await ending(), await ending()];
  const held = jest.spyOn(shop.app.service.nest.get(ServiceClient, { strict: false }), 'call');
  held.mockRejectedValue(new Error('the gateway is away'));
  await shop.runs('tell-of-ends');
  for (const { id: userId } of [ann, ben])
    await shop.app.probe.until(SubscriptionExpiring, ({ data }) => data.userId === userId);
  const [{ id: subscriptionId }] = await shop.app.service.db.query<[{ id: string }]>(
    `SELECT id FROM subscriptions WHERE user_id = $1`,
    [ben.id],
  );
  await until(() => held.mock.calls.length >= 2, { what: 'both mails to be tried' });
  held.mockRestore();
  await shop.buy(ben, { wanted: { kind: 'plan', planId, subscriptionId } });
  await shop.app.service.db.query(`UPDATE payments_jobs._private_jobs SET run_at = now()`);
  const isEnd = (subject: string) => subject.startsWith('Shop: Your subscription ends on');
  await until(() => subjectsTo(ann).some(isEnd), { what: 'the mail of an end' });
  await until(() => subjectsTo(ben).filter((subject) => subject === 'Shop: Paid: ₽199').length === 2, {
    what: 'the mail of the renewal',
  });
  const waiting = `SELECT FROM payments_jobs.jobs WHERE task_identifier = 'mail-notice'`;
  await until(async () => (await shop.app.service.db.query<unknown[]>(waiting)).length === 0, { what: 'no mail' });
  expect(subjectsTo(ben).filter(isEnd)).toEqual([]);
});

it('a server that does not say whether it has a mail gets it once more, as the same one', async () => {
  gateway.mailOutcome = 'unknown';
  const actor = shop.person();
  await shop.app.probe.say(granted(actor));
  await heard(actor, ['Shop: Your access is ready']);
  const mails = `FROM payments_jobs._private_jobs WHERE key LIKE 'mail-notice:%' AND locked_at IS NULL`;
  const waiting = () => shop.app.service.db.query<unknown[]>(`SELECT ${mails}`);
  await until(async () => (await waiting()).length === 1, { what: 'the second try' });
  expect(lettersTo(actor)).toHaveLength(1);
  await shop.app.service.db.query(`UPDATE payments_jobs._private_jobs SET run_at = now()`);
  await until(() => lettersTo(actor).length === 2, { what: 'it to be sent again' });
  await until(async () => (await waiting()).length === 0, { what: 'no more tries' });
  const [first, second] = lettersTo(actor);
  expect(second).toEqual(first);
});

it('what is told of twice is mailed once', async () => {
  const actor = shop.person();
  const held = jest.spyOn(shop.app.service.nest.get(ServiceClient, { strict: false }), 'call');
  held.mockRejectedValue(new Error('the gateway is away'));
  const event = granted(actor);
  const said = await shop.app.probe.say(event);
  await shop.app.probe.sayAgain(said);
  const waits = `SELECT FROM payments_jobs._private_jobs WHERE key LIKE 'mail-notice:granted:%' AND attempts = 1 AND locked_at IS NULL`;
  await until(async () => (await shop.app.service.db.query<unknown[]>(waits)).length === 1, { what: 'the next try' });
  await shop.app.probe.say(event);
  held.mockRestore();
  await shop.app.service.db.query(`UPDATE payments_jobs._private_jobs SET run_at = now()`);
  await heard(actor, ['Shop: Your access is ready']);
  // Whatever came of the others has come before this.
  await shop.buy(actor, { wanted: { kind: 'plan', planId } });
  await heard(actor, ['Shop: Paid: ₽199']);
  expect(subjectsTo(actor)).toHaveLength(2);
});

it('an installation without e-mail goes on', async () => {
  gateway.mailOutcome = 'not-offered';
  const actor = shop.person();
  await shop.buy(actor, { wanted: { kind: 'plan', planId } });
  await heard(actor, ['Shop: Paid: ₽199']);
  const waiting = `SELECT FROM payments_jobs.jobs WHERE task_identifier = 'mail-notice'`;
  await until(async () => (await shop.app.service.db.query<unknown[]>(waiting)).length === 0, {
    what: 'no job to wait',
  });
});

it.each(Object.keys(MAIL_NOTICES))('%s fills all that it says in both languages', (name) => {
  const facts = { money: { amountMinor: 100, currency: 'RUB' }, at: '2027-03-01T00:30:00Z' };
  const sender = { name: 'Shop', timeZone: 'Europe/Moscow' };
  for (const locale of ['en', 'ru'] as const) {
    const { subject, before } = writeLetter(mailNotice(name)!, facts, sender, locale);
    expect(`${subject} ${before}`).not.toMatch(/[{}]|undefined/);
  }
});
