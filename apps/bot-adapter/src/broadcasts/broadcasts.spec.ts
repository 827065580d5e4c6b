import {
  BROADCAST_ALONE,
  type BroadcastState,
  CountSegment,
  CreateBroadcast,
  DiscardBroadcast,
  FindCustomers,
  LinkFollowed,
  ListBroadcasts,
  PauseBroadcast,
  PersonRestricted,
  ReadBroadcast,
  ReadMyNewsSettings,
  ResumeBroadcast,
  type Segment,
  SendBroadcast,
  SetMyNewsSettings,
  StopBroadcast,
  UnscheduleBroadcast,
} from '@switchboard/contracts';
import { type AnswerOf, BotsRegistry, Schedules } from '@switchboard/service-kit';
import { FakeClock, PretendedService, type TestApp, type TestAppOptions, until } from '@switchboard/testing';
import { Client } from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { externalHash, hear, reply, startBotAdapter } from '../../test/start-bot-adapter';
import { type Phone, type PretendedTelegram, startTelegram } from '../../test/start-sandbox';
import { Broadcast } from './broadcast.entity';
import { BROADCAST_TRANSITIONS } from './broadcast.states';

type Shown = AnswerOf<typeof ReadBroadcast>;

const NOON = new Date('2026-12-01T12:00:00Z');

