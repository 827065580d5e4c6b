import {
  type AuditAction,
  ExportAuditEntries,
  ListAuditEntries,
  ListAuditVerifications,
  ProveAuditExport,
  ReadAuditVerification,
  RequestAuditVerification,
} from '@switchboard/contracts';
import { MEDIA_STORAGE, type MediaStorage, Schedules } from '@switchboard/service-kit';
import { startApp, type TestApp, until } from '@switchboard/testing';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Client } from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { gatewayApp } from '../gateway.app';
import { checkExport } from './audit-file-check';
import type { AuditEntry } from './audit-entry';
import { AuditLog } from './audit-log';
import { AuditCopiesService } from './audit-copies.service';
import { AuditRootsService } from './audit-roots.service';
import { AuditVerificationsService } from './audit-verifications.service';
import { AuditJobs } from './audit.jobs';
import { AuditService } from './audit.service';

const YEAR_MS = 366 * 86_400_000;

let app: TestApp;
let log: AuditLog;
let roots: AuditRootsService;
let copies: AuditCopiesService;
let owner: Client;
beforeAll(async () => {
  app = await startApp(gatewayApp);
  log = app.service.nest.get(AuditLog, { strict: false });
  roots = app.service.nest.get(AuditRootsService, { strict: false });
  copies = app.service.nest.get(AuditCopiesService, { strict: false });
  owner = new Client({ connectionString: app.database.url });
  await owner.connect();
  // What nobody can keep the owner of a database from doing.
  await owner.query(`SET search_path = gateway; SET session_replication_role = replica`);
  // A run of the far future keeps back those of the next minutes.
  const schedules = app.service.nest.get(Schedules, { strict: false });
  const slot = new Date(Date.now() + YEAR_MS);
  await schedules.runSlot('sign-audit-log', slot);
  const done = 'SELECT 1 FROM schedules WHERE job = $1 AND last_success_slot = $2';
  await until(async () => (await owner.query(done, ['sign-audit-log', slot])).rowCount, {
    what: 'the end of that run',
  });
});
afterAll(async () => {
  await owner.end();
  await app.stop();
});
beforeEach(async () => {
  for (const table of ['entries', 'roots', 'segments', 'verifications', 'streams'])
    await owner.query(`DELETE FROM audit_${table}`);
  await owner.query(
    `INSERT INTO audit_streams SELECT stream, 0, nothing, nothing
     FROM generate_series(0, 15) AS stream, decode(repeat('00', 32), 'hex') AS nothing`,
  );
  const storage = app.service.nest.get<MediaStorage>(MEDIA_STORAGE, { strict: false });
  for (const number of [1, 2, 3, 4, 5]) await storage.delete(`audit/roots/00000000${number}.json`);
});

const anEntry = (entry: Partial<AuditEntry> = {}): AuditEntry => ({
  actor: { kind: 'staff', id: 'anna', roles: ['admin'] },
  action: 'gateway.things.change' as AuditAction,
  resource: { type: 'thing', id: '=1+1' },
  result: 'done',
  ...entry,
});
/** With a value in every column. */
const full = (i: number): AuditEntry =>
  anEntry({
    onBehalfOf: { kind: 'staff', id: 'bert' },
    resource: { type: 'thing', id: `thing-${i}` },
    userId: uuidv7(),
    botId: 'lumen',
    before: { name: 'old' },
    after: { name: 'new' },
    details: { params: { i } },
    reason: 'a "good", reason',
    approvalId: uuidv7(),
    requestId: uuidv7(),
  });
const append = (...entries: AuditEntry[]) => log.append(app.service.db.manager, ...entries);

async function verify() {
  const verifications = app.service.nest.get(AuditVerificationsService, { strict: false });
  const id = await verifications.begin(app.service.db.manager);
  await verifications.verify(id, new AbortController().signal);
  return verifications.read(id);
}
const kinds = async () => [...new Set((await verify()).findings.map(({ kind }) => kind))].sort();

