import {
  type Actor,
  AuditEntryAppendRequested,
  ListExports,
  OpenExport,
  ReadExport,
  type RouteDefinition,
} from '@switchboard/contracts';
import { MEDIA_STORAGE, type MediaStorage, Schedules } from '@switchboard/service-kit';
import { FakeClock, startApp, type TestApp, until } from '@switchboard/testing';
import { parse } from 'csv-parse/sync';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import readExcelFile from 'read-excel-file/node';
import { v7 as uuidv7 } from 'uuid';
import { type Deed, happened } from '../../test/deeds';
import { analyticsApp } from '../analytics.app';

const MARCH = { zone: 'Europe/Berlin', from: '2026-03-01', to: '2026-03-03' };
const ANNA: Actor = { kind: 'staff', id: 'anna', roles: ['analyst'], scopes: ['analytics:*'] };
const BORIS: Actor = { ...ANNA, id: 'boris' };

let app: TestApp;
let clock: FakeClock;
let folder: string;
beforeAll(async () => {
  clock = new FakeClock(new Date('2026-06-01T12:00:00Z'));
  folder = await mkdtemp(join(tmpdir(), 'exports-'));
  app = await startApp(analyticsApp, { clock, env: { MEDIA_FOLDER: folder } });
  const come = (bot: string, people: number, from: number) =>
    Array.from({ length: people }, (_, i): Deed => ({ who: from + i, at: '2026-03-02T10:00:00Z', bot }));
  await happened(app, [
    ...come('busy', 20, 0),
    ...come('quiet', 19, 100),
    {
      ...{ who: 1, at: '2026-03-02T22:30:00Z', bot: 'busy', type: 'chat-ai.usage.recorded' },
      props: {
        model: '=HYPERLINK("http://x")',
        costMicros: 450,
        inputTokens: 10,
        outputTokens: 5,
        outcome: 'answered',
      },
    },
  ]);
});
afterAll(async () => {
  await app.stop();
  await rm(folder, { recursive: true });
});

type Body = Parameters<typeof app.gateway.call<typeof OpenExport>>[1] extends infer Input ? Input : never;
type Wanted = NonNullable<Body> extends { body: infer Wanted } ? Wanted : never;

const opened = (body: Wanted, actor = ANNA) =>
  app.gateway.call(OpenExport, { body, idempotencyKey: uuidv7() }, { actor });
const read = (exportId: string, actor = ANNA) => app.gateway.call(ReadExport, { params: { exportId } }, { actor });

async function done(body: Wanted, actor = ANNA) {
  const { id } = await opened(body, actor);
  const isDone = async () => ((await read(id, actor)).state === 'done' ? read(id, actor) : undefined);
  return until(isDone, { what: 'the export' });
}
/** As a browser follows the link; the gateway takes `/v1` away. */
const follow = (link: string) => fetch(app.url + link.replace(/^\/v1/, ''));
const files = () => app.service.nest.get<MediaStorage>(MEDIA_STORAGE);
/** Of the job that writes it: those that have ended without. */
const tries = (id: string) =>
  app.service.db.query<unknown[]>(
    `SELECT FROM analytics_jobs._private_jobs WHERE key = $1 AND locked_at IS NULL AND attempts > 0`,
    [`export:${id}`],
  );
const tryTheLastTime = (id: string) =>
  app.service.db.query(
    `UPDATE analytics_jobs._private_jobs SET attempts = max_attempts - 1, run_at = now() WHERE key = $1`,
    [`export:${id}`],
  );
const growth = (botId?: string) => ({ report: 'growth' as const, query: { ...MARCH, ...(botId && { botId }) } });