describe('a broadcast', () => {
  let telegram: PretendedTelegram;
  let payments: PretendedService;
  let app: TestApp;
  let slot = Date.now();
  const start = (more: TestAppOptions = {}) => {
    const directory = new Map([['payments', payments.url]]);
    return startBotAdapter(telegram, { directory, clock: new FakeClock(NOON), ...more });
  };

  beforeAll(async () => {
    telegram = await startTelegram();
    payments = await PretendedService.start('payments');
    app = await start();
  });
  afterAll(async () => {
    await app.stop();
    payments.stop();
    await telegram.close();
  });
  afterEach(() => telegram.misbehave());

  /** Only such as are named here are in the segments of a case: all cases share one bot. */
  const link = () => `l${uuidv7().slice(-12)}`;

  async function people(count: number, cameBy: string, language = 'en'): Promise<Phone[]> {
    const phones = await Promise.all(Array.from({ length: count }, () => telegram.person(language)));
    for (const phone of phones) await phone.start(cameBy);
    const met = `SELECT count(*)::int AS n FROM contacts WHERE external_hash = ANY($1) AND cardinality(start_hashes) > 0`;
    const hashes = [phones.map(({ id }) => externalHash(id))];
    await until(async () => (await app.service.db.query<[{ n: number }]>(met, hashes))[0].n === count, {
      what: 'all to be met',
    });
    return phones;
  }

  const userIdOf = async ({ id }: Phone) => {
    const rows = await app.service.db.query<{ user_id: string }[]>(
      'SELECT user_id FROM contacts WHERE external_hash = $1',
      [externalHash(id)],
    );
    return rows[0]!.user_id;
  };

  const draft = (segment: Segment, more: object = {}): Promise<Shown> =>
    app.gateway.call(CreateBroadcast, {
      body: {
        botId: 'lumen',
        title: 'Spring',
        text: { en: 'It is **spring**', ru: 'Пришла **весна**' },
        segment,
        ...more,
      },
      idempotencyKey: uuidv7(),
    });
  const read = (broadcastId: string) => app.gateway.call(ReadBroadcast, { params: { broadcastId } });
  const send = ({ id, revision }: Shown, more: { at?: string; atMost?: number } = {}) =>
    app.gateway.call(SendBroadcast, {
      params: { broadcastId: id },
      body: { atMost: 1000, ...more },
      ifMatch: `"${revision}"`,
    });
  const over = (id: string, state: BroadcastState = 'done') =>
    until(
      async () => {
        const shown = await read(id);
        const { results } = shown;
        return shown.state === state && results?.waiting === 0 && shown.endedAt && shown;
      },
      { what: `the broadcast to be ${state}`, timeoutMs: 30_000 },
    );
  const byTheMinute = async () => {
    slot += 3_600_000;
    await app.service.nest.get(Schedules).runSlot('run-broadcasts', new Date(slot));
  };
  const news = (phone: Phone) =>
    phone.answers().then((all) => all.filter(({ text }) => /spring|весна/.test(text ?? '')));

  it('reaches everybody once, in their language, with buttons that do something', async () => {
    const cameBy = link();
    const phones = [...(await people(40, cameBy)), ...(await people(2, cameBy, 'ru'))];
    const segment = { people: { cameBy: [cameBy] } };
    const counted = await app.gateway.call(CountSegment, { body: { botId: 'lumen', segment } });
    expect(counted).toEqual({ people: 42, reached: 42, isComplete: true });
    const buttons = [
      { label: { en: 'Read', ru: 'Читать' }, opens: { kind: 'link', url: 'https://example.org/spring' } },
      { label: { en: 'Look', ru: 'Смотреть' }, opens: { kind: 'start', parameter: null } },
    ];
    const { id } = await send(await draft(segment, { buttons, campaign: 'spring26' }));
    const done = await over(id);
    expect(done!.results).toEqual({ total: 42, waiting: 0, sent: 42, failed: {}, skipped: {} });
    for (const phone of phones) expect(await news(phone)).toHaveLength(1);
    const [russian] = await news(phones.at(-1)!);
    expect(russian!.text).toBe('Пришла весна');
    expect(russian!.entities).toContainEqual(expect.objectContaining({ type: 'bold', offset: 7, length: 5 }));
    const labels = russian!.reply_markup!.inline_keyboard.flat().map(({ text }) => text);
    expect(labels).toEqual(['Читать', 'Смотреть', 'Не присылать новости']);

    await phones.at(-1)!.press(russian!.message_id, 'Смотреть');
    const followed = await app.probe.until(LinkFollowed, ({ data }) => data.deepLink === 'spring26');
    expect(followed.data.userId).toBe(await userIdOf(phones.at(-1)!));
  });

  it('is not sent to who wants none, has closed the door or is restricted, and does not come back after a press', async () => {
    const cameBy = link();
    const [off, gone, restricted, emma] = await people(4, cameBy);
    const segment = { people: { cameBy: [cameBy] } };
    const first = await over((await send(await draft(segment))).id);
    expect(first!.results!.sent).toBe(4);
    const [message] = await news(off!);
    await off!.press(message!.message_id, 'No more news from me');
    await off!.answer(({ text }) => text?.startsWith('You get no more news') ?? false);
    await gone!.block(true);
    const userId = await userIdOf(restricted!);
    const said = { userId, botId: 'lumen', restrictionId: uuidv7() };
    await app.probe.say(
      PersonRestricted({ ...said, level: 'blocked', reason: 'spam', restrictedAt: NOON.toISOString() } as never),
    );
    const noted = `SELECT (SELECT count(*) FROM restricted_people WHERE user_id = $1) + (SELECT count(*) FROM chats WHERE blocked_at IS NOT NULL AND external_hash = $2) AS n`;
    await until(
      async () => {
        const [row] = await app.service.db.query<[{ n: string }]>(noted, [userId, externalHash(gone!.id)]);
        return row.n === '2';
      },
      { what: 'both to be noted' },
    );

    expect(await app.gateway.call(CountSegment, { body: { botId: 'lumen', segment } })).toEqual({
      ...{ people: 4, reached: 1, isComplete: true },
    });
    const second = await over((await send(await draft(segment))).id);
    expect(second!.results).toEqual({
      ...{ total: 4, waiting: 0, sent: 1, failed: {} },
      skipped: { news_off: 1, blocked: 1, restricted: 1 },
    });
    expect(await news(emma!)).toHaveLength(2);
    expect(await news(off!)).toHaveLength(1);
  });

  it('waits for the morning of whoever sleeps', async () => {
    const cameBy = link();
    const [early, late] = await people(2, cameBy);
    const actor = { kind: 'person', id: await userIdOf(late!), roles: [], scopes: ['me:*'] } as const;
    const mine = { query: { botId: 'lumen' } };
    const body = { wanted: true, quiet: { from: '20:00', to: '08:30' }, timeZone: 'Asia/Tokyo' };
    await app.gateway.call(
      SetMyNewsSettings,
      { ...mine, body },
      { actor: { ...actor, scopes: [...actor.scopes], roles: [] } },
    );
    expect(
      await app.gateway.call(ReadMyNewsSettings, mine, { actor: { ...actor, scopes: ['me:*'], roles: [] } }),
    ).toEqual(body);
    // Noon in London is nine in the evening in Tokyo.
    const { id } = await send(await draft({ people: { cameBy: [cameBy] } }));
    await until(async () => (await read(id)).results?.sent === 1, { what: 'the one who is awake' });
    expect(await news(early!)).toHaveLength(1);
    expect((await read(id)).state).toBe('running');
    app.clock.advance(11.6 * 3_600_000);
    await byTheMinute();
    expect((await over(id))!.results!.sent).toBe(2);
    expect(await news(late!)).toHaveLength(1);
    app.clock.advance(12.4 * 3_600_000);
  });

  it('begins at its time, and can be made a draft again before', async () => {
    const cameBy = link();
    await people(1, cameBy);
    const segment = { people: { cameBy: [cameBy] } };
    const at = new Date(app.clock.now().getTime() + 3_600_000).toISOString();
    const planned = await send(await draft(segment), { at });
    expect(planned.state).toBe('scheduled');
    const again = await app.gateway.call(UnscheduleBroadcast, { params: { broadcastId: planned.id } });
    await send(again, { at });
    await byTheMinute();
    expect((await read(planned.id)).state).toBe('scheduled');
    app.clock.advance(3_600_000);
    await byTheMinute();
    await over(planned.id);
    app.clock.advance(23 * 3_600_000);
  });

  it('pauses with nothing more handed over, goes on, and stops for good', async () => {
    const cameBy = link();
    const phones = await people(30, cameBy);
    // The channel takes long for each, so that there is something to interrupt.
    await telegram.misbehave({ target: 'telegram.sendMessage', kind: 'delay', ms: 300, times: 1000 });
    const { id } = await send(await draft({ people: { cameBy: [cameBy] } }));
    const params = { broadcastId: id };
    await until(async () => ((await read(id)).results?.total ?? 0) === 30, { what: 'all to be laid down' });
    await until(
      async () =>
        (await telegram.calls('sendMessage')).some(({ params: { chat_id } }) => phones.some((p) => p.id === chat_id)),
      { what: 'the first message' },
    );
    expect((await app.gateway.call(PauseBroadcast, { params })).state).toBe('paused');
    const open = `SELECT count(*)::int AS n FROM deliveries WHERE state IN ('queued', 'sending') AND bulk`;
    await until(async () => (await app.service.db.query<[{ n: number }]>(open))[0].n === 0, {
      what: 'what was with the channel',
    });
    const had = async () => (await Promise.all(phones.map(news))).flat().length;
    const paused = await had();
    expect(paused).toBeLessThan(30);
    await byTheMinute();
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(await had()).toBe(paused);

    await app.gateway.call(ResumeBroadcast, { params });
    await until(async () => (await had()) > paused, { what: 'that it goes on' });
    await app.gateway.call(StopBroadcast, { params });
    const stopped = await over(id, 'stopped');
    await until(async () => (await read(id)).results!.sent === (await had()), { what: 'the last one' });
    const { results } = await read(id);
    expect(results!.sent + (results!.skipped['stopped'] ?? 0)).toBe(30);
    expect(results!.skipped['stopped']).toBeGreaterThan(0);
    expect(stopped!.endedAt).not.toBeNull();
    for (const phone of phones) expect((await news(phone)).length).toBeLessThanOrEqual(1);
    await expect(app.gateway.call(ResumeBroadcast, { params })).rejects.toMatchObject({ status: 409 });
  });

  it('of a bot that takes a break waits without being looked at all the time', async () => {
    const cameBy = link();
    const phones = await people(3, cameBy);
    const bot = app.service.nest.get(BotsRegistry, { strict: false }).find('lumen')!;
    Object.assign(bot, { isPaused: true });
    const { id } = await send(await draft({ people: { cameBy: [cameBy] } }));
    await until(async () => ((await read(id)).results?.total ?? 0) === 3, { what: 'all to be laid down' });
    const job = 'SELECT FROM bot_adapter_jobs.jobs WHERE key = $1';
    await until(async () => (await app.service.db.query<[]>(job, [`broadcast:${id}`])).length === 0, {
      what: 'nothing to be looked at',
    });
    Object.assign(bot, { isPaused: false });
    expect((await Promise.all(phones.map(news))).flat()).toEqual([]);
    await byTheMinute();
    expect((await over(id))!.results).toMatchObject({ sent: 3 });
  });

  it('does not delay answers', async () => {
    const cameBy = link();
    const phones = await people(30, cameBy);
    await telegram.misbehave({ target: 'telegram.sendMessage', kind: 'delay', ms: 200, times: 1000 });
    const { id } = await send(await draft({ people: { cameBy: [cameBy] } }));
    await until(async () => ((await read(id)).results?.sent ?? 0) > 0, { what: 'it to begin' });
    const emma = phones.at(-1)!;
    const heard = await hear(app, emma, 'hi');
    const begun = performance.now();
    await reply(app, heard, 'An answer');
    await emma.answer(({ text }) => text === 'An answer');
    const took = performance.now() - begun;
    const sentBefore = (await read(id)).results!.sent;
    expect(sentBefore).toBeLessThan(30);
    expect(took).toBeLessThan(2500);
    await telegram.misbehave();
    await over(id);
  });

  it('is had once by everybody, whatever is killed and however many processes there are', async () => {
    const cameBy = link();
    const phones = await people(30, cameBy);
    await telegram.misbehave({ target: 'telegram.sendMessage', kind: 'delay', ms: 150, times: 1000 });
    const { id } = await send(await draft({ people: { cameBy: [cameBy] } }));
    await until(async () => ((await read(id)).results?.sent ?? 0) > 0, { what: 'it to begin' });
    await app.stop({ keepDatabase: true });
    await telegram.misbehave();
    // As a process leaves it that dies in the middle of a call: nobody knows whether the channel has taken the message.
    const { database, clock } = app;
    const admin = new Client({ connectionString: database.url });
    await admin.connect();
    const { rows: left } = await admin.query(
      `UPDATE bot_adapter.deliveries SET state = 'sending'
       WHERE id = (SELECT id FROM bot_adapter.deliveries WHERE bulk AND state = 'queued' LIMIT 1) RETURNING id`,
    );
    await admin.end();
    app = await start({ database, clock });
    const other = await start({ database, clock, keys: app.keys });
    const done = await over(id);
    await other.stop({ keepDatabase: true });
    expect(done!.results).toMatchObject({ total: 30, waiting: 0, sent: 30 - left.length, skipped: {} });
    expect(done!.results!.failed).toEqual(left.length > 0 ? { gave_up: left.length } : {});
    const had = await Promise.all(phones.map(news));
    expect(had.filter((messages) => messages.length > 1)).toEqual([]);
    expect(had.flat()).toHaveLength(30 - left.length);
  });

  it('goes to no more people than it was approved for', async () => {
    const cameBy = link();
    await people(5, cameBy);
    const { id } = await send(await draft({ people: { cameBy: [cameBy] } }), { atMost: 3 });
    expect(await over(id)).toMatchObject({ isCut: true, results: { total: 3, sent: 3 } });
  });

  it('needs a second person above a number', () => {
    const asked = (atMost: number) => SendBroadcast.approval({ params: {}, query: {}, body: { atMost } } as never);
    expect([asked(BROADCAST_ALONE), asked(BROADCAST_ALONE + 1)]).toEqual([false, true]);
  });

  it('goes to the customers that payments names, page by page, and to nobody of them who never wrote to the bot', async () => {
    const cameBy = link();
    const [anna, ben] = await people(2, cameBy);
    const [first, second] = [await userIdOf(anna!), await userIdOf(ben!)].sort();
    const pages = [
      { userIds: [first!, uuidv7()], next: first! },
      { userIds: [], next: second! },
      { userIds: [second!], next: null },
    ];
    payments.on(FindCustomers, ({ body }) => pages[[null, first, second].indexOf(body.after)]!);
    const segment: Segment = { customers: { states: ['trial'], endsWithinDays: 3 } };
    const { id } = await send(await draft(segment));
    expect((await over(id))!.results).toMatchObject({ total: 2, sent: 2 });
    expect(payments.askedFor(FindCustomers).map(({ body }) => body.criteria)).toEqual(
      pages.map(() => segment.customers),
    );
    expect(payments.askedFor(FindCustomers)[0]!.actor).toMatchObject({ kind: 'service', id: 'bot-adapter' });
  });

  it('chooses by language, and by when people came and wrote last', async () => {
    const cameBy = link();
    await people(2, cameBy);
    await people(1, cameBy, 'ru');
    const count = async (more: object) => {
      const segment = { people: { cameBy: [cameBy], ...more } };
      return (await app.gateway.call(CountSegment, { body: { botId: 'lumen', segment } })).people;
    };
    expect(await count({ languages: ['ru'] })).toBe(1);
    expect(await count({ channels: ['telegram'] })).toBe(3);
    expect(await count({ channels: ['pigeon'] })).toBe(0);
    expect(await count({ firstSeen: { within: 1 }, lastSeen: { within: 30 } })).toBe(3);
    expect(await count({ firstSeen: { before: 1 } })).toBe(0);
    expect(await count({ cameBy: [link()] })).toBe(0);
  });

  it('is changed and thrown away only while it is a draft, and seen by who may see the bot', async () => {
    const made = await draft({ people: { cameBy: [link()] } });
    const actor = { kind: 'staff', id: 'ann', roles: [], scopes: ['*'], bots: ['northwind'] } as const;
    const other = { actor: { ...actor, roles: [], scopes: ['*'], bots: ['northwind'] } };
    const params = { broadcastId: made.id };
    await expect(app.gateway.call(ReadBroadcast, { params }, other)).rejects.toMatchObject({ status: 404 });
    expect((await app.gateway.call(ListBroadcasts, { query: {} }, other)).data).toEqual([]);
    await app.gateway.call(DiscardBroadcast, { params });
    await expect(read(made.id)).rejects.toMatchObject({ status: 404 });
    const button = { label: { en: 'a', ru: 'b' }, opens: { kind: 'start', parameter: null } };
    await expect(draft({}, { buttons: [button] })).rejects.toMatchObject({ status: 422 });
  });
});

it('the states of a broadcast allow what the table says and nothing else', () => {
  const states = Object.keys(BROADCAST_TRANSITIONS) as BroadcastState[];
  const reached = new Set<BroadcastState>(['draft']);
  for (const from of reached) BROADCAST_TRANSITIONS[from].forEach((to) => reached.add(to));
  expect([...reached].sort()).toEqual([...states].sort());
  expect(states.filter((state) => BROADCAST_TRANSITIONS[state].length === 0)).toEqual(['done', 'stopped']);
  for (const from of states)
    for (const to of states) {
      const step = () => Object.assign(new Broadcast(), { state: from, revision: 1 }).become(to);
      if (BROADCAST_TRANSITIONS[from].includes(to)) expect(step).not.toThrow();
      else expect(step).toThrow(expect.objectContaining({ code: 'bot-adapter.broadcast_state_refused' }));
    }
});