it('a log that nobody has touched fits, signed or not', async () => {
  expect(await verify()).toMatchObject({ entries: 0, roots: 0, found: 0, findings: [] });
  await append(
    ...Array.from({ length: 5 }, (_, i) => full(i)),
    anEntry({ actor: { kind: 'key', id: 'k' }, money: true }),
  );
  await roots.sign();
  await copies.write();
  expect(await roots.sign()).toBeUndefined();
  await append(full(6));
  await roots.sign();
  await append(full(7));
  expect(await verify()).toMatchObject({ entries: 8, roots: 2, found: 0, findings: [] });
});

it('whoever may read the log may have it verified', async () => {
  await append(full(1));
  const { verificationId } = await app.gateway.call(RequestAuditVerification, { idempotencyKey: uuidv7() });
  const read = () => app.gateway.call(ReadAuditVerification, { params: { verificationId } });
  await until(async () => (await read()).endedAt, { what: 'the end of the verification' });
  expect(await read()).toMatchObject({ entries: 1, roots: 0, found: 0, findings: [] });
  const { data } = await app.gateway.call(ListAuditVerifications);
  expect(data).toEqual([await read()]);
});

it('is verified once at a time: whoever asks meanwhile learns of the same', async () => {
  await append(full(1));
  const ask = () => app.gateway.call(RequestAuditVerification, { idempotencyKey: uuidv7() });
  const held = jest.spyOn(app.service.nest.get(AuditVerificationsService, { strict: false }), 'verify');
  const running = Promise.withResolvers<void>();
  held.mockImplementationOnce(() => running.promise);
  const { verificationId } = await ask();
  await until(() => held.mock.calls.length === 1, { what: 'the beginning of the verification' });
  expect([await ask(), await ask()]).toEqual([{ verificationId }, { verificationId }]);
  running.reject(new Error('something else'));
  const ended = () => app.gateway.call(ReadAuditVerification, { params: { verificationId } });
  await until(async () => (await ended()).endedAt, { what: 'the end of the verification' });
  expect(await ended()).toMatchObject({ entries: 1, found: 0 });
  expect((await ask()).verificationId).not.toBe(verificationId);
  held.mockRestore();
});

it('a verification whose job is lost, or that cannot be brought to its end, has found that', async () => {
  const verifications = app.service.nest.get(AuditVerificationsService, { strict: false });
  const lost = await verifications.begin(app.service.db.manager);
  const { verificationId } = await app.gateway.call(RequestAuditVerification, { idempotencyKey: uuidv7() });
  expect(verificationId).not.toBe(lost);
  expect(await verifications.read(lost)).toMatchObject({
    endedAt: expect.any(Date),
    found: 1,
    findings: [{ kind: 'not_verified', message: 'the log was not verified: its job was lost' }],
  });
  await until(async () => (await verifications.read(verificationId)).endedAt, { what: 'the end of the other' });
  const failing = await verifications.begin(app.service.db.manager);
  const failed = jest.spyOn(verifications, 'verify').mockRejectedValueOnce(new Error('no memory'));
  const run = { attempt: 3, isLastAttempt: true, signal: new AbortController().signal };
  const jobs = app.service.nest.get(AuditJobs, { strict: false });
  await expect(jobs.verify({ verificationId: failing }, run)).rejects.toThrow('no memory');
  expect(await verifications.read(failing)).toMatchObject({ found: 1, findings: [{ kind: 'not_verified' }] });
  failed.mockRestore();
});

