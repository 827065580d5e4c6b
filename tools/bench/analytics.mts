import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BusMessage } from '@switchboard/bus';
import type { EventDraft } from '@switchboard/contracts';
import type { Service } from '@switchboard/service-kit';
import { z } from 'zod';
import { serverCpuMs } from '../local/figures.mts';
import { type Postgres, startPostgres } from '../local/postgres.mts';
import { onShutdown } from '../local/shutdown.mts';
import { build } from '../verbs/build.mts';
import { median, optionsFrom, rounded, table } from './bus.report.mts';

export const usage = '[--events 5000000] [--stream 100000] [--repetitions 3]';
export const about =
  'the event store beside plain batched inserts: events/s; retention, overview and business over millions of events: ms';

const Options = z.strictObject({
  /** In the store when it is asked. */
  events: z.coerce.number().int().min(10_000).max(50_000_000).default(5_000_000),
  /** Said and stored in each repetition. */
  stream: z.coerce.number().int().min(5000).max(1_000_000).default(100_000),
  repetitions: z.coerce.number().int().min(1).max(20).default(3),
});

/** Plain inserts are made in the same way: as many in one transaction, two of them at a time. */
const BATCH = 500;
const SIDE_BY_SIDE = 2;
/** As the relay publishes. */
const PUBLISHED_AT_ONCE = 500;
const IN_FLIGHT = 4;

const SLICE = 10_000;

const DAYS = 30;
const DAY_MS = 86_400_000;
const PEOPLE = 2000;
const AIMS = { ratio: 0.4, retentionMs: 2000, overviewMs: 300, businessMs: 1000 };