describe('an export', () => {
  it('as CSV is what the board shows, read by its link', async () => {
    const file = await done({ of: growth('busy'), format: 'csv', delimiter: ';', locale: 'ru' });
    expect(file).toMatchObject({
      report: 'growth',
      rows: 3,
      fileName: 'growth-2026-06-01.csv',
      botId: 'busy',
      from: '2026-03-01',
      to: '2026-03-03',
    });
    const response = await follow(file.link!);
    expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(response.headers.get('content-disposition')).toBe('attachment; filename="growth-2026-06-01.csv"');
    const text = Buffer.from(await response.arrayBuffer());
    expect(text.length).toBe(file.bytes);
    expect(text.subarray(0, 3)).toEqual(Buffer.from('\uFEFF'));
    expect(parse(text, { bom: true, delimiter: ';' })).toEqual([
      ['День', 'DAU', 'WAU', 'MAU', 'Новые', 'Удержанные', 'Вернувшиеся', 'Спящие'],
      ['2026-03-01', '', '', '', '', '', '', ''],
      ['2026-03-02', '20', '20', '20', '20', '0', '0', '0'],
      ['2026-03-03', '0', '20', '20', '0', '0', '0', '0'],
    ]);
  });

  it('hides what the board hides', async () => {
    const file = await done({ of: growth('quiet'), format: 'csv', bom: false });
    const rows = parse(await (await follow(file.link!)).text(), { from: 2 }) as string[][];
    expect(rows.flatMap((row) => row.slice(1)).filter(Boolean)).toEqual([]);
  });

  it('as a workbook has typed cells, and a sheet that says what they mean', async () => {
    const file = await done({ of: growth('busy'), format: 'xlsx' });
    const [data, definitions] = await readExcelFile(Buffer.from(await (await follow(file.link!)).arrayBuffer()));
    expect(data!.data.slice(0, 3)).toEqual([
      ['Day', 'DAU', 'WAU', 'MAU', 'New', 'Retained', 'Resurrected', 'Dormant'],
      [new Date('2026-03-01T00:00:00Z'), ...Array.from({ length: 7 }, () => null)],
      [new Date('2026-03-02T00:00:00Z'), 20, 20, 20, 20, 0, 0, 0],
    ]);
    const notes = new Map(definitions!.data.filter(([name]) => name).map(([name, text]) => [name, text]));
    expect(definitions!.sheet).toBe('Definitions');
    expect([notes.get('zone'), notes.get('from'), notes.get('rows')]).toEqual(['Europe/Berlin', '2026-03-01', '3']);
    expect(notes.get('DAU')).toBe('People who were active on the day.');
    expect(notes.get('Hidden')).toMatch(/fewer than 20/);
    expect(notes.get('SHA-256 of the rows, each as JSON in a line')).toMatch(/^[0-9a-f]{64}$/);
  });

  it.each<[string, Wanted['of'], string[]]>([
    [
      'retention',
      { report: 'retention', query: { ...MARCH, cohort: 'day', days: '1', botId: 'busy' } },
      ['2026-03-02', '20', '1', '1', '20', '0', '0'],
    ],
    [
      'a funnel',
      { report: 'funnel', query: { ...MARCH, botId: 'busy', steps: 'bot-adapter.message.received,a.b.c' } },
      ['1', 'bot-adapter.message.received', '20', '0', '1'],
    ],
    ['usage', { report: 'usage', query: { ...MARCH, botId: 'busy' } }, ['2026-03-02T11:00:00+01:00', 'busy', '', '20']],
    ['activity', { report: 'activity', query: { ...MARCH, botId: 'busy' } }, ['2026-03-01T00:00:00+01:00', '0']],
    ['business', { report: 'business', query: { botId: 'busy' } }, ['MAU']],
  ])('of %s begins with its first row', async (_, of, expected) => {
    const file = await done({ of, format: 'csv', bom: false });
    const [row] = parse(await (await follow(file.link!)).text(), { from: 2 }) as string[][];
    expect(row!.slice(0, expected.length)).toEqual(expected);
  });

  it('of usage adds up to the micro-dollar, and its texts are no formulas', async () => {
    const file = await done({ of: { report: 'usage', query: { ...MARCH, botId: 'busy' } }, format: 'csv' });
    const rows = parse(await (await follow(file.link!)).text(), { bom: true, columns: true }) as Record<
      string,
      string
    >[];
    expect(rows.map((row) => [row['Time'], row['Model'], row['Cost, millionths of USD']])).toEqual([
      ['2026-03-02T11:00:00+01:00', '', '0'],
      ['2026-03-02T23:00:00+01:00', `'=HYPERLINK("http://x")`, '450'],
    ]);
  });

  it.each([
    ['day', ['2026-03-02', '1', '0', '10', '0', '5', '450']],
    ['hour', ['2026-03-02T23:00:00+01:00', '1', '0', '10', '0', '5', '450']],
    ['bot', ['busy', '1', '0', '10', '0', '5', '450']],
    ['model', [`'=HYPERLINK("http://x")`, '1', '0', '10', '0', '5', '450']],
  ] as const)('of usage by %s is what its board shows', async (by, expected) => {
    const file = await done({ of: { report: 'usage', query: { ...MARCH, botId: 'busy', by } }, format: 'csv' });
    const rows = parse(await (await follow(file.link!)).text(), { bom: true, from: 2 }) as string[][];
    expect(rows.filter(([, calls]) => calls !== '0')).toEqual([expected]);
  });

  it('is an entry in the audit log, once', async () => {
    const input = { body: { of: growth('busy'), format: 'csv' as const }, idempotencyKey: uuidv7() };
    const first = await app.gateway.call(OpenExport, input, { actor: ANNA });
    expect(await app.gateway.call(OpenExport, input, { actor: ANNA })).toEqual(first);
    const isIt = ({ data }: { data: { resourceId: string } }) => data.resourceId === first.id;
    const entry = await app.probe.until(AuditEntryAppendRequested, isIt);
    expect(entry.data).toMatchObject({
      actor: { kind: 'staff', id: 'anna', roles: ['analyst'] },
      action: 'analytics.exports.open',
      after: { of: { report: 'growth' }, format: 'csv' },
    });
    expect(app.probe.all(AuditEntryAppendRequested).filter(isIt)).toHaveLength(1);
  });

  it('is in the list of who asked for it, and of nobody else', async () => {
    const { id } = await done({ of: growth(), format: 'csv' }, BORIS);
    const listOf = async (actor: Actor) =>
      (await app.gateway.call(ListExports, {}, { actor })).data.map((one) => one.id);
    expect(await listOf(BORIS)).toEqual([id]);
    expect(await listOf(ANNA)).not.toContain(id);
    expect(await status(ReadExport, { exportId: id }, ANNA)).toBe(404);
    const [first] = (await app.gateway.call(ListExports, { query: { limit: 1 } }, { actor: ANNA })).data;
    const { page } = await app.gateway.call(ListExports, { query: { limit: 1 } }, { actor: ANNA });
    const next = await app.gateway.call(ListExports, { query: { limit: 1, after: page.next! } }, { actor: ANNA });
    expect(next.data[0]!.createdAt <= first!.createdAt && next.data[0]!.id !== first!.id).toBe(true);
  });

  it('of staff who may see some bots holds these alone', async () => {
    const file = await done({ of: growth('busy'), format: 'csv' }, { ...ANNA, bots: ['quiet'] });
    const rows = parse(await (await follow(file.link!)).text(), { bom: true, from: 2 }) as string[][];
    expect(rows.flatMap((row) => row.slice(1)).filter(Boolean)).toEqual([]);
  });

  it('cannot be read by a link of another one, or a made-up one', async () => {
    const [one, other] = [await done({ of: growth(), format: 'csv' }), await done({ of: growth(), format: 'csv' })];
    const token = new URL(one.link!, app.url).searchParams.get('token')!;
    for (const wrong of [
      other.link!.replace(/token=.*/, `token=${token}`),
      one.link!.replace(/token=.*/, 'token=x'),
      `${one.link}x`,
    ])
      expect((await follow(wrong)).status).toBe(404);
    expect((await follow(one.link!)).status).toBe(200);
  });

  it('refuses what no board would take', async () => {
    const headers = {
      ...(await app.as('gateway', ANNA)),
      'content-type': 'application/json',
      'idempotency-key': uuidv7(),
    };
    const body = JSON.stringify({ of: { report: 'growth', query: { ...MARCH, zone: 'CET' } }, format: 'csv' });
    expect((await fetch(`${app.url}/analytics/exports`, { method: 'POST', headers, body })).status).toBe(422);
  });

  it('tells how far it is', async () => {
    const file = await done({ of: growth('busy'), format: 'csv' });
    expect(file).toMatchObject({ rows: 3, totalRows: 3, problem: null });
    const usage = await done({ of: { report: 'usage', query: { ...MARCH, botId: 'busy' } }, format: 'csv' });
    expect(usage).toMatchObject({ rows: 2, totalRows: null });
  });

  it('of days that are no longer kept has failed at once, and says why', async () => {
    const query = { ...MARCH, from: '2023-03-01', to: '2023-03-03' };
    const { id } = await opened({ of: { report: 'growth', query }, format: 'csv' });
    const failed = await until(async () => ((await read(id)).state === 'failed' ? read(id) : undefined), {
      what: 'the failure',
    });
    expect(failed).toMatchObject({
      ...{ problem: 'analytics.days_not_kept', keptFrom: '2024-05-31' },
      ...{ link: null, finishedAt: clock.now() },
    });
  });

  it('that was to begin with days that are no longer kept says from which day on there is something', async () => {
    const query = { ...MARCH, from: '2024-05-20', to: '2024-06-02' };
    const file = await done({ of: { report: 'growth', query }, format: 'xlsx' });
    expect(file).toMatchObject({ rows: 3, keptFrom: '2024-05-31' });
    const [, notes] = await readExcelFile(Buffer.from(await (await follow(file.link!)).arrayBuffer()));
    expect(notes!.data).toContainEqual(['kept from', '2024-05-31']);
    expect(await done({ of: growth(), format: 'csv' })).toMatchObject({ keptFrom: null });
  });

  it('that fails when its file is written leaves no file', async () => {
    await app.service.db.query(`
      CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'refused'; END $$;
      CREATE TRIGGER refuse BEFORE UPDATE ON exports FOR EACH ROW WHEN (NEW.state = 'done') EXECUTE FUNCTION refuse()`);
    try {
      const { id } = await opened({ of: growth('busy'), format: 'csv' });
      await until(async () => (await tries(id)).length > 0, { what: 'the first try' });
      expect(await files().exists(`exports/${id}`)).toBe(true);
      await tryTheLastTime(id);
      await until(async () => (await read(id)).state === 'failed', { what: 'the failure' });
      await until(async () => !(await files().exists(`exports/${id}`)), { what: 'its file being deleted' });
    } finally {
      await app.service.db.query('DROP FUNCTION refuse CASCADE');
    }
  });

  it('that cannot be written is tried again, and has failed after the last time', async () => {
    await rename(folder, `${folder}-away`);
    await writeFile(folder, 'no folder');
    try {
      const { id } = await opened({ of: growth('busy'), format: 'csv' });
      await until(async () => (await tries(id)).length > 0, { what: 'the first try' });
      expect(await read(id)).toMatchObject({ state: 'running', rows: 0, totalRows: 3 });
      await tryTheLastTime(id);
      await until(async () => (await read(id)).state === 'failed', { what: 'the failure' });
      expect(await read(id)).toMatchObject({ problem: null, link: null, finishedAt: clock.now() });
    } finally {
      await rm(folder);
      await rename(`${folder}-away`, folder);
    }
  });

  it('that nobody writes any more, since its process was killed at the last try, has failed', async () => {
    const lost = uuidv7();
    const request = { of: growth('busy'), format: 'csv', locale: 'en', delimiter: ',', bom: true };
    await app.service.db.query(
      `INSERT INTO exports (id, owner, request, state, created_at) VALUES ($1, 'staff:anna', $2, 'running', $3)`,
      [lost, JSON.stringify(request), clock.now()],
    );
    await files().put(`exports/${lost}`, Buffer.from('x'), { contentType: 'text/csv' });
    await app.service.nest.get(Schedules).runSlot('give-up-exports', clock.now());
    await until(async () => (await read(lost)).state === 'failed', { what: 'it being given up' });
    await until(async () => !(await files().exists(`exports/${lost}`)), { what: 'its file being deleted' });
  });

  it('goes after a day also when the file of another one cannot be deleted', async () => {
    const [first, second] = [await done({ of: growth(), format: 'csv' }), await done({ of: growth(), format: 'csv' })];
    clock.advance(24 * 3_600_000 + 1000);
    const real = files().delete.bind(files());
    const broken = jest
      .spyOn(files(), 'delete')
      .mockImplementation((key) => (key.endsWith(first.id) ? Promise.reject(new Error('stays')) : real(key)));
    try {
      await app.service.nest.get(Schedules).runSlot('forget-exports', clock.now());
      await until(async () => !(await files().exists(`exports/${second.id}`)), {
        what: 'the other file being deleted',
      });
    } finally {
      broken.mockRestore();
    }
  });

  it('is there for a day: then its link says nothing, and its file is deleted', async () => {
    const file = await done({ of: growth(), format: 'csv' });
    clock.advance(24 * 3_600_000 + 1000);
    expect((await follow(file.link!)).status).toBe(404);
    expect(await read(file.id)).toMatchObject({ state: 'expired', link: null });
    await app.service.nest.get(Schedules).runSlot('forget-exports', clock.now());
    const stateOf = async () => {
      const [row] = await app.service.db.query<{ state: string }[]>('SELECT state FROM exports WHERE id = $1', [
        file.id,
      ]);
      return row!.state;
    };
    await until(async () => (await stateOf()) === 'expired', { what: 'the file being deleted' });
  });
});

async function status(route: RouteDefinition, params: Record<string, string>, actor: Actor): Promise<number> {
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => params[name]!);
  return (await fetch(app.url + path, { headers: await app.as('gateway', actor) })).status;
}