it('a change of any column of any table is found', async () => {
  await append(full(1), full(2), full(3));
  await roots.sign();
  await append(full(4));
  await roots.sign();
  await copies.write();
  const others: Record<string, string> = {
    bigint: 'COLUMN + 1000',
    'timestamp with time zone': `COLUMN + interval '1 second'`,
    text: `COLUMN || 'x'`,
    jsonb: `'{"another":1}'`,
    bytea: `set_byte(COLUMN, 0, (get_byte(COLUMN, 0) + 1) % 256)`,
  };
  const { rows: columns } = await owner.query<{ table: string; column: string; type: string }>(
    `SELECT table_name AS table, column_name AS column, data_type AS type FROM information_schema.columns
     WHERE table_schema = 'gateway' AND table_name IN ('audit_entries', 'audit_roots', 'audit_segments', 'audit_streams')
       AND (table_name, column_name) NOT IN (('audit_streams', 'previous'))`,
  );
  expect(columns.length).toBeGreaterThan(30);
  const unseen: string[] = [];
  await owner.query('DELETE FROM audit_streams WHERE stream = 15');
  for (const { table, column, type } of columns) {
    await owner.query('BEGIN');
    const { rows: before } = await owner.query<{ text: string }>(
      `SELECT ctid::text, t::text AS text FROM ${table} t ORDER BY t::text`,
    );
    const where = table === 'audit_streams' ? 'WHERE seq > 0' : `WHERE ctid = (SELECT min(ctid) FROM ${table})`;
    await owner.query(`CREATE TABLE kept AS SELECT * FROM ${table}`);
    const another = column === 'stream' ? '15' : others[type]!.replaceAll('COLUMN', column);
    await owner.query(`UPDATE ${table} SET ${column} = ${another} ${where}`);
    await owner.query('COMMIT');
    if ((await verify()).found === 0) unseen.push(`${table}.${column}`);
    await owner.query(`DELETE FROM ${table}`);
    await owner.query(`INSERT INTO ${table} SELECT * FROM kept; DROP TABLE kept`);
    const { rows: after } = await owner.query<{ text: string }>(
      `SELECT t::text AS text FROM ${table} t ORDER BY t::text`,
    );
    expect(after.map((row) => row.text)).toEqual(before.map((row) => row.text));
  }
  expect(unseen).toEqual([]);
  expect(await kinds()).toEqual([]);
});

it('entries that were removed at the end are found, with head and signatures taken back', async () => {
  await append(full(1), full(2));
  await roots.sign();
  await append(full(3));
  await roots.sign();
  await copies.write();
  await owner.query(`DELETE FROM audit_entries WHERE seq = 3`);
  expect(await kinds()).toEqual(['entry_missing', 'head_changed']);
  await owner.query(
    `UPDATE audit_streams s SET seq = 2, hash = e.hash FROM audit_entries e WHERE e.stream = s.stream AND e.seq = 2`,
  );
  expect(await kinds()).toEqual(['entry_missing']);
  await owner.query('DELETE FROM audit_segments WHERE root = 2; DELETE FROM audit_roots WHERE number = 2');
  // Only what is kept elsewhere still knows.
  expect(await kinds()).toEqual(['root_missing']);
});

it('each root has a copy elsewhere, also one that could not be copied at once', async () => {
  const storage = app.service.nest.get<MediaStorage>(MEDIA_STORAGE, { strict: false });
  for (const i of [1, 2, 3]) {
    await append(full(i));
    await roots.sign();
  }
  await copies.write();
  for (const number of [1, 2, 3]) {
    const file = await storage.open(`audit/roots/00000000${number}.json`);
    expect(JSON.parse(await text(file!.body))).toMatchObject({ root: { number }, publicKey: { kty: 'OKP' } });
  }
});

