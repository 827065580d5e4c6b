import {
  AccessGranted,
  AccessMoved,
  type Actor,
  ReadMyMailNotices,
  SetMyMailNotices,
  SubscriptionExpiring,
} from '@switchboard/contracts';
import { until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { BOT, DAY_MS, TestShop } from '../../test/build';
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
const expiring = ({ id: userId }: Actor, inMs: number) => {
  const at = (ms: number) => new Date(shop.app.clock.now().getTime() + ms).toISOString();
  const of = {
    subscriptionId: uuidv7(),
    revision: 1,
    userId,
    botId: BOT,
    planId,
    level: 'plus',
    status: 'active' as const,
  };
  const until = { startedAt: at(0), periodStart: at(0), validUntil: at(inMs), servedUntil: at(inMs + DAY_MS) };
  return SubscriptionExpiring({ ...of, ...until, features: {}, autoRenew: false, daysLeft: 1 });
};

it('whoever pays reads so in both languages, once however often it is told, and so does whoever gets it back', async () => {
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
  await shop.app.probe.say(expiring(actor, DAY_MS));
  await shop.buy(actor, { wanted: { kind: 'plan', planId } });
  await heard(actor, ['Shop: Paid: ₽199']);
  await switchOff(actor);
  await shop.app.probe.say(granted(actor));
  await heard(actor, ['Shop: Your access is ready']);
  expect(subjectsTo(actor)).toHaveLength(2);
});

it('what is past by the time a mail can be sent is not told', async () => {
  const actor = shop.person();
  await shop.app.probe.say(expiring(actor, -1));
  await shop.app.probe.say(expiring(actor, DAY_MS));
  const day = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'long', timeZone: 'UTC' });
  await heard(actor, [`Shop: Your subscription ends on ${day.format(shop.app.clock.now().getTime() + DAY_MS)}`]);
  expect(subjectsTo(actor)).toHaveLength(1);
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
