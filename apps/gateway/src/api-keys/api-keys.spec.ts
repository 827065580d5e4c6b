import { NoticeSendRequested } from '@switchboard/contracts';
import { startApp, type TestApp, until } from '@switchboard/testing';
import { type SignedIn, signInStaff } from '../../test/sign-in';
import { Upstream } from '../../test/upstream';
import { PrincipalsService } from '../access/principals.service';
import { gatewayApp } from '../gateway.app';
import { ApiKeysJobs } from './api-keys.jobs';
import { newKey, parseKey } from './key-format';

const DAY_MS = 86_400_000;

const USAGE = '/usage?from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z';

describe('the form of a key', () => {
  it('is read back, and shows a letter that was mistyped', () => {
    for (let i = 0; i < 200; i++) {
      const { key, id, secret } = newKey(i % 2 ? 'live' : 'test');
      expect(parseKey(key)).toEqual({ id, secret });
      expect(key).toMatch(/^sb_(live|test)_\w{12}_\w{33}_\w{6}$/);
      const at = 10 + (i % 40);
      const other = key[at] === 'A' ? 'B' : 'A';
      if (key[at] !== '_') expect(parseKey(key.slice(0, at) + other + key.slice(at + 1))).toBeUndefined();
    }
    expect(parseKey('')).toBeUndefined();
  });
});

