import { CheckArchivedDay, ImportArchivedDay, ListArchivedDays } from '@switchboard/contracts';
import { MEDIA_STORAGE, type MediaStorage, Schedules } from '@switchboard/service-kit';
import { erasePerson, startApp, type TestApp, until } from '@switchboard/testing';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { v7 as uuidv7 } from 'uuid';
import { aMessage, aPerson, ask, aUsage, clear, eventAt, say, withdraws } from '../../test/build';
import { analyticsApp } from '../analytics.app';
import { EventPartitions } from '../events/event-partitions';
import { EventsService } from '../events/events.service';
import { RetentionJobs } from '../retention/retention.jobs';
import { ArchiveService } from './archive.service';

const DAY_MS = 86_400_000;
/** The second of March: the day before yesterday is in another month, and has 28 days. */
const NOW = new Date('2027-03-02T09:00:00Z');
const YESTERDAY = '2027-03-01';

let folder: string;
let app: TestApp;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archive-'));
  app = await startApp(analyticsApp, { env: { MEDIA_FOLDER: folder } });
});
beforeEach(async () => {
  app.clock.set(NOW);
  await clear(app);
  // An archive that was written by another fact would be added to.
  for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true });
});
afterAll(async () => {
  await app.stop();
  await rm(folder, { recursive: true, force: true });
});

const archive = () => app.service.nest.get(ArchiveService, { strict: false }).archiveDue(new AbortController().signal);
const eventPartitions = () => app.service.nest.get(EventPartitions, { strict: false });
const storage = () => app.service.nest.get<MediaStorage>(MEDIA_STORAGE);
const at = (daysAgo: number, more = 0) => new Date(app.clock.now().getTime() - daysAgo * DAY_MS + more);
const allEvents = () => ask<Record<string, unknown>>(app, 'SELECT * FROM events ORDER BY occurred_at, event_id');
const imported = (day = YESTERDAY) => app.gateway.call(ImportArchivedDay, { params: { day } });
const archived = async (day = YESTERDAY) =>
  (
    await ask<{ events: number; final: boolean; files: { key: string; events: number }[] }>(
      app,
      'SELECT events, final, files FROM archived_days WHERE day = $1',
      [day],
    )
  )[0];

