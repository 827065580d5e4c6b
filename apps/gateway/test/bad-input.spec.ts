import { type Actor, isOpen, publicPathOf, routes, serviceOf } from '@switchboard/contracts';
import { startApp, type TestApp } from '@switchboard/testing';
import { once } from 'node:events';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { text } from 'node:stream/consumers';
import { v7 as uuidv7 } from 'uuid';
import { gatewayApp } from '../src/gateway.app';
import { type SignedIn, signInPerson, signInStaff } from './sign-in';
import { Upstream } from './upstream';

const USAGE = '/v1/usage?from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z';
/** Nothing listens there. */
const AWAY = 'http://127.0.0.1:9';
const OTHERS = [...new Set(routes.map(serviceOf))].filter((service) => !['gateway', 'service-kit'].includes(service));

describe('the edge', () => {
  let upstream: Upstream;
  let app: TestApp;
  let owner: SignedIn;

  beforeAll(async () => {
    upstream = await Upstream.start();
    const directory = new Map([...OTHERS.map((service) => [service, AWAY] as const), ...upstream.directory]);
    app = await startApp(gatewayApp, { env: { GATEWAY_PUBLIC_PORT: '0' }, directory });
  });
  afterAll(async () => {
    await app.stop();
    await upstream.stop();
  });
  beforeEach(async () => {
    upstream.asked.length = 0;
    app.clock.advance(60_000);
    owner = await signInStaff(app, 'owner');
  });

  /** As it is written: `fetch` would tidy the address. */
  const send = async (method: string, path: string, headers: Record<string, string | number>, body?: string) => {
    const { hostname, port } = new URL(app.service.publicUrl!);
    const sent = httpRequest({ hostname, port, method, path, headers, agent: false });
    sent.on('error', () => undefined);
    sent.end(body);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    return { status: response.statusCode!, headers: response.headers, text: await text(response) };
  };
  const codeOf = (answer: { text: string }) => (JSON.parse(answer.text) as { code: string }).code;

  it('believes nobody who says that they are a service, or an operator, or the gateway itself', async () => {
    const actor: Actor = { kind: 'staff', id: owner.id, roles: ['owner'], scopes: ['*'] };
    for (const service of ['gateway', 'operator', 'chat-ai', 'bot-adapter']) {
      for (const headers of [await app.as(service), await app.as(service, actor)]) {
        for (const path of [USAGE, '/v1/staff', '/v1/bot-descriptions', '/v1/audit/entries'])
          expect([path, (await send('GET', path, headers)).status]).toEqual([path, path.includes('bot-d') ? 404 : 401]);
      }
    }
    expect(upstream.asked).toEqual([]);
    // With a session of one's own besides, what was forged goes no further.
    const person = await signInPerson(app);
    const both = { ...(await app.as('gateway', actor)), cookie: person.headers.cookie };
    expect((await send('GET', '/v1/me', both)).status).toBe(401);
  });

  it('makes up the id of a request itself, and tells services of no address that somebody made up', async () => {
    const made = { 'x-request-id': uuidv7(), traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` };
    const { headers } = await send('GET', USAGE, { ...owner.headers, ...made, forwarded: 'for=1.2.3.4' });
    expect(headers['x-request-id']).not.toBe(made['x-request-id']);
    expect(upstream.asked[0]!.headers).toMatchObject({ 'x-request-id': headers['x-request-id'] });
    expect(upstream.asked[0]!.headers['forwarded']).toBeUndefined();
    expect(upstream.asked[0]!.headers['traceparent']).not.toBe(made.traceparent);
  });

  it.each([
    ...['//', '///x', '//evil.example/console/', '/\\evil.example', 'http://[', 'http://evil.example/console', '*'],
    ...[
      '/v1',
      '/v1/',
      '/v1//usage',
      '/v1/%',
      '/v1/%00',
      '/v1/../metrics',
      '/v1/usage/../metrics',
      '/v1/%2e%2e/metrics',
    ],
    ...[
      '/console/..%2f..%2fetc/passwd',
      '/console/assets/..%2f..%2fpackage.json',
      '/V1/usage',
      '/v1/usage;x=1',
      '/v1/usage%2f',
    ],
    `/v1/prompts/${'x'.repeat(2000)}`,
  ])('answers %s with nothing of its own, and sends nobody elsewhere', async (path) => {
    const { status, headers, text: body } = await send('GET', path, owner.headers);
    expect([200, 302, 400, 404, 405, 414]).toContain(status);
    expect(headers.location ?? '/console/').toBe('/console/');
    expect(body).not.toMatch(/root:|switchboard_|"name": "switchboard"/);
    expect(upstream.asked).toEqual([]);
  });

  it.each<[string, Record<string, string | number>, string, number, string]>([
    ['what is no JSON', {}, '{"name":', 400, 'malformed_json'],
    ['JSON that is called something else', { 'content-type': 'text/plain' }, '{}', 415, 'unsupported_media_type'],
    ['JSON that is too deep', {}, `${'['.repeat(5000)}${']'.repeat(5000)}`, 400, 'malformed_request'],
    ['a character that no text has', {}, '{"name":"\\u0000","team":"x","scopes":["a:b"]}', 400, 'malformed_request'],
    ['more than it takes', {}, `"${'x'.repeat(1024 * 1024)}"`, 413, 'body_too_large'],
    ['what says that it is shorter than it takes', { 'content-length': 2_000_000 }, '', 413, 'body_too_large'],
    ['a name that is no name', {}, '{"__proto__":{"name":"x"},"scopes":"all"}', 422, 'validation_failed'],
  ])('refuses %s', async (_, headers, body, status, code) => {
    const all = { 'content-type': 'application/json', 'idempotency-key': uuidv7(), ...owner.headers, ...headers };
    const answer = await send('POST', '/v1/keys', all, body);
    expect([answer.status, codeOf(answer)]).toEqual([status, code]);
  });

  it('answers for each service that is away at once, and for the others as ever', async () => {
    const reads = routes.filter((route) => route.method === 'GET' && !isOpen(route) && !route.callers);
    const asked = OTHERS.map((service) => reads.find((route) => serviceOf(route) === service)).filter(Boolean);
    expect(asked.length).toBeGreaterThan(2);
    for (const route of asked) {
      const path = publicPathOf(route!).replaceAll(/\{\w+\}/g, uuidv7());
      const answer = await send('GET', path, owner.headers);
      if (upstream.directory.has(serviceOf(route!))) {
        expect(answer.status).toBe(200);
        continue;
      }
      expect([path, answer.status, codeOf(answer)]).toEqual([path, 503, 'upstream_unavailable']);
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    }
    const pages = ['/v1/services/tts-worker/bus/dead-letters', '/v1/services/analytics/bus/dead-letters'];
    for (const path of pages) expect((await send('GET', path, owner.headers)).status).toBe(503);
    expect((await send('GET', '/v1/staff', owner.headers)).status).toBe(200);
  });

  it('lets a program ask 300 times in a minute, whatever others do, and then says when it may again', async () => {
    const makeKey = async () => {
      const headers = { ...owner.headers, 'content-type': 'application/json', 'idempotency-key': uuidv7() };
      const wanted = { name: 'Reports', team: 'shop', scopes: ['usage:read'] };
      const { text: made } = await send('POST', '/v1/keys', headers, JSON.stringify(wanted));
      return { authorization: `Bearer ${(JSON.parse(made) as { key: string }).key}` };
    };
    const [eager, other] = [await makeKey(), await makeKey()];
    // A window begins, in which nothing of the one before counts any more.
    const minute = Math.ceil(app.clock.now().getTime() / 60_000) * 60_000;
    app.clock.advance(minute - app.clock.now().getTime() + 60_000);
    const ask = (headers: Record<string, string>) => fetch(app.service.publicUrl + USAGE, { headers });
    const statuses = async (count: number) => {
      const answers = await Promise.all(Array.from({ length: count }, () => ask(eager)));
      return answers.map(({ status }) => status);
    };
    expect(new Set([...(await statuses(150)), ...(await statuses(150))])).toEqual(new Set([200]));
    const refused = await ask(eager);
    expect([refused.status, await refused.json()]).toMatchObject([429, { code: 'too_many_requests' }]);
    const after = Number(refused.headers.get('retry-after'));
    expect(Number.isInteger(after) && after > 0 && after <= 67).toBe(true);
    expect(refused.headers.get('ratelimit')).toMatch(/^"key";r=0;t=\d+$/);
    expect((await ask(other)).status).toBe(200);
    app.clock.advance(120_000);
    expect((await ask(eager)).status).toBe(200);
  });

  it('counts each call once, under names that it knows itself', async () => {
    const series = async () => {
      const metrics = await (await fetch(`${app.url}/metrics`)).text();
      return metrics.split('\n').filter((line) => line.startsWith('gateway_request_duration_seconds_count'));
    };
    const countOf = async (labels: string) => {
      const line = (await series()).find((each) => each.includes(labels));
      return Number(line?.split(' ').at(-1) ?? 0);
    };
    const ofUsage = 'route="chat-ai.usage.read",method="GET",status="200",caller="staff"';
    const before = await countOf(ofUsage);
    await send('GET', USAGE, owner.headers);
    expect(await countOf(ofUsage)).toBe(before + 1);
    const known = (await series()).length;
    const methods = ['GET', 'PUT', 'PROPFIND', 'PURGE', 'M-SEARCH'];
    for (let i = 0; i < 40; i++) {
      await send(methods[i % methods.length]!, `/v1/${uuidv7()}`, owner.headers);
      await send('GET', `/v1/services/${uuidv7()}/bus/dead-letters`, owner.headers);
      await send('GET', `/v1/audit/entries/${i}.${i}`, owner.headers);
    }
    expect((await series()).length - known).toBeLessThanOrEqual(5);
  });
});
