import { AuditEntryAppendRequested } from '@switchboard/contracts';
import { gatewayApp } from '@switchboard/gateway';
import { startApp, type TestApp, until } from '@switchboard/testing';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';

jest.mock('./verbs/build.mts', () => ({ build: () => Promise.resolve() }));

describe('npm run audit', () => {
  const folder = mkdtempSync(join(tmpdir(), 'audit-verb-'));
  const file = join(folder, 'log.jsonl');
  let app: TestApp;
  let said: string[] = [];
  beforeAll(async () => {
    app = await startApp(gatewayApp);
    process.env['OPERATOR_PRIVATE_KEY'] = JSON.stringify(app.keys.private.get('operator'));
    process.env['GATEWAY_URL'] = app.url;
    const entry = { actor: { kind: 'staff', id: 'anna' }, action: 'things.change', resourceType: 'thing' };
    for (const resourceId of ['1', '2', '3']) await app.probe.say(AuditEntryAppendRequested({ ...entry, resourceId }));
    await until(async () => (await app.service.db.query<unknown[]>('SELECT FROM audit_entries')).length === 3, {
      what: 'three entries',
    });
  });
  afterAll(async () => {
    await app.stop();
    rmSync(folder, { recursive: true });
  });
  beforeEach(() => {
    said = [];
    for (const channel of ['log', 'error'] as const)
      jest.spyOn(console, channel).mockImplementation((...words: unknown[]) => void said.push(words.join(' ')));
  });
  afterEach(() => jest.restoreAllMocks());

  async function ownerOfDatabase(): Promise<Client> {
    const owner = new Client({ connectionString: app.database.url });
    await owner.connect();
    return owner;
  }

  const audit = async (...args: string[]) => (await import('./verbs/audit.mts')).main(args);

  it('exports the log, and checks the file also without the gateway', async () => {
    app.clock.advance(1000);
    expect(await audit('export', file, `to=${app.clock.now().toISOString()}`)).toBe(0);
    expect(said).toContain('3 entries: everything fits');
    expect(await audit('verify', file, '--url', 'http://127.0.0.1:9')).toBe(0);
    expect(await audit('keys')).toBe(0);
    const [keyId] = said.at(-1)!.split(' ');
    expect(await audit('verify', file, '--key', keyId!)).toBe(0);
    expect(await audit('verify', file, '--key', 'another')).toBe(1);
    writeFileSync(file, readFileSync(file, 'utf8').replace('"id":"2"', '"id":"4"'));
    expect(await audit('verify', file)).toBe(1);
  });

  it('fetches the proof of an entry, and checks it also without the gateway', async () => {
    const proof = join(folder, 'proof.json');
    const [{ id }] = await app.service.db.query<[{ id: string }]>(
      `SELECT stream || '.' || seq AS id FROM audit_entries WHERE resource_id = '2'`,
    );
    expect(await audit('prove', id, proof)).toBe(0);
    expect(await audit('verify', proof)).toBe(0);
    writeFileSync(proof, readFileSync(proof, 'utf8').replace('"id": "anna"', '"id": "bert"'));
    expect(await audit('verify', proof)).toBe(1);
  });

  it('does not wait for ever', async () => {
    const owner = await ownerOfDatabase();
    // The verification reads it first, and is not done before this is over.
    await owner.query('BEGIN; LOCK TABLE gateway.audit_roots IN ACCESS EXCLUSIVE MODE');
    expect(await audit('verify', '--wait', '0')).toBe(1);
    expect(said).toEqual([expect.stringContaining('still looks at the log')]);
    await owner.end();
  });

  it.each(['abc', '-1', ''])('says that "%s" is no time to wait, and asks for nothing', async (wait) => {
    expect(await audit('verify', `--wait=${wait}`, '--url', 'http://127.0.0.1:9')).toBe(2);
    expect(said[0]).toBe(`--wait takes a number of minutes, and "${wait}" is none`);
  });

  it('asks for copies', async () => {
    expect(await audit('copy')).toBe(0);
  });

  it('finds that somebody has changed an entry', async () => {
    expect(await audit('verify')).toBe(0);
    const owner = await ownerOfDatabase();
    await owner.query(`SET session_replication_role = replica`);
    await owner.query(`UPDATE gateway.audit_entries SET reason = 'another' WHERE resource_id = '2'`);
    await owner.end();
    said = [];
    expect(await audit('verify')).toBe(1);
    expect(said).toEqual([
      expect.stringMatching(/^stream \d: entry 2 is not what its hash was made of$/),
      expect.stringMatching(/^\d+ entries, \d signatures: 1 do not fit$/),
    ]);
  });
});