async function linesOf(day = YESTERDAY): Promise<Record<string, unknown>[]> {
  const { files } = (await archived(day))!;
  const texts = await Promise.all(
    files.map(async ({ key }) => gunzipSync(await buffer((await storage().open(key))!.body)).toString()),
  );
  return texts
    .flatMap((text) => text.split('\n').slice(0, -1))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

const forgetOld = () =>
  app.service.nest
    .get(RetentionJobs, { strict: false })
    .forgetOld({ slot: app.clock.now() }, { attempt: 1, isLastAttempt: false, signal: new AbortController().signal });

describe('the archive of a day', () => {
  it('holds its events without what leads to their people, and brings them back as they were', async () => {
    const [anna, ben] = [await aPerson(app), await aPerson(app)];
    const chatId = uuidv7();
    await say(app, aMessage({ userId: anna, chatId }), at(1));
    // Microseconds, as other languages have them.
    const exact = eventAt(at(1, 5), aUsage({ userId: ben }), { time: '2027-03-01T09:00:00.123456Z' });
    await app.service.db.transaction((tx) =>
      app.service.nest.get(EventsService, { strict: false }).receive(tx, [exact]),
    );
    await say(app, aMessage({ userId: anna }), at(0));
    const before = await allEvents();
    await app.service.nest.get(Schedules).runSlot('archive-events', new Date('2027-03-02T01:12:00Z'));
    await until(archived, { what: 'the archive' });

    const lines = await linesOf();
    expect(lines.map(({ type }) => type)).toEqual(['bot-adapter.message.received', 'chat-ai.usage.recorded']);
    expect(lines[0]).toMatchObject({ bot_id: 'lumen', props: { kind: 'text' }, person: expect.any(String) });
    expect(JSON.stringify(lines)).not.toContain(anna);
    expect(JSON.stringify(lines)).not.toContain(chatId);
    expect((await app.gateway.call(ListArchivedDays, { query: {} })).data[0]).toMatchObject({
      day: YESTERDAY,
      events: 2,
      files: 1,
      final: false,
    });

    const exactly = await ask(app, `SELECT occurred_at::text FROM events ORDER BY occurred_at`);
    await ask(app, `DELETE FROM events WHERE occurred_at < '2027-03-02'`);
    expect(await imported()).toMatchObject({ day: YESTERDAY, events: 2, imported: 2 });
    expect(await allEvents()).toEqual(before);
    expect(await ask(app, `SELECT occurred_at::text FROM events ORDER BY occurred_at`)).toEqual(exactly);
    expect(await imported()).toMatchObject({ day: YESTERDAY, events: 2, imported: 0 });
  });

  it('is written anew when late events come, and is final when none can come any more', async () => {
    const userId = await aPerson(app);
    await say(app, aUsage({ userId }), at(1));
    await archive();
    const first = await archived();
    expect(first).toMatchObject({ events: 1, final: false });
    await archive();
    expect(await archived()).toEqual(first);
    await say(app, aUsage({ userId }), at(1, 1000));
    await archive();
    expect(await archived()).toMatchObject({ events: 2, final: false });
    expect(await storage().exists(first!.files[0]!.key)).toBe(false);
    app.clock.advance(7 * DAY_MS);
    await archive();
    expect(await archived()).toMatchObject({ events: 2, final: true });
    expect(await linesOf()).toHaveLength(2);
  });

  it('does not bring back who was erased, and who has withdrawn', async () => {
    const people = [await aPerson(app), await aPerson(app), await aPerson(app)] as const;
    for (const userId of people) await say(app, aUsage({ userId }), at(1));
    await archive();
    expect(await erasePerson(app, people[0])).toEqual([]);
    app.clock.advance(1000);
    await withdraws(app, people[1]);
    await ask(app, `DELETE FROM events WHERE occurred_at < '2027-03-02'`);
    expect(await imported()).toMatchObject({ day: YESTERDAY, events: 3, imported: 1 });
    expect((await allEvents()).filter(({ occurred_at }) => occurred_at! < new Date(YESTERDAY))).toEqual([]);
    expect((await allEvents()).map(({ user_id }) => user_id)).toContain(people[2]);
  });

  it('that is damaged brings back nothing, and says so', async () => {
    const userId = await aPerson(app);
    await say(app, aUsage({ userId }), at(1));
    await archive();
    const [file] = (await archived())!.files;
    await ask(app, `DELETE FROM events WHERE occurred_at < '2027-03-02'`);
    await storage().put(file!.key, Buffer.from('rust'), { contentType: 'application/gzip' });
    await expect(imported()).rejects.toMatchObject({ status: 409, problem: { code: 'analytics.archive_damaged' } });
    await expect(imported('2020-02-29')).rejects.toMatchObject({
      status: 404,
      problem: { code: 'analytics.archive_not_found' },
    });
    expect(await ask(app, `SELECT FROM events WHERE occurred_at < '2027-03-02'`)).toEqual([]);
  });

  it('is written of months of which there are events, however long ago the first of them is', async () => {
    const longAgo = new Date('2019-01-15');
    await eventPartitions().ensure([longAgo, at(1)]);
    await archive();
    const [oldest] = await eventPartitions().list();
    await eventPartitions().alone((tx) => eventPartitions().drop(tx, oldest!.from));
    const months = await ask<{ month: string; days: number }>(
      app,
      `SELECT to_char(day, 'YYYY-MM') AS month, count(*)::integer AS days FROM archived_days GROUP BY 1 ORDER BY 1`,
    );
    expect(months[0]).toEqual({ month: '2019-01', days: 31 });
    expect(months.filter(({ month }) => month > '2019-01' && month < '2026-01')).toEqual([]);
    expect(months.at(-1)).toEqual({ month: '2027-03', days: 1 });
  });

  it('that could not be written leaves the earlier one, and the next try succeeds', async () => {
    const userId = await aPerson(app);
    await say(app, aUsage({ userId }), at(1));
    await archive();
    const first = await archived();
    await say(app, aUsage({ userId }), at(1, 1000));
    const put = jest.spyOn(storage(), 'put').mockRejectedValue(new Error('the disk is read-only'));
    await expect(archive()).rejects.toThrow('the disk is read-only');
    put.mockRestore();
    expect(await archived()).toEqual(first);
    expect(await linesOf()).toHaveLength(1);
    await archive();
    expect(await linesOf()).toHaveLength(2);
  });
});

describe('an archive that holds more than the database', () => {
  const forgetEvents = () => ask(app, `DELETE FROM events WHERE occurred_at < '2027-03-02'`);
  const ids = async () => (await linesOf()).map(({ event_id }) => event_id);
  const filesOf = async () => (await archived())!.files.map(({ key }) => key);

  it('is added to when the database was lost', async () => {
    const userId = await aPerson(app);
    const first = [await say(app, aUsage({ userId }), at(1)), await say(app, aUsage({ userId }), at(1, 5))];
    await archive();
    await forgetEvents();
    await ask(app, 'TRUNCATE archived_days');
    // Two nights: the first one learns of it.
    const late: string[] = [];
    for (const more of [10, 20]) {
      late.push((await say(app, aUsage({ userId }), at(1, more))).id);
      await archive();
      expect(await ids()).toEqual([...first.map(({ id }) => id), ...late]);
    }
    await archive();
    expect(await ids()).toHaveLength(4);
    await forgetEvents();
    expect(await imported()).toMatchObject({ events: 4, imported: 4 });
  });

  it('is added to when the database is of before it was written', async () => {
    const userId = await aPerson(app);
    await say(app, aUsage({ userId }), at(1));
    await archive();
    const [before] = await ask<object>(app, 'SELECT * FROM archived_days WHERE day = $1', [YESTERDAY]);
    const lost = await say(app, aUsage({ userId }), at(1, 5));
    await archive();
    const filesBefore = await filesOf();
    await ask(app, 'DELETE FROM events WHERE event_id = $1', [lost.id]);
    await ask(app, 'DELETE FROM archived_days WHERE day = $1', [YESTERDAY]);
    await ask(app, 'INSERT INTO archived_days SELECT * FROM json_populate_record(NULL::archived_days, $1)', [
      JSON.stringify(before),
    ]);
    await say(app, aUsage({ userId }), at(1, 10));
    await archive();
    expect(await linesOf()).toHaveLength(3);
    expect(await ids()).toContain(lost.id);
    for (const key of filesBefore) expect(await storage().exists(key)).toBe(false);
  });

  it('stays as it is where it cannot be read, and the other days are written', async () => {
    const userId = await aPerson(app);
    await say(app, aUsage({ userId }), at(2));
    await archive();
    const day = '2027-02-28';
    const [file] = (await archived(day))!.files;
    await storage().put(file!.key, Buffer.from('rust'), { contentType: 'application/gzip' });
    await ask(app, 'TRUNCATE archived_days');
    await say(app, aUsage({ userId }), at(2, 5));
    await say(app, aUsage({ userId }), at(1));
    await expect(archive()).rejects.toMatchObject({ code: 'analytics.archive_damaged' });
    expect(await archived(day)).toBeUndefined();
    expect((await buffer((await storage().open(file!.key))!.body)).toString()).toBe('rust');
    expect(await archived()).toMatchObject({ events: 1 });
  });
});

describe('a check of an archive', () => {
  const checked = (day = YESTERDAY) => app.gateway.call(CheckArchivedDay, { params: { day } });

  it('reads all of it', async () => {
    await say(app, aUsage({ userId: await aPerson(app) }), at(1));
    await archive();
    expect(await checked()).toMatchObject({ day: YESTERDAY, events: 1, files: 1 });
    await ask(app, 'UPDATE archived_days SET events = 2 WHERE day = $1', [YESTERDAY]);
    await expect(checked()).rejects.toMatchObject({ problem: { code: 'analytics.archive_damaged' } });
    await ask(app, 'TRUNCATE archived_days');
    expect(await checked()).toMatchObject({ events: 1 });
    await expect(checked('2020-02-29')).rejects.toMatchObject({ problem: { code: 'analytics.archive_not_found' } });
  });
});

describe('what is too old', () => {
  const partitions = async () =>
    (
      await ask<{ name: string }>(
        app,
        `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'events'::regclass ORDER BY 1`,
      )
    ).map(({ name }) => name);

  it('goes of measures by their intervals, of quarantined events and of who was active', async () => {
    const userId = await aPerson(app);
    await say(app, aMessage({ userId }));
    await say(app, { type: 'shop.parcel.sent.v1', subject: 's', data: {} });
    const minutes = async () =>
      (await ask<{ minutes: number }>(app, 'SELECT DISTINCT minutes FROM measures ORDER BY 1')).map(
        (row) => row.minutes,
      );
    app.clock.advance(63 * DAY_MS);
    await forgetOld();
    expect(await minutes()).toEqual([15, 1440]);
    expect(await ask(app, 'SELECT FROM quarantined_events')).toEqual([]);
    expect(await ask(app, 'SELECT FROM active_people')).toHaveLength(1);
    app.clock.advance(26 * 31 * DAY_MS);
    await forgetOld();
    expect(await minutes()).toEqual([1440]);
    expect(await ask(app, 'SELECT FROM active_people')).toEqual([]);
    expect(await ask(app, 'SELECT FROM people')).toHaveLength(1);
  });

  it('goes by whole months, when it lies in storage, and can be brought back', async () => {
    const userId = await aPerson(app);
    await say(app, aUsage({ userId }), at(2));
    const day = '2027-02-28';
    await archive();
    app.clock.set(new Date('2028-04-01T00:10:00Z'));
    await forgetOld();
    // Not all days of February were final.
    expect(await partitions()).toContain('events_202702');
    await archive();
    await forgetOld();
    expect(await partitions()).not.toContain('events_202702');
    expect(await partitions()).toContain('events_202703');
    expect(await ask(app, 'SELECT countable_since::text FROM rollup_state')).toEqual([
      { countable_since: '2027-03-01' },
    ]);
    expect(await imported(day)).toEqual({ day, events: 1, imported: 1, heldUntil: '2028-05-01' });
    expect(
      await ask(app, 'SELECT sum(total)::int AS cost FROM measures WHERE minutes = 1440 AND measure = $1', [
        'costMicros',
      ]),
    ).toEqual([{ cost: 450 }]);
  });

  const DAY = '2027-02-28';
  /** February is dropped. */
  const aDroppedMonth = async () => {
    // An earlier fact has dropped it, and the clock has gone back since, which no process sees.
    (eventPartitions() as unknown as { known: Set<string> }).known.clear();
    await say(app, aUsage({ userId: await aPerson(app) }), at(2));
    app.clock.set(new Date('2028-04-01T00:10:00Z'));
    await archive();
    await forgetOld();
    expect(await partitions()).not.toContain('events_202702');
  };

  it('and was brought back stays for a month, or as long as was asked for', async () => {
    await aDroppedMonth();
    await imported(DAY);
    await app.gateway.call(ImportArchivedDay, { params: { day: DAY }, query: { heldDays: 60 } });
    await imported(DAY);
    app.clock.advance(60 * DAY_MS);
    await archive();
    await forgetOld();
    expect(await partitions()).toContain('events_202702');
    expect(
      await ask(app, 'SELECT day::text, held_until::text FROM archived_days WHERE held_until IS NOT NULL'),
    ).toEqual([{ day: DAY, held_until: '2028-05-31' }]);
    app.clock.advance(DAY_MS);
    await forgetOld();
    expect(await partitions()).not.toContain('events_202702');
  });

  it('stays in storage when one more event of it comes', async () => {
    await aDroppedMonth();
    // As when somebody has quarantined events tried again.
    await eventPartitions().ensure([new Date(DAY)]);
    await ask(
      app,
      `INSERT INTO events (event_id, occurred_at, received_at, version, type, source, bot_id, props)
       VALUES ($1, $2, $3, 1, 'chat-ai.usage.recorded', 'chat-ai', 'lumen', '{}')`,
      [uuidv7(), new Date(DAY), new Date(app.clock.now().getTime() + 1000)],
    );
    await ask(app, 'UPDATE archived_days SET final = false WHERE day = $1', [DAY]);
    app.clock.advance(60_000);
    await archive();
    expect(await archived(DAY)).toMatchObject({ events: 2, final: true });
    expect(await linesOf(DAY)).toHaveLength(2);
    await forgetOld();
    expect(await partitions()).not.toContain('events_202702');
  });
});