/** `npm run bench -- analytics`; see `usage`. */
export async function main(args: string[]): Promise<number> {
  const { events, repetitions, stream } = optionsFrom(Options, args);
  await build();
  const folder = mkdtempSync(join(tmpdir(), 'switchboard-bench-'));
  const postgres = await startPostgres({ dataDir: join(folder, 'postgres') });
  let service: Service | undefined;
  const clear = async () => {
    await service?.stop();
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  onShutdown((exitCode) => void clear().finally(() => process.exit(exitCode)));
  try {
    const running = await startAnalytics(postgres, join(folder, 'media'));
    ({ service } = running);
    const report = {
      ...(await storing(running, Math.min(stream, events), repetitions)),
      ...(await asking(running.service, events)),
    };
    for (const [what, aim] of Object.entries(AIMS)) {
      const found = report[what as keyof typeof AIMS];
      const met = found !== null && (what === 'ratio' ? found >= aim : found <= aim);
      console.log(`${met ? 'met   ' : 'missed'} ${what} ${found}, aim ${aim}`);
    }
    console.log(JSON.stringify(report));
    return 0;
  } finally {
    await clear();
  }
}

/** The service as it runs anywhere, on a bus in its process. */
async function startAnalytics(postgres: Postgres, mediaFolder: string) {
  const { createLog, generateIdentityKeys, Service } = await import('@switchboard/service-kit');
  const { analyticsApp } = await import('@switchboard/analytics');
  const { MemoryTransport } = await import('@switchboard/bus');
  const { testEnv } = await import('@switchboard/testing');
  // Each slice is waited for, as nobody waits in an installation.
  const transport = new MemoryTransport({}, { gathers: false });
  const service = await Service.prepare(analyticsApp, {
    env: { ...testEnv(postgres.url, mediaFolder), ANALYTICS_PORT: '0', DATABASE_POOL: '10', LOG_LEVEL: 'warn' },
    log: createLog({ level: 'warn', format: 'pretty' }),
    transport,
    keys: await generateIdentityKeys(['analytics', 'gateway']),
    directory: new Map(),
  });
  await service.listen();
  return { service, transport, postgres };
}

type Running = Awaited<ReturnType<typeof startAnalytics>>;

async function storing({ service, transport, postgres }: Running, count: number, repetitions: number) {
  const { v7: uuidv7 } = await import('uuid');
  const people = Array.from({ length: PEOPLE }, () => uuidv7());
  await service.db.query(
    `INSERT INTO consents SELECT unnest($1::uuid[]), true, '1', 'bot', now() - interval '1 year'`,
    [people],
  );
  // The same columns and indexes: what is compared is not how a table is made, but what is done besides inserting.
  await service.db.query('CREATE TABLE plain (LIKE events INCLUDING DEFAULTS INCLUDING INDEXES)');
  const found: Record<'ours' | 'plain' | 'ratio', number[]> = { ours: [], plain: [], ratio: [] };
  for (let repetition = 0; repetition <= repetitions; repetition++) {
    const messages = await company(people, count);
    const took = { ours: new Spent(postgres), plain: new Spent(postgres) };
    // In turns, so that whatever else the machine does is borne by both.
    for (let from = 0; from < count; from += SLICE) {
      await took.ours.on(() => publish(transport, messages.slice(from, from + SLICE)));
      await took.plain.on(() => insertPlainly(service, messages.slice(from, from + SLICE)));
    }
    const [ours, plain] = [count / took.ours.seconds, count / took.plain.seconds];
    const what = repetition === 0 ? 'Warming up' : `Repetition ${repetition}`;
    console.log(`${what}: ${rounded(ours)} events/s, plainly ${rounded(plain)}, ratio ${rounded(ours / plain, 2)}`);
    console.log(`  CPU µs/event: ${took.ours.cpuPer(count)}; plainly: ${took.plain.cpuPer(count)}`);
    if (repetition === 0) continue;
    found.ours.push(ours);
    found.plain.push(plain);
    found.ratio.push(ours / plain);
  }
  const [{ stored }] = await service.db.query<[{ stored: number }]>('SELECT count(*)::int AS stored FROM events');
  if (stored !== count * (repetitions + 1)) throw new Error(`${stored} events were stored`);
  const [ours, plain] = [median(found.ours), median(found.plain)];
  console.log(`\nHeard, kept, counted: ${rounded(ours)} events/s; inserted plainly: ${rounded(plain)} (medians)`);
  return { eventsPerS: rounded(ours), plainPerS: rounded(plain), ratio: rounded(median(found.ratio), 2) };
}

/** Time that a kind of work took, and the processors with it. */
class Spent {
  seconds = 0;
  private nodeMs = 0;
  private postgresMs = 0;
  private readonly postgres: Postgres;

  constructor(postgres: Postgres) {
    this.postgres = postgres;
  }

  async on(work: () => Promise<void>): Promise<void> {
    const { pid } = this.postgres;
    const [begun, node, server] = [performance.now(), process.cpuUsage(), serverCpuMs(pid)];
    await work();
    this.seconds += (performance.now() - begun) / 1000;
    const { user, system } = process.cpuUsage(node);
    this.nodeMs += (user + system) / 1000;
    this.postgresMs += serverCpuMs(pid) - server;
  }

  cpuPer(events: number): string {
    return `Node ${rounded((this.nodeMs * 1000) / events, 1)}, Postgres ${rounded((this.postgresMs * 1000) / events, 1)}`;
  }
}

/** What a company's bots say in some minutes. */
async function company(people: readonly string[], count: number): Promise<BusMessage[]> {
  const { MessageDelivered, MessageReceived, ReplyCompleted, UsageRecorded } = await import('@switchboard/contracts');
  const { v7: uuidv7 } = await import('uuid');
  const time = new Date().toISOString();
  return Array.from({ length: count }, (_, i) => {
    const userId = people[i % people.length]!;
    const chat = { chatId: uuidv7(), botId: i % 3 ? 'lumen' : 'northwind', userId };
    const inChat = { ...chat, channel: 'telegram' };
    const drafts: (() => EventDraft)[] = [
      () => MessageReceived({ ...inChat, messageId: uuidv7(), locale: 'en', kind: 'text', sentAt: time }),
      () =>
        UsageRecorded({
          usageId: uuidv7(),
          botId: chat.botId,
          userId,
          model: i % 5 ? 'small' : 'large',
          inputTokens: 900 + (i % 700),
          cachedInputTokens: i % 300,
          outputTokens: i % 400,
          costMicros: i % 9000,
          estimated: false,
          outcome: 'answered',
          durationMs: 300 + (i % 4000),
        }),
      () =>
        ReplyCompleted({
          ...chat,
          replyId: uuidv7(),
          locale: 'en',
          text: 'An answer of a usual length, which nobody here reads.',
          outcome: 'answered',
          answers: [uuidv7()],
        }),
      () =>
        MessageDelivered({
          ...inChat,
          deliveryId: uuidv7(),
          causeId: uuidv7(),
          kind: 'text',
          parts: 1,
          deliveredAt: time,
        }),
    ];
    const { type, subject, data } = drafts[i % drafts.length]!();
    const id = uuidv7();
    const source = type.split('.')[0]!;
    const attributes = { specversion: '1.0', id, source, type, subject, time, datacontenttype: 'application/json' };
    return { id, type, subject, body: JSON.stringify({ ...attributes, correlationid: id, data }) };
  });
}

async function publish(transport: Running['transport'], messages: readonly BusMessage[]): Promise<void> {
  let at = 0;
  const carry = async () => {
    while (at < messages.length) await transport.publish(messages.slice(at, (at += PUBLISHED_AT_ONCE)));
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, carry));
}

