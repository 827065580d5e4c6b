import { auditActions, ContactStarted, IdentityLinked, routes } from '@switchboard/contracts';
import { startApp, type TestApp, until } from '@switchboard/testing';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import { gatewayApp } from '../src/gateway.app';
import { PretendedServices } from './pretended-services';
import { type SignedIn, signInStaff } from './sign-in';
import { SoftwarePasskey } from './software-passkey';

const SITE = 'http://localhost:4080';
const WHY = { 'x-reason': 'a check of the audit log' };

type Body = Record<string, unknown> & {
  details: { id: string };
  endpoint: { id: string };
  params: { approvalId: string };
};

/** A bot token that Telegram could have given. */
const token = () => `${Date.now()}:${uuidv7()}`;

describe('an act in the audit log', () => {
  let services: PretendedServices;
  let folder: string;
  let app: TestApp;
  let owner: SignedIn;
  let other: SignedIn;

  beforeAll(async () => {
    services = await PretendedServices.start();
    folder = mkdtempSync(join(tmpdir(), 'bots-'));
    const ofFile = { name: 'Of a file', channel: { kind: 'telegram', tokenEnv: 'TOKEN_OF_FILE' } };
    writeFileSync(join(folder, 'of-file.json'), JSON.stringify(ofFile));
    app = await startApp(gatewayApp, {
      directory: services.directory,
      env: { BOTS_FOLDER: folder, TOKEN_OF_FILE: token(), GATEWAY_WEBHOOK_PRIVATE_NETWORKS: '127.0.0.0/8' },
    });
    [owner, other] = [await signInStaff(app, 'owner'), await signInStaff(app, 'owner')];
  });
  afterAll(async () => {
    await app.stop();
    services.stop();
    rmSync(folder, { recursive: true });
  });

  const ask = async (as: SignedIn | undefined, method: string, path: string, body?: object, more: object = {}) => {
    const headers = { ...WHY, 'idempotency-key': uuidv7(), ...as?.headers, ...more };
    const response = await fetch(`${app.service.publicUrl}/v1${path}`, {
      method,
      headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const json = response.headers.get('content-type')?.includes('json;') ?? false;
    return {
      status: response.status,
      etag: response.headers.get('etag') ?? '',
      body: (json ? JSON.parse(text) : {}) as Body,
    };
  };
  const done = async (method: string, path: string, body?: object, more?: object) => {
    const answer = await ask(owner, method, path, body, more);
    expect([method, path, answer.status < 400 ? 'done' : answer]).toEqual([method, path, 'done']);
    return answer;
  };
  /** As of the resource as it is now. */
  const seen = async (path: string) => ({ 'if-match': (await done('GET', path)).etag });
  /** What somebody asked for that a second person has to agree to. */
  const waiting = async () => {
    const { body } = await ask(owner, 'POST', '/staff', {
      ...{ email: `${uuidv7()}@example.com`, name: 'Eve', grants: [{ role: 'admin' }] },
    });
    return body.params.approvalId;
  };
  const decide = async (how: 'approve' | 'reject') => {
    const { status } = await ask(other, 'POST', `/approvals/${await waiting()}/${how}`, { comment: 'seen' });
    expect(status).toBe(200);
  };

  const acts: Record<string, () => Promise<void>> = {
    bots: async () => {
      const bot = { id: 'named', description: { name: 'Desk', channel: { kind: 'telegram' } } };
      await done('POST', '/bots', { ...bot, secrets: { 'channel.token': token(), 'assistant.apiKey': 'sk-4711' } });
      await done('PATCH', '/bots/named', { patch: { name: 'Front desk' } }, await seen('/bots/named'));
      await done('POST', '/bots/named/roll-back', { revision: 1 }, await seen('/bots/named'));
      await done('PUT', '/bots/named/secrets/channel.token', { value: token() });
      await done('DELETE', '/bots/named/secrets/assistant.apiKey');
      for (const turn of ['pause', 'resume', 'archive', 'restore']) await done('POST', `/bots/named/${turn}`, {});
      await done('POST', '/bots/of-file/take-over', {});
    },
    'API keys': async () => {
      const key = { name: 'Reports', team: 'shop', scopes: ['usage:read'] };
      const { body } = await done('POST', '/keys', key);
      const { body: next } = await done('POST', `/keys/${body.details.id}/rotate`, {});
      await done('DELETE', `/keys/${body.details.id}`);
      expect((await ask(undefined, 'POST', '/keys/report', { key: next['key'] })).status).toBe(202);
    },
    'webhook endpoints': async () => {
      const wanted = { url: 'https://127.0.0.1:8443/hooks', types: ['bot-adapter.message.received'] };
      const path = `/webhook-endpoints/${(await done('POST', '/webhook-endpoints', wanted)).body.endpoint.id}`;
      await done('PATCH', path, { description: 'Shop' }, await seen(path));
      await done('POST', `${path}/secrets`, {});
      await done('DELETE', path);
    },
    people: async () => {
      const userId = uuidv7();
      const person = { chatId: uuidv7(), botId: 'named', channel: 'telegram', userId, contactId: uuidv7() };
      await app.probe.say(ContactStarted({ ...person, externalId: '4711', locale: 'en' }));
      await app.probe.until(IdentityLinked, ({ data }) => data.externalId === '4711');
      await done('GET', `/people/${userId}/revealed`);
      const restriction = { until: null, reason: 'spam in every chat' };
      const { body } = await done('POST', `/people/${userId}/restrictions`, restriction);
      await done('POST', `/people/${userId}/restrictions/${String(body['restrictionId'])}/lift`, {
        reason: 'a mistake',
      });
    },
    staff: async () => {
      const invited = { email: `${uuidv7()}@example.com`, name: 'Eva', grants: [{ role: 'support' }] };
      const path = `/staff/${String((await done('POST', '/staff', invited)).body['staffId'])}`;
      await done('PUT', `${path}/grants`, { grants: [{ role: 'editor' }] }, await seen(path));
      await done('PUT', path, { email: invited.email, name: 'Eva K' }, await seen(path));
      await done('POST', `${path}/suspend`);
      await done('POST', `${path}/resume`);
      const key = { 'idempotency-key': uuidv7() };
      const { body } = await ask(owner, 'POST', `${path}/invitation`, undefined, key);
      await ask(other, 'POST', `/approvals/${body.params.approvalId}/approve`, {});
      await done('POST', `${path}/invitation`, undefined, { ...key, 'x-approval': body.params.approvalId });
      await done('DELETE', path, undefined, await seen(path));
    },
    approvals: async () => {
      await decide('approve');
      await decide('reject');
      await done('POST', `/account/approvals/${await waiting()}/withdraw`);
    },
    'one’s own account': async () => {
      await done('PUT', '/account/password', { password: 'violet tram under seven lemons' });
      await app.service.db.query(`UPDATE staff SET totp_secret = 'something' WHERE id = $1`, [owner.id]);
      await done('POST', '/account/recovery-codes');
      const { body } = await done('POST', '/account/passkeys/options');
      const response = new SoftwarePasskey(SITE).create(body['options'] as never);
      const passkey = await done('POST', '/account/passkeys', { ticket: body['ticket'], name: 'Laptop', response });
      const path = `/account/passkeys/${String(passkey.body['id'])}`;
      await done('PATCH', path, { name: 'Old laptop' });
      await done('DELETE', path);
    },
    'the audit log itself': async () => {
      const to = new Date(app.clock.now().getTime() - 1000).toISOString();
      await done('GET', `/audit/export?to=${to}`);
      await done('GET', `/audit/export/proof?to=${to}`);
    },
  };

  const own = routes.filter(({ audit }) => audit === 'with-change');

  it.each(Object.entries(acts))('about %s leaves one entry, of the name of its route', async (_, act) => {
    const before = new Set((await noted()).map(({ id }) => id));
    await act();
    const written = (await noted()).filter(({ id }) => !before.has(id));
    // What goes along with it has a name of its own.
    const known = new Set<string>([...routes.map(({ id }) => id), ...auditActions]);
    expect(written.filter(({ action }) => !known.has(action))).toEqual([]);
    const ofAct = written.filter(({ action }) => own.some(({ id }) => id === action));
    expect(ofAct.filter(({ result }) => result === 'begun')).toEqual([]);
    expect(new Set(ofAct.map(({ request }) => request)).size).toBe(ofAct.length);
  });

  it('that was done has the name of its route, whichever it is', async () => {
    const names = new Set((await noted()).flatMap(({ action, result }) => (result === 'done' ? [action] : [])));
    expect(own.map(({ id }) => id).filter((id) => !names.has(id))).toEqual([]);
  });

  it('that was refused has the same name', async () => {
    const nobody = await signInStaff(app);
    const refused = own.filter(({ permission }) => permission !== 'public' && !permission.startsWith('account:'));
    for (const { method, path } of refused)
      await ask(
        nobody,
        method,
        path.replaceAll(/\{\w+\}/g, uuidv7()),
        method === 'GET' || method === 'DELETE' ? undefined : {},
      );
    const denied = async () =>
      (await noted()).filter(({ actor, result }) => actor === nobody.id && result === 'denied');
    await until(async () => (await denied()).length >= refused.length, { what: 'the entries of what was refused' });
    expect((await denied()).map(({ action }) => action).sort()).toEqual(refused.map(({ id }) => id).sort());
  });

  const noted = () =>
    app.service.db.query<{ id: string; action: string; result: string; actor: string; request: string }[]>(
      `SELECT stream || ':' || seq AS id, action, result, actor_id AS actor, request FROM audit_entries ORDER BY at, stream, seq`,
    );
});
