import { startApp, testEnv, type TestApp, until } from '@switchboard/testing';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import { AuditVerificationsService } from '../src/audit/audit-verifications.service';
import { gatewayApp } from '../src/gateway.app';
import { type SignedIn, signInStaff } from './sign-in';
import { Upstream } from './upstream';

const MAIN = join(__dirname, '../dist/src/main.js');
const ROUNDS = 4;
const AT_ONCE = 12;

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** Two processes of the gateway on one database; the other one is killed in the middle of what it does. */
describe('a gateway that is killed', () => {
  let upstream: Upstream;
  let app: TestApp;
  let folder: string;
  let other: ChildProcess;
  let otherUrl: string;

  beforeAll(async () => {
    upstream = await Upstream.start();
    folder = mkdtempSync(join(tmpdir(), 'killed-'));
    app = await startApp(gatewayApp, { directory: upstream.directory });
  });
  afterAll(async () => {
    other?.kill('SIGKILL');
    await app.stop();
    await upstream.stop();
    rmSync(folder, { recursive: true });
  });

  async function startOther(): Promise<void> {
    const [port, publicPort] = (await freePorts(2)) as [number, number];
    otherUrl = `http://127.0.0.1:${publicPort}`;
    other = spawn(process.execPath, [MAIN], {
      env: {
        ...{ PATH: process.env['PATH'], ...testEnv(app.database.url, folder), BUS: 'memory' },
        SERVICE_PRIVATE_KEY: JSON.stringify(app.keys.private.get('gateway')),
        SERVICE_PUBLIC_KEYS: JSON.stringify(app.keys.public),
        ...{ GATEWAY_PORT: String(port), GATEWAY_PUBLIC_PORT: String(publicPort) },
        CHAT_AI_URL: upstream.directory.get('chat-ai'),
      },
      stdio: 'ignore',
    });
    const isReady = () =>
      fetch(`http://127.0.0.1:${port}/health/ready`).then(
        ({ ok }) => ok,
        () => false,
      );
    await until(isReady, { what: 'the other process', timeoutMs: 60_000 });
  }
  const killOther = async () => {
    other.kill('SIGKILL');
    await once(other, 'exit');
  };

  /** Resolves to nothing when the answer never came. */
  const post = async (url: string, as: SignedIn, path: string, body: object, headers: Record<string, string> = {}) => {
    const sent = { ...as.headers, 'content-type': 'application/json', ...headers };
    try {
      const response = await fetch(`${url}/v1${path}`, { method: 'POST', headers: sent, body: JSON.stringify(body) });
      return { status: response.status, body: (await response.json()) as Record<string, never> };
    } catch {
      return undefined;
    }
  };

  it('has done nothing of which the audit log does not tell, and what is asked again at another is done once', async () => {
    const lost = { forwarded: 0, own: 0 };
    for (let round = 0; round < ROUNDS; round++) {
      await startOther();
      // Each has a limit of its own.
      const owner = await signInStaff(app, 'owner');
      const wanted = Array.from({ length: AT_ONCE }, () => ({ team: uuidv7(), key: { 'idempotency-key': uuidv7() } }));
      const bodyOf = (team: string) => ({ name: 'x', team, scopes: ['usage:read'] });
      upstream.answer = (_request, response) => void setTimeout(() => response.writeHead(201).end('{}'), 20);
      const forwarded = wanted.map(({ key }) => post(otherUrl, owner, '/prompts/lumen/drafts', {}, key));
      const own = wanted.map(({ team, key }) => post(otherUrl, owner, '/keys', bodyOf(team), key));
      // In the middle: some are done, some have begun.
      await Promise.race([
        ...own,
        until(() => upstream.asked.length > round * AT_ONCE + 2, { what: 'the first requests' }),
      ]);
      await killOther();
      lost.forwarded += (await Promise.all(forwarded)).filter((answer) => answer?.status !== 201).length;
      const answers = await Promise.all(own);
      lost.own += answers.filter((answer) => answer?.status !== 201).length;
      for (const [i, { team, key }] of wanted.entries()) {
        const again = () => post(app.service.publicUrl!, owner, '/keys', bodyOf(team), key);
        // What was being done by the killed one is let go of by the database.
        await until(async () => (await again())?.status === 201, { what: `key ${i} of round ${round}` });
      }
    }
    expect(lost.forwarded + lost.own).toBeGreaterThan(0);

    const { db } = app.service;
    const asked = upstream.asked.map(({ headers }) => String(headers['x-request-id']));
    const begun = await db.query<{ request: string }[]>(
      `SELECT DISTINCT request FROM audit_entries WHERE action = 'chat-ai.prompt-drafts.open' AND result = 'begun'`,
    );
    const known = new Set(begun.map(({ request }) => request));
    expect(asked.filter((requestId) => !known.has(requestId))).toEqual([]);

    const keys = await db.query<{ id: string }[]>('SELECT id FROM api_keys');
    expect(keys).toHaveLength(ROUNDS * AT_ONCE);
    const noted = await db.query<{ id: string }[]>(
      `SELECT resource_id AS id FROM audit_entries WHERE action = 'gateway.keys.create' AND result = 'done' AND changes IS NOT NULL`,
    );
    expect(noted.map(({ id }) => id).sort()).toEqual(keys.map(({ id }) => id).sort());

    const verifications = app.service.nest.get(AuditVerificationsService, { strict: false });
    const id = await verifications.request(db.manager);
    await verifications.verify(id, new AbortController().signal);
    expect(await verifications.read(id)).toMatchObject({ found: 0 });
  }, 240_000);

  it('has used an approval once, and the other one finishes what was approved', async () => {
    await startOther();
    const [olga, oleg] = [await signInStaff(app, 'owner'), await signInStaff(app, 'owner')];
    const invitation = { email: 'eve@example.com', name: 'Eve', grants: [{ role: 'admin' }] };
    const key = { 'idempotency-key': uuidv7() };
    const first = await post(otherUrl, olga, '/staff', invitation, key);
    expect(first).toMatchObject({ status: 423 });
    const { approvalId } = (first!.body as unknown as { params: { approvalId: string } }).params;
    const here = app.service.publicUrl!;
    expect(await post(here, oleg, `/approvals/${approvalId}/approve`, {})).toMatchObject({ status: 200 });
    const approved = { ...key, 'x-approval': approvalId };
    const doing = post(otherUrl, olga, '/staff', invitation, approved);
    const isUsed = async () => {
      const rows = await app.service.db.query<unknown[]>(`SELECT FROM approvals WHERE state = 'used'`);
      return rows.length > 0;
    };
    await until(isUsed, { what: 'the use of the approval' });
    await killOther();
    await doing;
    await until(async () => (await post(here, olga, '/staff', invitation, approved))?.status === 201, {
      what: 'the end',
    });
    const again = await post(here, olga, '/staff', invitation, { ...approved, 'idempotency-key': uuidv7() });
    expect(again).toMatchObject({ status: 409 });
    const made = await app.service.db.query<unknown[]>(
      `SELECT FROM staff WHERE state = 'invited' AND email_hash <> 'first owner'`,
    );
    expect(made).toHaveLength(1);
  }, 120_000);

  it('knows of who has signed out elsewhere within seconds, also when nothing tells it', async () => {
    await startOther();
    const leaving = await signInStaff(app, 'analyst');
    const status = async (url: string) => (await fetch(`${url}/v1/account`, { headers: leaving.headers })).status;
    expect([await status(otherUrl), await status(app.service.publicUrl!)]).toEqual([200, 200]);
    await fetch(`${app.service.publicUrl}/v1/session/staff`, { method: 'DELETE', headers: leaving.headers });
    expect(await status(app.service.publicUrl!)).toBe(401);
    await until(async () => (await status(otherUrl)) === 401, { what: 'the end of the session there' });
  }, 60_000);
});