/** A row, of a message that nobody checks. */
function plainRow({ body }: BusMessage) {
  const { id, type, source, subject, time, data } = JSON.parse(body) as Record<string, string> & { data: object };
  const { userId, botId, channel, locale, ...props } = data as Record<string, string>;
  const about = { event_id: id, type, version: 1, source, subject, occurred_at: time, received_at: time };
  return { ...about, user_id: userId, bot_id: botId, platform: channel, locale, props };
}

/** What an experienced person would write who only has to store what comes: one statement and one commit for each batch. */
async function insertPlainly({ db }: Service, messages: readonly BusMessage[]): Promise<void> {
  let at = 0;
  const insert = async () => {
    while (at < messages.length) {
      const batch = messages.slice(at, (at += BATCH)).map(plainRow);
      await db.transaction((tx) =>
        tx.query('INSERT INTO plain SELECT * FROM json_populate_recordset(NULL::plain, $1::json)', [
          JSON.stringify(batch),
        ]),
      );
    }
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, insert));
}

async function asking(service: Service, events: number) {
  const { db } = service;
  await db.query('TRUNCATE events, measures, active_people, people');
  const begun = performance.now();
  const today = Math.floor(Date.now() / DAY_MS) * DAY_MS;
  const months = new Set(
    Array.from({ length: DAYS + 1 }, (_, age) => new Date(today - age * DAY_MS).toISOString().slice(0, 7)),
  );
  for (const month of months) await makePartition(db, month);
  const { RollupsService } = (await import('../../apps/analytics/dist/src/rollups/rollups.service.js')) as {
    RollupsService: new (db: Service['db']) => { rebuild(from: string, to: string): Promise<number> };
  };
  const rollups = new RollupsService(db);
  for (let age = DAYS; age >= 1; age--) {
    const day = new Date(today - age * DAY_MS).toISOString().slice(0, 10);
    await db.query(SEED, [day, Math.round(events / DAYS), DAYS - age, Math.max(100, Math.round(events / 100))]);
    await rollups.rebuild(day, day);
  }
  await db.query('VACUUM ANALYZE');
  const [size] = await db.query<[Record<string, string>]>(
    `SELECT (SELECT count(*) FROM events) AS events, (SELECT count(*) FROM measures) AS measures,
       (SELECT count(*) FROM active_people) AS active`,
  );
  console.log(
    `\n${size.events} events, ${size.measures} measures and ${size.active} days of people were made in ${Math.round((performance.now() - begun) / 1000)} s`,
  );
  const from = new Date(today - DAYS * DAY_MS).toISOString().slice(0, 10);
  const to = new Date(today - DAY_MS).toISOString().slice(0, 10);
  const { people, usage: live, money } = await boards(service);
  const query = { zone: 'Europe/Moscow', from, to };
  const days = Array.from({ length: DAYS }, (_, i) => String(i + 1));
  const retention = await timed(async () => {
    const { cohorts } = await people.retention({ ...query, kind: 'calendar', cohort: 'day', days }, {});
    return cohorts;
  });
  const overview = await timed(async () => (await live.overview({ zone: query.zone }, {})).hours);
  // It is remembered for a while: of a zone of its own each time it is computed.
  const zones = Intl.supportedValuesOf('timeZone').filter((zone) => zone.startsWith('Europe/'));
  const business = await timed(async () => [await money.business({ zone: zones.pop()!, currency: 'USD' }, {})]);
  table(
    ['', 'median ms', 'slowest'],
    [
      [`retention of ${retention.rows} cohorts over ${DAYS} days`, retention.ms, retention.slowest],
      ['overview', overview.ms, overview.slowest],
      ['business', business.ms, business.slowest],
    ],
  );
  return { retentionMs: retention.ms, overviewMs: overview.ms, businessMs: business.ms };
}