describe('API keys', () => {
  let upstream: Upstream;
  let app: TestApp;
  let developer: SignedIn;

  beforeAll(async () => {
    upstream = await Upstream.start();
    app = await startApp(gatewayApp, { env: { GATEWAY_PUBLIC_PORT: '0' }, directory: upstream.directory });
    developer = await signInStaff(app, 'developer');
  });
  afterAll(async () => {
    await app.stop();
    await upstream.stop();
  });

  const call = (method: string, path: string, headers: Record<string, string>, body?: object) =>
    fetch(`${app.service.publicUrl}/v1${path}`, {
      method,
      headers: {
        ...headers,
        'idempotency-key': `key-${Math.random().toString(36).slice(2)}-0123456789`,
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
  const create = async (more: object = {}, as = developer) => {
    const wanted = { name: 'Reports', team: 'shop', scopes: ['usage:read'], ...more };
    const response = await call('POST', '/keys', as.headers, wanted);
    const body = (await response.json()) as { key: string; code: string; details: { id: string } };
    return { status: response.status, ...body };
  };
  const use = async (key: string, path = USAGE, more: Record<string, string> = {}) =>
    (await call('GET', path, { authorization: `Bearer ${key}`, ...more })).status;

  it('are refused for rights that there are not', async () => {
    const owner = await signInStaff(app, 'owner');
    const scopes = ['usage:read', 'nothings:read', 'bots:*', '!usage:reed'];
    const refused = (await create({ scopes }, owner)) as unknown as { status: number; errors: object[] };
    expect(refused.status).toBe(422);
    expect(refused.errors).toMatchObject([
      { pointer: '/scopes/1', code: 'unknown_scope' },
      { pointer: '/scopes/3', code: 'unknown_scope' },
    ]);
  });

  it('let programs in with what they were given, and are shown once', async () => {
    const { key, status, details } = await create();
    expect([status, await use(key)]).toEqual([201, 200]);
    expect(await use(key, '/services/chat-ai/bus/dead-letters')).toBe(403);
    expect(await use(key, '/session')).toBe(200);
    const list = await (await call('GET', '/keys', developer.headers)).text();
    expect(list).toContain(details.id);
    expect(list).not.toContain(key.split('_')[3]);
    const rows = JSON.stringify(await app.service.db.query('SELECT * FROM api_keys'));
    expect(rows).not.toContain(key.split('_')[3]);
  });

  it('that end are told of two weeks before, three days before and afterwards, each once', async () => {
    const { details } = await create({ lifetimeDays: 30 });
    const { details: revoked } = await create({ lifetimeDays: 30 });
    expect((await call('DELETE', `/keys/${revoked.id}`, developer.headers)).status).toBeLessThan(300);
    const jobs = app.service.nest.get(ApiKeysJobs, { strict: false });
    const began = app.clock.now().getTime();
    const textsOf = (id: string) =>
      app.probe.all(NoticeSendRequested).flatMap(({ data }) => (data.texts.en.includes(id) ? [data.texts.en] : []));
    for (const [day, told] of Object.entries({ 15: 0, 16.5: 1, 17.5: 1, 27.5: 2, 28.5: 2, 30.5: 3, 31.5: 3 }).sort(
      ([a], [b]) => Number(a) - Number(b),
    )) {
      app.clock.set(new Date(began + Number(day) * DAY_MS));
      await jobs.tellOfEnding();
      await until(() => textsOf(details.id).length >= told, { what: `notice ${told}` });
    }
    expect(textsOf(details.id)).toEqual([
      expect.stringContaining('within 14 days'),
      expect.stringContaining('within 3 days'),
      expect.stringContaining('has ended'),
    ]);
    expect(textsOf(revoked.id)).toEqual([]);
    app.clock.set(new Date(began));
  });

  it('may do nothing that whoever makes them may not', async () => {
    expect(await create({ scopes: ['audit:read'] })).toMatchObject({ status: 403, code: 'gateway.scope_beyond_own' });
    expect(await create({ scopes: ['*'] })).toMatchObject({ status: 403 });
    expect(await create({ scopes: ['webhooks:*'] })).toMatchObject({ status: 403 });
    const owner = await signInStaff(app, 'owner');
    const mighty = await create({ scopes: ['*'], team: 'owners' }, owner);
    expect(mighty.status).toBe(403); // what is a person's own is no owner's to give
    const wide = await create({ scopes: ['usage:*', 'staff:*'], team: 'owners' }, owner);
    expect([wide.status, await use(wide.key, '/staff'), await use(wide.key, '/account')]).toEqual([201, 200, 403]);
    const makesKeys = await call(
      'POST',
      '/keys',
      { authorization: `Bearer ${wide.key}` },
      { name: 'x', team: 'x', scopes: ['usage:read'] },
    );
    expect(makesKeys.status).toBe(403);
  });

  it('count only from where they may be used', async () => {
    const { key } = await create({ networks: ['203.0.113.0/24', '2001:db8::/32'] });
    const from = (address: string) => use(key, USAGE, { 'x-forwarded-for': address });
    expect(await Promise.all(['203.0.113.9', '2001:db8::1', '198.51.100.1', '2001:db9::1'].map(from))).toEqual([
      200, 200, 401, 401,
    ]);
  });

  it('end when they are revoked, reported or too old, and overlap when they are replaced', async () => {
    const [revoked, reported, rotated, old] = [
      await create(),
      await create(),
      await create(),
      await create({ lifetimeDays: 1 }),
    ];
    expect((await call('DELETE', `/keys/${revoked.details.id}`, developer.headers)).status).toBe(204);
    expect(await use(revoked.key)).toBe(401);
    expect((await call('POST', '/keys/report', {}, { key: reported.key })).status).toBe(202);
    expect((await call('POST', '/keys/report', {}, { key: 'sb_live_nothing' })).status).toBe(202);
    expect(await use(reported.key)).toBe(401);
    const response = await call('POST', `/keys/${rotated.details.id}/rotate`, developer.headers, { overlapDays: 0.5 });
    const { key: successor } = (await response.json()) as { key: string };
    expect([await use(rotated.key), await use(successor), await use(old.key)]).toEqual([200, 200, 200]);
    app.clock.advance(25 * 60 * 60_000);
    expect([await use(rotated.key), await use(successor), await use(old.key)]).toEqual([401, 200, 401]);
    developer = await signInStaff(app, 'developer');
  });

  it('that were replaced are not replaced again, which would let them go on', async () => {
    const { key, details } = await create();
    const rotate = async (overlapDays: number) => {
      const response = await call('POST', `/keys/${details.id}/rotate`, developer.headers, { overlapDays });
      return { status: response.status, body: (await response.json()) as { code?: string } };
    };
    expect((await rotate(0.5)).status).toBe(201);
    expect(await rotate(7)).toMatchObject({ status: 409, body: { code: 'gateway.key_replaced' } });
    app.clock.advance(13 * 60 * 60_000);
    expect(await use(key)).toBe(401);
    developer = await signInStaff(app, 'developer');
  });

  describe('whose maker may do less than before', () => {
    const setRoles = async (id: string, ...roles: string[]) => {
      const { db, nest } = app.service;
      await db.query('DELETE FROM grants WHERE staff_id = $1', [id]);
      for (const role of roles)
        await db.query(
          `INSERT INTO grants (id, staff_id, role, bot_id, granted_at) VALUES (gen_random_uuid(), $1, $2, $3, now())`,
          [id, ...(role.includes('@') ? role.split('@') : [role, null])],
        );
      nest.get(PrincipalsService, { strict: false }).changed(id);
    };
    const problemOf = async (key: string, path = USAGE) => {
      const response = await call('GET', path, { authorization: `Bearer ${key}` });
      return `${response.status} ${((await response.json()) as { code?: string }).code ?? ''}`.trim();
    };

    it('do no more than that maker, at once and with the reason, and all again when they may', async () => {
      const leaving = await signInStaff(app, 'developer');
      const { key } = await create({ scopes: ['usage:read', 'alerts:read'] }, leaving);
      expect(await use(key)).toBe(200);
      await setRoles(leaving.id, 'moderator');
      expect(await problemOf(key)).toBe('403 key_narrowed');
      expect(await problemOf(key, '/staff')).toBe('403 forbidden');
      await setRoles(leaving.id);
      expect(await problemOf(key)).toBe('403 key_narrowed');
      await setRoles(leaving.id, 'analyst');
      expect(await use(key)).toBe(200);
    });

    it('do it for the bots alone for which that maker still may', async () => {
      const leaving = await signInStaff(app, 'developer');
      const { key } = await create({ scopes: ['bots:read'] }, leaving);
      expect(await use(key, '/bots/desk')).toBe(404);
      await setRoles(leaving.id, 'developer@lumen');
      expect(await use(key, '/bots/lumen')).toBe(404);
      expect(await problemOf(key, '/bots/desk')).toBe('403 key_narrowed');
    });

    it('are listed before roles are changed, with what they lose, and the audit log tells of them', async () => {
      const [owner, leaving] = [await signInStaff(app, 'owner'), await signInStaff(app, 'developer')];
      const wide = await create({ name: 'Wide', scopes: ['usage:read', 'webhooks:read'] }, leaving);
      const narrow = await create({ name: 'Narrow', scopes: ['usage:read'] }, leaving);
      const lost = async (query = '') => {
        const response = await call('GET', `/staff/${leaving.id}/keys${query}`, owner.headers);
        const { data } = (await response.json()) as { data: { name: string; lost: string[] }[] };
        return data.map((key) => [key.name, key.lost]);
      };
      const nothing = [
        ['Narrow', []],
        ['Wide', []],
      ];
      expect(await lost()).toEqual(nothing);
      const demoted = [
        ['Narrow', []],
        ['Wide', ['webhooks:read']],
      ];
      expect(await lost('?roles=analyst')).toEqual(demoted);
      expect(await lost('?roles=')).toEqual([
        ['Narrow', ['usage:read']],
        ['Wide', ['usage:read', 'webhooks:read']],
      ]);
      expect(await lost('?roles=analyst,developer@lumen')).toEqual(demoted);
      expect(await lost()).toEqual(nothing);
      const granted = await fetch(`${app.service.publicUrl}/v1/staff/${leaving.id}/grants`, {
        method: 'PUT',
        headers: { ...owner.headers, 'content-type': 'application/json', 'if-match': '"1"' },
        body: JSON.stringify({ grants: [{ role: 'analyst' }] }),
      });
      expect(granted.status).toBe(200);
      expect(await lost()).toEqual(demoted);
      expect([await use(wide.key), await problemOf(wide.key, '/webhook-endpoints')]).toEqual([200, '403 key_narrowed']);
      expect(await use(narrow.key)).toBe(200);
      const [entry] = await app.service.db.query<{ entry: { details: unknown } }[]>(
        `SELECT details FROM audit_entries WHERE action = 'gateway.staff.grant' AND resource_id = $1`,
        [leaving.id],
      );
      expect(JSON.stringify(entry)).toContain(wide.details.id);
      expect(JSON.stringify(entry)).not.toContain(narrow.details.id);
    });

    it('do nothing when a role that was given for a while has run out', async () => {
      const guest = await signInStaff(app, 'developer');
      const { key } = await create({}, guest);
      const until = new Date(app.clock.now().getTime() + 60 * 60_000);
      await app.service.db.query('UPDATE grants SET until = $2 WHERE staff_id = $1', [guest.id, until]);
      app.service.nest.get(PrincipalsService, { strict: false }).changed(guest.id);
      expect(await use(key)).toBe(200);
      app.clock.advance(61 * 60_000);
      expect(await use(key)).toBe(403);
      developer = await signInStaff(app, 'developer');
    });
  });

  it('are in the hands of whoever has made them, and of who may handle those of all', async () => {
    const [other, owner, auditor] = [
      await signInStaff(app, 'developer'),
      await signInStaff(app, 'owner'),
      await signInStaff(app, 'auditor'),
    ];
    const { key, details } = await create({ team: 'hands' });
    const isListedFor = async ({ headers }: SignedIn) =>
      (await (await call('GET', '/keys?limit=200', headers)).text()).includes(details.id);
    expect(await Promise.all([developer, other, owner, auditor].map(isListedFor))).toEqual([true, false, true, true]);
    const rotate = { overlapDays: 1 };
    for (const [method, path, body] of [
      ['DELETE', `/keys/${details.id}`],
      ['POST', `/keys/${details.id}/rotate`, rotate],
    ] as const) {
      const response = await call(method, path, other.headers, body);
      expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([
        404,
        'gateway.key_not_found',
      ]);
    }
    expect(await use(key)).toBe(200);
    expect((await call('DELETE', `/keys/${details.id}`, owner.headers)).status).toBe(204);
    expect(await use(key)).toBe(401);
  });

  it('a team has twenty at most', async () => {
    const statuses = [];
    for (let i = 0; i < 21; i++) statuses.push((await create({ team: 'many' })).status);
    expect(statuses).toEqual([...Array.from({ length: 20 }, () => 201), 409]);
  });
});