it('is signed every ten minutes and verified each night, by one of the processes', async () => {
  await append(full(1));
  const schedules = app.service.nest.get(Schedules, { strict: false });
  await schedules.runSlot('sign-audit-log', new Date(Date.now() + 2 * YEAR_MS));
  await until(async () => (await copies.lastNumber()) === 1, { what: 'the copy of the first root' });
  await schedules.runSlot('verify-audit-log-nightly', new Date());
  await until(
    async () =>
      (await app.gateway.call(ListAuditVerifications)).data.some(({ endedAt, entries }) => endedAt && entries === 1),
    { what: 'the nightly verification' },
  );
  const metrics = await (await fetch(`${app.url}/metrics`)).text();
  expect(metrics).toMatch(/audit_findings\{[^}]*\} 0/);
  expect(metrics).toMatch(/audit_unsigned_seconds\{[^}]*\} 0/);
  await owner.query(`UPDATE audit_entries SET result = 'denied'`);
  await verify();
  await append({ ...full(2), at: new Date(Date.now() - 3_600_000) });
  const later = await (await fetch(`${app.url}/metrics`)).text();
  expect(later).toMatch(/audit_findings\{[^}]*\} [1-9]/);
  expect(later).toMatch(/audit_unsigned_seconds\{[^}]*\} (?!0\n)/);
});

it('what is two years old goes, about money after seven, and what is left still fits', async () => {
  const now = app.clock.now();
  const seqs = async () =>
    (
      await app.service.db.query<{ money: boolean; seq: string }[]>(
        'SELECT stream > 7 AS money, seq FROM audit_entries ORDER BY 1, 2',
      )
    ).map(({ money, seq }) => `${money ? 'money' : 'other'} ${seq}`);
  for (const years of [8, 3, 1]) {
    app.clock.set(new Date(now.getTime() - years * YEAR_MS));
    await append(anEntry(), anEntry({ money: true }));
    await roots.sign();
    await copies.write();
  }
  app.clock.set(now);
  await append(anEntry(), anEntry({ money: true }));
  const forget = () => app.service.nest.get(AuditService, { strict: false }).forgetOld(new AbortController().signal);
  await forget();
  const left = ['other 3', 'other 4', 'money 2', 'money 3', 'money 4'];
  expect(await seqs()).toEqual(left);
  await forget();
  expect(await seqs()).toEqual(left);
  expect(await verify()).toMatchObject({ entries: 5, roots: 3, found: 0 });
  await expect(app.service.db.query('DELETE FROM audit_entries')).rejects.toThrow('permission denied');
  // What is not old enough may not be missing.
  await owner.query('DELETE FROM audit_entries WHERE seq = 3');
  expect(await kinds()).toEqual(['entry_missing', 'segment_changed']);
});

it('what a clock has dated ahead goes later, and holds up nothing else', async () => {
  const now = app.clock.now();
  app.clock.set(new Date(now.getTime() - 3 * YEAR_MS));
  await append(...Array.from({ length: 40 }, (_, i) => anEntry({ actor: { kind: 'staff', id: `${i}` } })));
  await roots.sign();
  app.clock.set(now);
  const count = async (where: string) =>
    (await owner.query<{ count: number }>(`SELECT count(*)::int FROM audit_entries WHERE ${where}`)).rows[0]!.count;
  const { rows } = await owner.query<{ stream: number }>('SELECT min(stream) AS stream FROM audit_entries');
  const { stream } = rows[0]!;
  await owner.query(`UPDATE audit_entries SET at = now() WHERE stream = $1 AND seq = 1`, [stream]);
  const ahead = await count(`stream = ${stream}`);
  await app.service.nest.get(AuditService, { strict: false }).forgetOld(new AbortController().signal);
  expect(await count('true')).toBe(ahead);
});