type Ask<Answer> = (query: object, viewer: object) => Promise<Answer>;
interface Boards {
  people: { retention: Ask<{ cohorts: unknown[] }> };
  usage: { overview: Ask<{ hours: unknown[] }> };
  money: { business: Ask<object> };
}

/** What answers the routes of the console. */
async function boards({ nest }: Service): Promise<Boards> {
  const dist = '../../apps/analytics/dist/src/boards';
  const { PeopleBoardsService } = (await import(`${dist}/people-boards.service.js`)) as Record<string, never>;
  const { UsageBoardsService } = (await import(`${dist}/usage-boards.service.js`)) as Record<string, never>;
  const { MoneyBoardsService } = (await import(`${dist}/money-boards.service.js`)) as Record<string, never>;
  const get = <Board,>(type: never) => nest.get<Board>(type, { strict: false });
  return { people: get(PeopleBoardsService!), usage: get(UsageBoardsService!), money: get(MoneyBoardsService!) };
}

async function timed<Row>(ask: () => Promise<Row[]>) {
  const times: number[] = [];
  let rows = 0;
  for (let i = 0; i < 5; i++) {
    const begun = performance.now();
    rows = (await ask()).length;
    times.push(performance.now() - begun);
  }
  return { ms: rounded(median(times)), slowest: rounded(Math.max(...times)), rows };
}

async function makePartition(db: Service['db'], month: string): Promise<void> {
  const name = `events_${month.replace('-', '')}`;
  await db.query(
    `CREATE TABLE IF NOT EXISTS ${name} PARTITION OF events FOR VALUES FROM ('${month}-01T00:00:00Z')
     TO ('${new Date(Date.UTC(Number(month.slice(0, 4)), Number(month.slice(5)), 1)).toISOString()}')`,
  );
}

/** Events of one day: $1 the day, $2 how many, $3 how many days have passed before it, $4 of how many people. Fewer come back the older they are. */
const SEED = `
  INSERT INTO events (event_id, occurred_at, received_at, user_id, version, type, source, subject, bot_id, platform, locale, props)
  SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(md5(n::text || $1), 1, 3) || '8'
      || substr(md5(n::text || $1), 4, 15))::uuid, at, at, md5('person ' || person)::uuid, 1,
    CASE n % 4 WHEN 0 THEN 'bot-adapter.message.received' WHEN 1 THEN 'chat-ai.usage.recorded'
      WHEN 2 THEN 'chat-ai.reply.completed' ELSE 'bot-adapter.message.delivered' END,
    CASE n % 4 WHEN 0 THEN 'bot-adapter' WHEN 3 THEN 'bot-adapter' ELSE 'chat-ai' END, md5('chat ' || person),
    CASE person % 3 WHEN 0 THEN 'northwind' ELSE 'lumen' END, 'telegram', 'en',
    CASE n % 4
      WHEN 0 THEN '{"kind": "text", "inGroup": false}'::jsonb
      WHEN 1 THEN jsonb_build_object('model', CASE n % 5 WHEN 0 THEN 'large' ELSE 'small' END, 'inputTokens', 900 + n % 700,
        'cachedInputTokens', n % 300, 'outputTokens', n % 400, 'costMicros', n % 9000, 'outcome', 'answered', 'durationMs', 300 + n % 4000)
      WHEN 2 THEN '{"outcome": "answered"}'::jsonb
      ELSE '{"kind": "text", "parts": 1}'::jsonb
    END
  FROM (
    SELECT n, $1::date::timestamp AT TIME ZONE 'UTC' + n * (interval '1 day' / $2) AS at,
      -- The earlier somebody has come, the smaller their number; those of the last days write most.
      floor($4 * (($3 + 1) / ${DAYS}.0) * (1 - power(random(), 2)))::int AS person
    FROM generate_series(0, $2::int - 1) AS n
  ) said ORDER BY at`;
