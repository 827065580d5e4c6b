import { ErasureRequested, IdentityLinked, MembershipChanged } from '@switchboard/contracts';
import { BotsRegistry, Jobs, Schedules } from '@switchboard/service-kit';
import { type TestApp, until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { PretendedShop } from '../../../../test/pretended-shop';
import { changed, labels, press, urlOf, userOf } from '../../../../test/shop-phone';
import { BOTS, botsFolder, startBotAdapter, writeBots } from '../../../../test/start-bot-adapter';
import { KnownPeopleService } from '../../../contacts/known-people.service';
import { MembershipsJobs } from './memberships.jobs';
import { LUMEN, type Phone, type PretendedTelegram, startTelegram } from '../../../../test/start-sandbox';

const URL = 'https://t.me/lumen_news';
const HOUR_MS = 3_600_000;
const timeOfDay = (fromNowMs: number) => new Date(Date.now() + fromNowMs).toISOString().slice(11, 16);
/** Whatever the time is: it is day, or night. */
const BY_DAY = { from: timeOfDay(10 * HOUR_MS), to: timeOfDay(11 * HOUR_MS) };
const AT_NIGHT = { from: timeOfDay(-HOUR_MS), to: timeOfDay(HOUR_MS) };
const membership = { chat: '@lumen_news', url: URL, graceHours: 24 };
const lumenWith = (shop: object) => ({ ...BOTS['lumen'], products: ['vpn-shop'], timeZone: 'UTC', shop });

describe('the channel that a shop asks for', () => {
  let telegram: PretendedTelegram;
  let shop: PretendedShop;
  let app: TestApp;
  let channel: number;
  let folder: string;
  let slot = Date.now();

  beforeAll(async () => {
    telegram = await startTelegram();
    shop = await PretendedShop.start();
    const owner = await telegram.person();
    const bots = [LUMEN.username];
    const about = { title: 'News', username: 'lumen_news', people: [owner.id], bots, admins: bots };
    channel = (await telegram.control<{ id: number }>('POST', 'telegram/chats', about)).id;
    folder = botsFolder({ lumen: lumenWith({ membership, quiet: BY_DAY }) });
    app = await startBotAdapter(telegram, { directory: shop.directory, env: { BOTS_FOLDER: folder } });
  });
  afterAll(async () => {
    await app.stop();
    await telegram.close();
    shop.stop();
  });

  const setMember = (phone: Phone, isMember: boolean) =>
    telegram.control('PUT', `telegram/chats/${channel}/people/${phone.id}`, { isMember });
  const said = (phone: Phone, words: RegExp) => phone.answer(({ text }) => words.test(text ?? ''));
  const told = (userId: string) => app.probe.all(MembershipChanged).filter(({ data }) => data.userId === userId);
  /** Their time is over. */
  const letTimePass = async () => {
    await app.service.db.query(`UPDATE shop_members SET rests_at = rests_at - interval '48 hours'`);
    await app.service.db.query(`UPDATE bot_adapter_jobs._private_jobs SET run_at = now() WHERE key LIKE 'let-rest:%'`);
  };
  /** Nothing but the last of many tries is left. */
  const tryForTheLastTime = (key: string) =>
    app.service.db.query(
      `UPDATE bot_adapter_jobs._private_jobs SET run_at = now(), attempts = max_attempts - 1 WHERE key = $1 AND locked_at IS NULL AND attempts < max_attempts - 1`,
      [key],
    );
  const failed = async () => (await app.service.nest.get(Jobs).counts(app.service.db)).failed;
  const waitsFor = (userId: string) =>
    until(
      async () =>
        (
          await app.service.db.query<unknown[]>(
            `SELECT 1 FROM bot_adapter_jobs.jobs WHERE key LIKE 'let-rest:%' || $1`,
            [userId],
          )
        ).length > 0,
      { what: 'the time that is given' },
    );

  const describeShop = async (how: object) => {
    writeBots(folder, { lumen: lumenWith({ quiet: BY_DAY, ...how }) });
    await app.service.nest.get(BotsRegistry, { strict: false }).refresh();
  };
  const byTheHour = async () => {
    await app.service.db.query(`UPDATE shop_members SET checked_at = checked_at - interval '25 hours'`);
    slot += HOUR_MS;
    await app.service.nest.get(Schedules).runSlot('check-shop-members', new Date(slot));
  };
  const isToldTo = (userId: string, isMember: boolean) =>
    app.probe.until(MembershipChanged, ({ data }) => data.userId === userId && data.isMember === isMember);
  const waiting = async (userId: string) => {
    const rows = await app.service.db.query<{ key: string; inMs: number }[]>(
      `SELECT key, 1000 * extract(epoch FROM run_at - now())::float8 AS "inMs" FROM bot_adapter_jobs.jobs WHERE key LIKE '%' || $1`,
      [userId],
    );
    return new Map(rows.map(({ key, inMs }) => [key.replace(`:lumen:${userId}`, ''), inMs]));
  };

  /** Who has bought something, unless said otherwise. */
  async function member({ owns = true } = {}) {
    const phone = await telegram.person();
    await setMember(phone, true);
    await phone.start();
    await said(phone, /^Hello/);
    const userId = await userOf(app, phone);
    if (owns) shop.give(userId);
    return { phone, userId };
  }
  async function whoRests() {
    const one = await member();
    await setMember(one.phone, false);
    await waitsFor(one.userId);
    await letTimePass();
    await isToldTo(one.userId, false);
    return one;
  }

  it('is joined before anything else, but for help and what is about money', async () => {
    const phone = await telegram.person();
    await phone.start();
    const first = await said(phone, /First join our channel/);
    expect(urlOf(first, /Open the channel/)).toBe(URL);
    const help = await press(phone, first, /Help/, /How it works/);
    const home = await press(phone, help, /Back/, /First join our channel/);
    await press(phone, home, /I have joined/, /First join our channel/);
    await setMember(phone, true);
    const open = await press(phone, home, /I have joined/, /What would you like to do/);
    expect(labels(open)).toContain('🛒 Choose a plan');
  });

  it('is left by somebody who is told, and whose access rests when their time is over, until they are back', async () => {
    const { phone, userId } = await member();
    await setMember(phone, false);
    const notice = await said(phone, /You have left our channel.*your access rests/);
    expect(urlOf(notice, /Open the channel/)).toBe(URL);
    await waitsFor(userId);
    expect(told(userId)).toEqual([]);
    await letTimePass();
    await app.probe.until(MembershipChanged, ({ data }) => data.userId === userId && !data.isMember);
    await phone.press(notice.message_id, '✅ I have joined');
    await changed(phone, notice, /First join our channel/);
    await setMember(phone, true);
    await app.probe.until(MembershipChanged, ({ data }) => data.userId === userId && data.isMember);
    expect(told(userId)).toHaveLength(2);
  });

  it('is left and joined again in time, and nothing comes of it', async () => {
    const { phone, userId } = await member();
    await setMember(phone, false);
    await said(phone, /You have left our channel/);
    await setMember(phone, true);
    await letTimePass();
    const { phone: other, userId: gone } = await member();
    await setMember(other, false);
    await waitsFor(gone);
    await letTimePass();
    await app.probe.until(MembershipChanged, ({ data }) => data.userId === gone);
    expect(told(userId)).toEqual([]);
  });

  it('keeps nobody out while it cannot be asked', async () => {
    const phone = await telegram.person();
    await telegram.misbehave({ target: 'telegram.getChatMember', kind: '500' });
    await phone.start();
    expect((await said(phone, /^Hello/)).text).toMatch(/What would you like to do/);
    await telegram.misbehave();
  });

  it('is left by who has nothing to lose, who is told nothing', async () => {
    const { phone, userId } = await member({ owns: false });
    await setMember(phone, false);
    await waitsFor(userId);
    const { phone: other } = await member();
    await setMember(other, false);
    await said(other, /You have left our channel/);
    expect((await phone.answers()).some(({ text }) => /You have left/.test(text ?? ''))).toBe(false);
  });

  it('is left at night: they are told in the morning, and their time is counted from then on', async () => {
    const { phone, userId } = await member();
    await describeShop({ membership, quiet: AT_NIGHT });
    await setMember(phone, false);
    await waitsFor(userId);
    const jobs = await waiting(userId);
    expect(jobs.get('shop-notice:left')).toBeGreaterThan(HOUR_MS / 2);
    expect(jobs.get('let-rest')).toBeGreaterThan(24.5 * HOUR_MS);
    await setMember(phone, true);
    await until(async () => !(await waiting(userId)).has('shop-notice:left'), { what: 'that it is taken back' });
    await describeShop({ membership });
  });

  it('is left and joined unheard, which is found out', async () => {
    const [left, back] = [await member(), await whoRests()];
    await telegram.misbehave({ target: 'telegram.updates', kind: 'drop', times: 2 });
    await setMember(left.phone, false);
    await setMember(back.phone, true);
    await telegram.misbehave();
    await member();
    expect((await waiting(left.userId)).size).toBe(0);
    expect(told(back.userId)).toHaveLength(1);
    await byTheHour();
    await said(left.phone, /You have left our channel/);
    await isToldTo(back.userId, true);
  });

  it('is left with one account, and not with another', async () => {
    const { phone, userId } = await member();
    const other = await telegram.person();
    const about = { identityId: uuidv7(), userId, channel: 'telegram', externalId: String(other.id) };
    await app.probe.say(IdentityLinked({ ...about, linkedAt: new Date().toISOString() }));
    await until(async () => (await userOf(app, other).catch(() => undefined)) === userId, {
      what: 'the other account',
    });
    await setMember(other, true);
    await other.start();
    expect((await said(other, /^Hello/)).text).not.toMatch(/First join/);
    await setMember(phone, false);
    const { phone: alone } = await member();
    await setMember(alone, false);
    await said(alone, /You have left our channel/);
    for (const one of [phone, other])
      expect((await one.answers()).some(({ text }) => /You have left/.test(text ?? ''))).toBe(false);
  });

  it('keeps nobody out once it is not asked for any more', async () => {
    const { userId } = await whoRests();
    await describeShop({});
    await byTheHour();
    await isToldTo(userId, true);
    await describeShop({ membership });
  });

  it('is left and joined again, which is told in that order also where the clock of one process is behind', async () => {
    const { phone, userId } = await whoRests();
    app.clock.advance(-3000);
    await setMember(phone, true);
    await isToldTo(userId, true);
    app.clock.advance(3000);
    const [left, back] = told(userId).map(({ data }) => Date.parse(data.changedAt));
    expect(back).toBeGreaterThan(left!);
  });

  it('is left while it cannot be asked, and asked later on', async () => {
    const { phone, userId } = await member();
    await setMember(phone, false);
    await waitsFor(userId);
    await telegram.misbehave({ target: 'telegram.getChatMember', kind: '500' });
    await letTimePass();
    await until(
      async () => {
        await tryForTheLastTime(`let-rest:lumen:${userId}`);
        return (await failed()) > 0;
      },
      { what: 'the end of the tries' },
    );
    await telegram.misbehave();
    expect(told(userId)).toEqual([]);
    await byTheHour();
    await isToldTo(userId, false);
  });

  it('is asked about all, and first about those who are not served', async () => {
    const { phone, userId } = await whoRests();
    await telegram.misbehave({ target: 'telegram.updates', kind: 'drop', times: 1 });
    await setMember(phone, true);
    await telegram.misbehave();
    await member();
    await app.service.db.query(
      `INSERT INTO shop_members (bot_id, user_id, is_member, changed_at, checked_at, rests)
       SELECT 'lumen', gen_random_uuid(), true, $1, $1::timestamptz - interval '3 hours', false FROM generate_series(1, 1000)`,
      [app.clock.now()],
    );
    await byTheHour();
    await isToldTo(userId, true);
    const old = `SELECT count(*)::int AS n FROM shop_members WHERE is_member AND checked_at < $1::timestamptz - interval '25 hours'`;
    await until(async () => (await app.service.db.query<{ n: number }[]>(old, [app.clock.now()]))[0]!.n === 0, {
      what: 'that all have been asked about',
    });
  });

  it('is asked about in the next hour where there was no time, first about those who were not reached', async () => {
    const long = new Date(app.clock.now().getTime() - 30 * HOUR_MS);
    const { db, nest } = app.service;
    await db.query(
      `INSERT INTO shop_members (bot_id, user_id, is_member, changed_at, checked_at, rests)
       SELECT 'lumen', gen_random_uuid(), false, $1, $1, true FROM generate_series(1, 20)`,
      [long],
    );
    const end = new AbortController();
    const ask = jest
      .spyOn(nest.get(KnownPeopleService, { strict: false }), 'privateAddresses')
      .mockImplementation(() => {
        if (ask.mock.calls.length === 3) end.abort();
        return Promise.resolve([]);
      });
    const jobs = nest.get(MembershipsJobs, { strict: false });
    const run = { attempt: 1, isLastAttempt: false, signal: end.signal };
    await jobs.checkAll({ slot: new Date().toISOString() } as never, run);
    ask.mockRestore();
    const [{ n }] = await db.query<[{ n: number }]>(
      'SELECT count(*)::int AS n FROM shop_members WHERE checked_at = $1',
      [long],
    );
    expect(n).toBeGreaterThanOrEqual(17);
    await db.query('DELETE FROM shop_members WHERE changed_at = $1', [long]);
  });

  it('is left by who is erased meanwhile, and nothing is tried in vain', async () => {
    const { phone, userId } = await member();
    await setMember(phone, false);
    await waitsFor(userId);
    const before = await failed();
    await app.probe.say(ErasureRequested({ erasureId: uuidv7(), userId }));
    await until(async () => (await userOf(app, phone).catch(() => undefined)) === undefined, {
      what: 'that they are erased',
    });
    await letTimePass();
    await until(
      async () => {
        await tryForTheLastTime(`let-rest:lumen:${userId}`);
        return !(await waiting(userId)).has('let-rest');
      },
      { what: 'the end of the job' },
    );
    expect(await failed()).toBe(before);
  });

  it('is left with an account that can be asked about; that another one cannot keeps nobody in for ever', async () => {
    const { phone, userId } = await member();
    const other = await telegram.person();
    const about = { identityId: uuidv7(), userId, channel: 'telegram', externalId: String(other.id) };
    await app.probe.say(IdentityLinked({ ...about, linkedAt: new Date().toISOString() }));
    await until(async () => (await userOf(app, other).catch(() => undefined)) === userId, {
      what: 'the other account',
    });
    await setMember(other, true);
    await other.start();
    await said(other, /^Hello/);
    await setMember(other, false);
    await setMember(phone, false);
    await waitsFor(userId);
    // Of two accounts.
    await telegram.misbehave({ target: 'telegram.getChatMember', kind: '500', times: 1 });
    await tryForTheLastTime(`let-rest:lumen:${userId}`);
    await isToldTo(userId, false);
    await telegram.misbehave();
  });

  it('is told of once by whom it was left before anybody was told', async () => {
    const { userId } = await whoRests();
    await app.service.db.query('UPDATE shop_members SET told_at = NULL WHERE user_id = $1', [userId]);
    await byTheHour();
    await until(() => told(userId).length === 2, { what: 'that it is told' });
    await byTheHour();
    const { userId: last } = await whoRests();
    expect(told(last)).toHaveLength(1);
    expect(told(userId)).toHaveLength(2);
  });
});
