import { ReadUsage, SearchKnowledge } from '@switchboard/contracts';
import { type Log, ServiceIdentity } from '@switchboard/service-kit';
import { startApp, type TestApp, until } from '@switchboard/testing';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { validate as isUuid } from 'uuid';
import { type SignedIn, signInPerson, signInStaff } from '../../test/sign-in';
import { Upstream } from '../../test/upstream';
import { PrincipalsService } from '../access/principals.service';
import { gatewayApp } from '../gateway.app';
import { ClientAddress } from './client-address';

const USAGE = '/v1/usage?from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z';
const SEARCH = '/v1/knowledge/lumen/search';

describe('the edge', () => {
  let upstream: Upstream;
  let app: TestApp;
  let analyst: SignedIn;

  beforeAll(async () => {
    upstream = await Upstream.start();
    const proxies = { GATEWAY_TRUSTED_PROXIES: 'loopback, 10.0.0.0/8' };
    const env = { ...proxies, GATEWAY_PUBLIC_PORT: '0', HTTP_CORS_ORIGINS: 'https://shop.example' };
    const directory = new Map([...upstream.directory, ['analytics', upstream.directory.get('chat-ai')!]]);
    app = await startApp(gatewayApp, { env, directory });
    analyst = await signInStaff(app, 'analyst');
  });
  afterAll(async () => {
    await app.stop();
    await upstream.stop();
  });
  const answersByDefault = () => {
    upstream.asked.length = 0;
    upstream.answer = (request, response) => {
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ url: request.url }));
    };
  };
  beforeEach(answersByDefault);

  const call = (path: string, init: RequestInit & { as?: SignedIn } = {}) =>
    fetch(app.service.publicUrl + path, { ...init, headers: { ...init.as?.headers, ...(init.headers as object) } });
  const post = (path: string, headers: Record<string, string>) =>
    call(path, {
      method: 'POST',
      as: analyst,
      body: '{}',
      headers: { 'content-type': 'application/json', ...headers },
    });

  it('passes on what somebody may ask, in their name and for this route alone', async () => {
    const response = await call(USAGE, { as: analyst, headers: { 'x-forwarded-for': '9.9.9.9' } });
    expect([response.status, await response.json()]).toEqual([200, { url: USAGE.slice('/v1'.length) }]);
    const { headers } = upstream.asked[0]!;
    expect(headers.cookie ?? headers['x-forwarded-for']).toBeUndefined();
    const token = headers.authorization!.slice('Bearer '.length);
    const caller = await new ServiceIdentity('chat-ai', app.keys).verify(token);
    expect(caller).toMatchObject({ service: 'gateway', route: ReadUsage.id });
    expect(caller.actor).toMatchObject({ kind: 'staff', id: analyst.id, roles: ['analyst'] });
    expect(caller.actor.bots).toBeUndefined();
    expect(response.headers.get('x-request-id')).toBe(headers['x-request-id']);
    expect(isUuid(headers['x-request-id'])).toBe(true);
  });

  it.each<[string, RequestInit & { as?: () => SignedIn }, string, number, string]>([
    ['a stranger', {}, USAGE, 401, 'unauthorized'],
    [
      'a token of the private network',
      { headers: { authorization: 'Bearer e30.e30.e30' } },
      USAGE,
      401,
      'unauthorized',
    ],
    ['an unknown cookie', { headers: { cookie: '__Host-staff=nothing' } }, USAGE, 401, 'unauthorized'],
    ['an unknown path', { as: () => analyst }, '/v1/nothing', 404, 'not_found'],
    ['a path in capitals', { as: () => analyst }, USAGE.replace('usage', 'USAGE'), 404, 'not_found'],
    ['an unknown service', { as: () => analyst }, '/v1/services/no-such/bus/dead-letters', 404, 'not_found'],
    ['another method', { as: () => analyst, method: 'DELETE' }, USAGE, 405, 'method_not_allowed'],
    ['what the role does not allow', { as: () => analyst }, '/v1/services/chat-ai/bus/dead-letters', 403, 'forbidden'],
    ['the health of the process', {}, '/health/ready', 404, 'not_found'],
    ['its metrics', {}, '/metrics', 404, 'not_found'],
  ])('refuses %s', async (_, { as, ...init }, path, status, code) => {
    const response = await call(path, { ...init, ...(as && { as: as() }) });
    expect([response.status, await response.json()]).toMatchObject([status, { code, type: `/problems/${code}` }]);
    expect(upstream.asked).toEqual([]);
  });

  it('says so in the language of whoever asks', async () => {
    const response = await call(USAGE, { headers: { 'accept-language': 'ru-RU,ru;q=0.9' } });
    expect(await response.json()).toMatchObject({ detail: 'Нужен действительный токен.' });
  });

  it('a person is no member of staff, and an owner has nothing of a person', async () => {
    const [person, owner] = [await signInPerson(app), await signInStaff(app, 'owner')];
    expect((await call(USAGE, { as: person })).status).toBe(403);
    const both = { ...owner, headers: { cookie: `${person.headers.cookie}; ${owner.headers.cookie}` } };
    expect((await call(USAGE, { as: both })).status).toBe(200);
    const session = await (await call('/v1/session', { as: both })).json();
    expect(session).toMatchObject({ staff: { id: owner.id, roles: ['owner'] }, person: { id: person.id } });
    expect((session as { staff: { scopes: string[] } }).staff.scopes).toContain('!me:*');
  });

  it('staff of single bots are refused where nothing holds them to these', async () => {
    const some = await signInStaff(app, 'developer@lumen');
    expect((await call('/v1/services/chat-ai/bus/dead-letters', { as: some })).status).toBe(403);
    expect(upstream.asked).toEqual([]);
    // What is filtered by the service is passed on with the bots by which it filters.
    expect((await call(USAGE, { as: some })).status).toBe(200);
    const token = upstream.asked[0]!.headers.authorization!.slice('Bearer '.length);
    expect((await new ServiceIdentity('chat-ai', app.keys).verify(token)).actor.bots).toEqual(['lumen']);
  });

  it('somebody who is suspended or signed out is nobody at once', async () => {
    const leaving = await signInStaff(app, 'analyst');
    expect((await call(USAGE, { as: leaving })).status).toBe(200);
    expect((await call('/v1/session/staff', { method: 'DELETE', as: leaving })).status).toBe(204);
    expect((await call(USAGE, { as: leaving })).status).toBe(401);
  });

  it('a session of staff ends when nothing is done with it for half an hour', async () => {
    const idle = await signInStaff(app, 'analyst');
    app.clock.advance(31 * 60_000);
    expect((await call(USAGE, { as: idle })).status).toBe(401);
    analyst = await signInStaff(app, 'analyst');
  });

  it('what a page asks by itself while nobody is there keeps no session', async () => {
    const left = await signInStaff(app, 'analyst');
    for (let minutes = 0; minutes < 31; minutes += 10) {
      const { status } = await call(USAGE, { as: left, headers: { 'x-unattended': '1' } });
      expect([minutes, status]).toEqual([minutes, minutes < 30 ? 200 : 401]);
      app.clock.advance(10 * 60_000);
    }
    const there = await signInStaff(app, 'analyst');
    for (let minutes = 0; minutes < 41; minutes += 10) {
      expect((await call(USAGE, { as: there })).status).toBe(200);
      app.clock.advance(10 * 60_000);
    }
    analyst = await signInStaff(app, 'analyst');
  });

  it('changes nothing for pages of other sites, and lets in those of the origins that are named', async () => {
    const crossSite = await post(SEARCH, { 'sec-fetch-site': 'cross-site' });
    expect([crossSite.status, await crossSite.json()]).toMatchObject([403, { code: 'cross_site_request' }]);
    expect((await post(SEARCH, { origin: 'https://evil.example' })).status).toBe(403);
    expect((await post(SEARCH, { 'sec-fetch-site': 'same-origin' })).status).toBe(200);
    const named = await post(SEARCH, { 'sec-fetch-site': 'cross-site', origin: 'https://shop.example' });
    expect([named.status, named.headers.get('access-control-allow-origin')]).toEqual([200, 'https://shop.example']);
    const preflight = await call(SEARCH, {
      method: 'OPTIONS',
      headers: { origin: 'https://shop.example', 'access-control-request-method': 'POST' },
    });
    expect([preflight.status, preflight.headers.get('access-control-allow-methods')]).toEqual([
      204,
      'GET, POST, PUT, PATCH, DELETE',
    ]);
  });

  it('lets pages of named origins read what is left of a limit, also where the gateway answers itself', async () => {
    const exposed = async (path: string, origin: string) =>
      (await call(path, { as: analyst, headers: { origin } })).headers.get('access-control-expose-headers') ?? '';
    for (const path of [USAGE, '/v1/session'])
      expect((await exposed(path, 'https://shop.example')).split(/, ?/)).toEqual(
        expect.arrayContaining(['RateLimit', 'Retry-After', 'X-Request-Id', 'ETag']),
      );
    const evil = await call('/v1/session', { as: analyst, headers: { origin: 'https://evil.example' } });
    expect(evil.headers.get('access-control-allow-origin')).toBeNull();
    const refused = await call(USAGE, { headers: { origin: 'https://shop.example' } });
    expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([401, 'https://shop.example']);
  });

  it('passes on an answer as it comes, and tells the service when the caller has gone', async () => {
    const closed = new Promise((resolve) => {
      upstream.answer = (_request, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
        response.once('close', resolve);
      };
    });
    const ending = new AbortController();
    const response = await call(USAGE, { as: analyst, signal: ending.signal });
    const { value } = await response.body!.getReader().read();
    expect(Buffer.from(value!).toString()).toBe('data: 1\n\n');
    ending.abort();
    await closed;
  });

  describe('a stream of events', () => {
    const follow = (as: SignedIn, headers: Record<string, string> = {}) => {
      app.clock.advance(60_000);
      return call('/v1/prompts/lumen/try-outs', { method: 'POST', as, headers });
    };
    beforeEach(() => {
      upstream.answer = (_request, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' }).write('id: 7\ndata: 1\n\n');
      };
    });

    it('is resumed where it was left, and ends with the session or the permission by which it was let in', async () => {
      const [leaving, changed, staying] = [
        await signInStaff(app, 'editor'),
        await signInStaff(app, 'editor'),
        await signInStaff(app, 'editor'),
      ];
      const responses = [await follow(leaving, { 'last-event-id': '6' }), await follow(changed), await follow(staying)];
      expect(upstream.asked[0]!.headers['last-event-id']).toBe('6');
      const ended = new Set<number>();
      responses.forEach((response, i) => {
        const reader = response.body!.getReader();
        const read = async (): Promise<void> => ((await reader.read()).done ? undefined : read());
        void read()
          .catch(() => undefined)
          .then(() => ended.add(i));
      });
      await call('/v1/session/staff', { method: 'DELETE', as: leaving });
      await app.service.db.query(`UPDATE grants SET role = 'analyst' WHERE staff_id = $1`, [changed.id]);
      await until(() => ended.size === 2, { what: 'the end of two streams' });
      expect([...ended].sort()).toEqual([0, 1]);
      await call('/v1/session/staff', { method: 'DELETE', as: staying });
      await until(() => ended.size === 3, { what: 'the end of the third' });
    });

    it('is one of ten at most that a session has', async () => {
      const eager = await signInStaff(app, 'editor');
      const open = [];
      for (let i = 0; i < 10; i++) open.push(await follow(eager));
      expect(open.map(({ status }) => status)).toEqual(open.map(() => 200));
      const refused = await follow(eager);
      expect([refused.status, Number(refused.headers.get('retry-after')) > 0]).toEqual([429, true]);
      await open[0]!.body!.cancel();
      await until(async () => (await follow(eager)).status === 200, { what: 'room for another one' });
      await Promise.all(open.slice(1).map((response) => response.body!.cancel()));
    });
  });

  it('somebody who reads very many files at once takes them from nobody else', async () => {
    const [eager, other] = ['203.0.113.80', '203.0.113.81'] as const;
    upstream.answer = (_request, response) => void response.writeHead(200).write('a part');
    const download = (address: string) =>
      call(`/v1/analytics/exports/${randomUUID()}/file`, { headers: { 'x-forwarded-for': address } });
    const open = [];
    for (let i = 0; i < 32; i++) open.push(await download(eager));
    expect(open.map(({ status }) => status)).toEqual(open.map(() => 200));
    expect((await download(eager)).status).toBe(429);
    const others = await download(other);
    expect(others.status).toBe(200);
    await open[0]!.body!.cancel();
    await until(async () => (await download(eager)).status === 200, { what: 'room for another one' });
    await Promise.all([...open.slice(1), others].map((response) => response.body!.cancel()));
  });

  it('passes on a body as it comes, and breaks off one that is too large', async () => {
    const bytes: number[] = [];
    upstream.answer = (request, response) => {
      request.on('data', (chunk: Buffer) => bytes.push(chunk.length));
      request.on('end', () => response.end('{}'));
      request.on('error', () => undefined);
    };
    const send = () => {
      const headers = { ...analyst.headers, 'content-type': 'application/json', 'transfer-encoding': 'chunked' };
      return httpRequest(app.service.publicUrl + SEARCH, { method: 'POST', headers });
    };
    const small = send();
    small.write('{"query":');
    await until(() => bytes.length > 0, { what: 'the first part' });
    small.end('"tea"}');
    const [answer] = (await once(small, 'response')) as [{ statusCode: number; resume(): void }];
    answer.resume();
    expect([answer.statusCode, bytes.length]).toEqual([200, 2]);
    const large = send();
    large.on('error', () => undefined);
    large.end(Buffer.alloc(SearchKnowledge.body ? 1024 * 1024 + 1 : 0, 'x'));
    const [refused] = (await once(large, 'response')) as [{ statusCode: number; resume(): void }];
    refused.resume();
    expect(refused.statusCode).toBe(413);
    const announced = await post(SEARCH, { 'content-type': 'application/json' });
    expect(announced.status).toBe(200);
  });

  it('a service that breaks off in its answer ends the connection, not the answer', async () => {
    upstream.answer = (_request, response) => {
      response.writeHead(200, { 'content-length': 100 }).write('{');
      setImmediate(() => response.destroy());
    };
    const response = await call(USAGE, { as: analyst });
    await expect(response.text()).rejects.toThrow();
  });

  it('lets a channel bring what many people write from one address', async () => {
    const brought = await Promise.all(
      Array.from({ length: 130 }, () => call('/v1/webhooks/telegram/7000000001', { method: 'POST', body: '{}' })),
    );
    expect(brought.map(({ status }) => status)).not.toContain(429);
  });

  it('looks nothing up for an address that has guessed too often, and keeps nobody out who is known', async () => {
    app.clock.advance(10 * 60_000);
    const [known, later] = [await signInStaff(app, 'analyst'), await signInStaff(app, 'analyst')];
    expect((await call(USAGE, { as: known })).status).toBe(200);
    const guess = () => call(USAGE, { headers: { cookie: `__Host-staff=${randomUUID()}` } });
    const guessed = (await Promise.all(Array.from({ length: 40 }, guess))).map(({ status }) => status);
    expect(guessed.filter((status) => status === 401)).toHaveLength(30);
    const identify = jest.spyOn(app.service.nest.get(PrincipalsService, { strict: false }), 'identify');
    const refused = await guess();
    expect([refused.status, Number(refused.headers.get('retry-after'))]).toEqual([429, expect.any(Number)]);
    expect((await call(USAGE)).status).toBe(429);
    expect((await call(USAGE, { as: later })).status).toBe(429);
    expect(identify).not.toHaveBeenCalled();
    expect((await call(USAGE, { as: known })).status).toBe(200);
    identify.mockRestore();
    app.clock.advance(60_000);
    expect((await call(USAGE, { as: later })).status).toBe(200);
    analyst = await signInStaff(app, 'analyst');
  });

  it('says what is left of a limit, and when to come back', async () => {
    const eager = await signInStaff(app, 'analyst');
    const first = await call(USAGE, { as: eager });
    expect(first.headers.get('ratelimit-policy')).toContain('"staff";q=240;w=60');
    expect(first.headers.get('ratelimit')).toMatch(/^"staff";r=239;t=\d+$/);
    const rest = await Promise.all(Array.from({ length: 240 }, () => call(USAGE, { as: eager })));
    const refused = rest.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(1);
    expect(await refused[0]!.json()).toMatchObject({ code: 'too_many_requests', status: 429 });
    expect(Number(refused[0]!.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await call(USAGE, { as: analyst })).status).toBe(200);
  });

  it('finds a service by its name as it is written, and no other', async () => {
    const owner = await signInStaff(app, 'owner');
    expect((await call('/v1/services/chat-ai/system', { as: owner })).status).toBe(200);
    for (let i = 0; i < 6; i++) expect((await call('/v1/services/%63hat-ai/system', { as: owner })).status).toBe(404);
    expect((await call('/v1/services/chat-ai/system', { as: owner })).status).toBe(200);
  });

  it('counts who comes through a proxy by the address that it names, with or without a port', async () => {
    const left = async (address: string) => {
      const response = await call('/v1/sign-in/methods', { headers: { 'x-forwarded-for': address } });
      return Number(response.headers.get('x-ratelimit-remaining'));
    };
    const first = await left('203.0.113.77:50001');
    expect(await left('203.0.113.77:50002')).toBe(first - 1);
    expect(await left('203.0.113.77')).toBe(first - 2);
    expect(await left('[2001:db8:7::1]:443')).toBe(first);
    expect(await left('[2001:db8:7::2]:444')).toBe(first - 1);
    expect(await left('203.0.113.77, 10.0.0.7:8080')).toBe(first - 3);
    // What was in the header before a proxy wrote to it is anybody's word.
    expect(await left('198.51.100.9, 203.0.113.77')).toBe(first - 4);
  });

  it('counts who is no trusted proxy by their own address, whatever they name', () => {
    const said: object[] = [];
    const warn = (facts: object) => said.push(facts);
    const addresses = new ClientAddress({ GATEWAY_TRUSTED_PROXIES: '10.0.0.0/8' }, { warn } as unknown as Log);
    const from = (remoteAddress: string) =>
      ({ socket: { remoteAddress }, headers: { 'x-forwarded-for': '203.0.113.77' } }) as unknown as IncomingMessage;
    expect(['192.0.2.5', '192.0.2.6', '10.1.2.3'].map((one) => addresses.of(from(one)))).toEqual([
      ...['192.0.2.5', '192.0.2.6'],
      '203.0.113.77',
    ]);
    // Once: it may be an attack of thousands.
    expect(said).toEqual([{ remoteAddress: '192.0.2.5' }]);
  });

  it('a service that is away is said to be, and others go on', async () => {
    await upstream.stop();
    const response = await call(USAGE, { as: analyst });
    expect([response.status, await response.json()]).toMatchObject([503, { code: 'upstream_unavailable' }]);
    expect(response.headers.get('retry-after')).not.toBeNull();
    expect((await call('/v1/session', { as: analyst })).status).toBe(200);
    upstream = await Upstream.start();
  });
});