describe('an export', () => {
  const folder = mkdtempSync(join(tmpdir(), 'audit-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const proofFile = join(folder, 'audit.proof.jsonl');

  async function download(format: 'jsonl' | 'csv', query: Record<string, string> = {}) {
    app.clock.advance(1);
    const to = app.clock.now().toISOString();
    const file = join(folder, `audit.${format}`);
    const [data, proof] = [
      await app.gateway.call(ExportAuditEntries, { query: { to, format, ...query } }),
      await app.gateway.call(ProveAuditExport, { query: { to, ...query } }),
    ];
    writeFileSync(file, await data.buffer());
    writeFileSync(proofFile, await proof.buffer());
    return file;
  }
  const change = (file: string, work: (lines: string[]) => string[]) =>
    writeFileSync(file, work(readFileSync(file, 'utf8').split(/(?<=\n)/)).join(''));

  it.each(['jsonl', 'csv'] as const)('as %s is checked with nothing but its proof', async (format) => {
    await append(
      ...Array.from({ length: 20 }, (_, i) => full(i)),
      anEntry({ actor: { kind: 'key', id: 'k' }, reason: '-1' }),
    );
    await roots.sign();
    await append(full(21));
    const file = await download(format);
    expect(await checkExport(file, proofFile)).toEqual({
      entries: 22,
      unsigned: 0,
      mistakes: [],
      keyIds: [expect.stringMatching(/^[\w-]{43}$/)],
    });
    const whole = [readFileSync(file, 'utf8'), readFileSync(proofFile, 'utf8')] as const;
    const restore = () => [file, proofFile].forEach((path, i) => writeFileSync(path, whole[i]!));
    const acts: ((lines: string[]) => string[])[] = [
      (lines) => lines.toSpliced(3, 1),
      (lines) => lines.toSpliced(3, 0, lines[4]!),
      (lines) => lines.with(3, lines[4]!).with(4, lines[3]!),
      (lines) => lines.with(5, lines[5]!.replace('thing-', 'other-')),
      (lines) => lines.with(6, lines[6]!.replaceAll('thing-', 'other-')),
      (lines) => lines.slice(0, -1),
    ];
    for (const act of acts) {
      change(file, act);
      expect((await checkExport(file, proofFile)).mistakes).not.toEqual([]);
      restore();
    }
    // An entry and its proof, so that nothing is left of it.
    change(file, (lines) => lines.slice(0, -1));
    change(proofFile, (lines) => lines.toSpliced(-2, 1));
    expect((await checkExport(file, proofFile)).mistakes).toEqual([
      'the export had 22 entries, and these are not the same',
    ]);
    restore();
    const proofActs = [(lines: string[]) => lines.slice(0, -1), (lines: string[]) => lines.toSpliced(-2, 1)];
    for (const act of proofActs) {
      change(proofFile, act);
      expect((await checkExport(file, proofFile)).mistakes).not.toEqual([]);
      restore();
    }
  });

  it('stands in the log, with what was looked for and by whom, and so does its proof', async () => {
    await append(full(1));
    await download('csv', { result: 'done' });
    const { data } = await app.gateway.call(ListAuditEntries, { query: { resourceType: 'audit-export' } });
    expect(data.map(({ action, actor, details }) => [action, actor.id, details])).toEqual(
      ['gateway.audit-exports.prove', 'gateway.audit-exports.read'].map((action) => [
        ...[action, 'root', { filter: expect.objectContaining({ result: 'done', to: expect.any(String) }) }],
      ]),
    );
    const to = new Date(app.clock.now().getTime() + 1).toISOString();
    for (const route of [ExportAuditEntries, ProveAuditExport])
      await expect(app.gateway.call(route, { query: { to } })).rejects.toThrow('audit_period_not_over');
  });

  it('of what somebody looks for holds that only, and is checked likewise', async () => {
    await append(
      full(1),
      anEntry({ result: 'denied' }),
      full(2),
      anEntry({ result: 'denied', actor: { kind: 'key', id: 'k' } }),
    );
    const file = await download('jsonl', { result: 'denied' });
    expect(await checkExport(file, proofFile)).toMatchObject({ entries: 2, mistakes: [] });
  });

  it('into a spreadsheet holds no formula', async () => {
    await append(anEntry({ reason: '@SUM(A1)', resource: { type: 'thing', id: '=1+1' } }));
    const csv = readFileSync(await download('csv'), 'utf8');
    expect(csv).toContain(`"'=1+1"`);
    expect(csv).toContain(`"'@SUM(A1)"`);
    expect(csv).not.toMatch(/(^|,)"?[=@]/m);
  });
});
