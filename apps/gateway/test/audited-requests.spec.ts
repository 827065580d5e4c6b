import { startApp, tablesWith, type TestApp, until } from '@switchboard/testing';
import type { ServerResponse } from 'node:http';
import { Client } from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { AuditVerificationsService } from '../src/audit/audit-verifications.service';
import { gatewayApp } from '../src/gateway.app';
import { type SignedIn, signInPerson, signInStaff } from './sign-in';
import { Upstream } from './upstream';

const DRAFTS = '/prompts/lumen/drafts';
const CONVERSATION = uuidv7();
const MESSAGES = `/conversations/${CONVERSATION}/messages`;

interface Entry {
  readonly actor: Record<string, unknown>;
  readonly action: string;
  readonly resource: { readonly type: string; readonly id: string };
  readonly details: Record<string, unknown> | null;
  readonly result: string;
  readonly requestId: string;
}

describe('what staff and programs do', () => {
  let upstream: Upstream;
  let app: TestApp;
  let owner: SignedIn;

  beforeAll(async () => {
    upstream = await Upstream.start();
    app = await startApp(gatewayApp, { env: { GATEWAY_PUBLIC_PORT: '0' }, directory: upstream.directory });
    owner = await signInStaff(app, 'owner');
  });
  afterAll(async () => {
    await app.stop();
    await upstream.stop();
  });
  const answersByDefault = upstreamAnswer(201, {});
  beforeEach(() => {
    upstream.asked.length = 0;
    upstream.answer = answersByDefault;
  });

  function upstreamAnswer(status: number, headers: Record<string, string>) {
    return (_request: unknown, response: ServerResponse) => void response.writeHead(status, headers).end('{}');
  }

  const ask = async (
    as: { headers: Record<string, string> },
    method: string,
    path: string,
    { body, headers, signal }: { body?: object; headers?: Record<string, string>; signal?: AbortSignal } = {},
  ) => {
    const response = await fetch(`${app.service.publicUrl}/v1${path}`, {
      method,
      headers: {
        'x-forwarded-for': '203.0.113.9',
        'idempotency-key': uuidv7(),
        ...as.headers,
        ...(body && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body && { body: JSON.stringify(body) }),
      ...(signal && { signal }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: (text ? JSON.parse(text) : undefined) as Record<string, never>,
      requestId: response.headers.get('x-request-id')!,
    };
  };
  const entries = async (query: Record<string, string>) => {
    const parameters = new URLSearchParams({ ...query, limit: '200' }).toString();
    const { body } = await ask(owner, 'GET', `/audit/entries?${parameters}`);
    return (body as unknown as { data: Entry[] }).data.reverse();
  };
  /** Of one request, the first entry first, once there are so many. */
  const entriesOf = async (as: SignedIn, requestId: string, count: number) => {
    let found: Entry[] = [];
    const arrived = async () => {
      found = (await entries({ actorId: as.id })).filter((entry) => entry.requestId === requestId);
      return found.length >= count;
    };
    await until(arrived, { what: `${count} entries of a request` });
    return found;
  };

  it('is noted before another service is asked, and how it ended after that', async () => {
    const editor = await signInStaff(app, 'editor@lumen');
    const noted: string[] = [];
    upstream.answer = (request, response) => {
      void app.service.db
        .query<{ result: string }[]>('SELECT result FROM audit_entries WHERE actor_id = $1', [editor.id])
        .then((rows) => {
          noted.push(...rows.map(({ result }) => result));
          answersByDefault(request, response);
        });
    };
    const headers = { 'user-agent': 'Firefox/149.0 (X11; Linux)', 'x-reason': encodeURIComponent('Обещали клиенту') };
    const asked = await ask(editor, 'POST', DRAFTS, { body: { text: 'words of the prompt' }, headers });
    expect([asked.status, noted]).toEqual([201, ['begun']]);
    const [begun, done] = await entriesOf(editor, asked.requestId, 2);
    expect(begun).toMatchObject({
      actor: { kind: 'staff', id: editor.id, roles: ['editor'], amr: ['pwd', 'otp'], client: 'Firefox on Linux' },
      action: 'chat-ai.prompt-drafts.open',
      resource: { type: 'prompt-draft', id: 'lumen' },
      ...{ botId: 'lumen', details: { method: 'POST', params: { botId: 'lumen' } }, reason: 'Обещали клиенту' },
      result: 'begun',
    });
    expect(begun!.actor['address']).toMatch(/^digest:/);
    expect(done).toMatchObject({
      ...begun,
      id: expect.anything(),
      hash: expect.anything(),
      result: 'done',
      details: { status: 201 },
    });
    expect(await tablesWith(app, '203.0.113.9')).not.toContain('audit_entries');
    expect(await tablesWith(app, 'words of the prompt')).not.toContain('audit_entries');
  });

  it('is noted with what was refused or went wrong', async () => {
    upstream.answer = upstreamAnswer(409, { 'x-problem-code': 'chat-ai.knowledge_full' });
    const refused = await ask(owner, 'POST', DRAFTS, { body: {} });
    expect((await entriesOf(owner, refused.requestId, 2))[1]).toMatchObject({
      ...{ result: 'failed', details: { status: 409, code: 'chat-ai.knowledge_full' } },
    });
    upstream.answer = (request) => request.socket.destroy();
    const away = await ask(owner, 'POST', DRAFTS, { body: {} });
    expect(away.status).toBe(503);
    expect((await entriesOf(owner, away.requestId, 2))[1]).toMatchObject({
      ...{ result: 'unknown', details: { status: 503, code: 'upstream_unavailable' } },
    });
    const leaving = new AbortController();
    upstream.answer = () => leaving.abort();
    await expect(ask(owner, 'POST', DRAFTS, { body: {}, signal: leaving.signal })).rejects.toThrow();
    const gone = async () => (await entries({ actorId: owner.id })).some(({ details }) => details?.['status'] === 499);
    await until(gone, { what: 'the end of a request that nobody waited for' });
  });

  it('is noted when somebody tries what they may not, or has proven long ago who they are', async () => {
    const support = await signInStaff(app, 'support');
    const beyond = await ask(support, 'POST', DRAFTS, { body: {} });
    expect(await entriesOf(support, beyond.requestId, 1)).toMatchObject([
      { result: 'denied', action: 'chat-ai.prompt-drafts.open', details: { status: 403, code: 'forbidden' } },
    ]);
    expect(upstream.asked).toEqual([]);
    app.clock.advance(6 * 60_000);
    const late = await ask(owner, 'POST', '/staff', { body: {} });
    expect(await entriesOf(owner, late.requestId, 1)).toMatchObject([
      { result: 'denied', details: { status: 403, code: 'step_up_required' } },
    ]);
    owner = await signInStaff(app, 'owner');
  });

  it('is not noted where it only reads, unless it reads what people wrote', async () => {
    const support = await signInStaff(app, 'support');
    await ask(support, 'GET', '/conversations');
    await ask(support, 'GET', '/audit/entries');
    const reading = await ask(support, 'GET', MESSAGES, { headers: { 'x-reason': 'ticket 7' } });
    const found = await entriesOf(support, reading.requestId, 2);
    expect(await entries({ actorId: support.id })).toEqual(found);
    expect(found).toMatchObject([
      { result: 'begun', reason: 'ticket 7', resource: { type: 'message', id: CONVERSATION } },
      { result: 'done', details: { status: 201 } },
    ]);
  });

  it('is not noted of persons, whose own things these are', async () => {
    const person = await signInPerson(app);
    await ask(person, 'PUT', '/me/consents/analytics', { body: { version: '1' } });
    await ask(person, 'POST', DRAFTS, { body: {} });
    expect(await entries({ userId: person.id })).toEqual([]);
  });

  it('is noted of programs', async () => {
    const made = await ask(owner, 'POST', '/keys', {
      body: { name: 'Prompts', team: 'shop', scopes: ['prompts:write'] },
    });
    const { key, details } = made.body as unknown as { key: string; details: { id: string } };
    const program = { id: details.id, headers: { cookie: '', authorization: `Bearer ${key}` } };
    const asked = await ask(program, 'POST', DRAFTS, { body: {} });
    expect(await entriesOf(program, asked.requestId, 2)).toMatchObject([
      { actor: { kind: 'key', id: details.id, amr: ['swk'] }, result: 'begun' },
      { result: 'done' },
    ]);
    expect(await tablesWith(app, key.split('_')[3]!)).not.toContain('audit_entries');
  });

  it('with things of the gateway itself is one entry, with what they were and have become', async () => {
    const wanted = { name: 'Reports', team: 'shop', scopes: ['usage:read'] };
    const headers = { 'x-reason': 'monthly report', 'idempotency-key': uuidv7() };
    const made = await ask(owner, 'POST', '/keys', { body: wanted, headers });
    const again = await ask(owner, 'POST', '/keys', { body: wanted, headers });
    const { id } = (made.body as unknown as { details: { id: string } }).details;
    const revoked = await ask(owner, 'DELETE', `/keys/${id}`);
    expect([made.status, again.status, revoked.status]).toEqual([201, 201, 204]);
    expect(await entriesOf(owner, made.requestId, 1)).toMatchObject([
      {
        actor: { roles: ['owner'], amr: ['pwd', 'otp'], address: expect.stringMatching(/^digest:/) },
        ...{
          action: 'gateway.keys.create',
          resource: { type: 'api-key', id },
          result: 'done',
          reason: 'monthly report',
        },
        changes: expect.arrayContaining([{ op: 'add', path: '/scopes', value: ['usage:read'] }]),
      },
    ]);
    expect(await entriesOf(owner, again.requestId, 1)).toMatchObject([{ details: { isReplayed: true, status: 201 } }]);
    expect((await entriesOf(owner, revoked.requestId, 1))[0]).toMatchObject({
      ...{ action: 'gateway.keys.revoke', resource: { type: 'api-key', id }, result: 'done' },
      changes: expect.arrayContaining([{ op: 'test', path: '/endsAt', value: null }]),
    });
    const unknown = await ask(owner, 'DELETE', '/keys/nothing');
    expect(await entriesOf(owner, unknown.requestId, 1)).toMatchObject([
      { result: 'failed', details: { status: 404, code: 'gateway.key_not_found', params: { keyId: 'nothing' } } },
    ]);
    // Nothing more came later.
    const own = (await entries({ actorId: owner.id })).filter(({ requestId }) => requestId === made.requestId);
    expect(own).toHaveLength(1);
  });

  it('with things of the gateway of which nothing is written with the change is noted before it', async () => {
    const support = await signInStaff(app, 'support');
    const ended = await ask(support, 'POST', '/people/find', { body: { email: 'nobody@example.com' } });
    expect(await entriesOf(support, ended.requestId, 2)).toMatchObject([
      { action: 'gateway.people.find', result: 'begun' },
      { action: 'gateway.people.find', result: ended.status < 400 ? 'done' : 'failed' },
    ]);
  });

  it('is not done while it cannot be noted, and what only reads is', async () => {
    const db = await ownerOfTheDatabase();
    await db.query('ALTER FUNCTION append_audit_entries RENAME TO away');
    try {
      const refused = await ask(owner, 'POST', DRAFTS, { body: {} });
      expect(refused).toMatchObject({ status: 503, body: { code: 'gateway.audit_unavailable' } });
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      expect((await ask(owner, 'GET', MESSAGES, { headers: { 'x-reason': 'ticket 7' } })).status).toBe(503);
      expect(upstream.asked).toEqual([]);
      const { status } = await ask(owner, 'POST', '/keys', {
        body: { name: 'x', team: 'unseen', scopes: ['usage:read'] },
      });
      expect(status).toBeGreaterThanOrEqual(500);
      expect(await db.query(`SELECT FROM api_keys WHERE team = 'unseen'`)).toMatchObject({ rowCount: 0 });
      expect((await ask(owner, 'GET', '/conversations')).status).toBe(201);
    } finally {
      await db.query('ALTER FUNCTION away RENAME TO append_audit_entries');
      await db.end();
    }
  });

  it('cannot be rewritten unseen', async () => {
    const asked = await ask(owner, 'POST', DRAFTS, { body: {} });
    await entriesOf(owner, asked.requestId, 2);
    const verify = async () => {
      const verifications = app.service.nest.get(AuditVerificationsService, { strict: false });
      const id = await verifications.begin(app.service.db.manager);
      await verifications.verify(id, new AbortController().signal);
      return verifications.read(id);
    };
    expect(await verify()).toMatchObject({ found: 0 });
    const db = await ownerOfTheDatabase();
    await db.query(`SET session_replication_role = replica`);
    await db.query(`UPDATE audit_entries SET result = 'denied' WHERE request = $1 AND result = 'done'`, [
      asked.requestId,
    ]);
    await db.end();
    expect(await verify()).toMatchObject({ found: 1, findings: [{ kind: 'entry_changed' }] });
  });

  async function ownerOfTheDatabase(): Promise<Client> {
    const db = new Client({ connectionString: app.database.url });
    await db.connect();
    await db.query('SET search_path = gateway');
    return db;
  }
});
