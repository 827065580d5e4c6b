import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Actor, type Problem } from '@switchboard/contracts';
import { startApp, type TestApp } from '@switchboard/testing';
import fc from 'fast-check';
import { v7 as uuidv7 } from 'uuid';
import { HOOK_SECRET, notesApp, NoteWritten, WriteNote } from '../../test/notes.app';
import { createLog } from '../log';
import { ServiceIdentity } from './service-identity';

const person: Actor = { kind: 'person', id: 'p-1', roles: [], scopes: ['notes:read', 'notes:write'] };
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

describe('the HTTP edge of a service', () => {
  let app: TestApp;
  const lines: Record<string, unknown>[] = [];

  beforeAll(async () => {
    app = await startApp(notesApp, {
      events: [NoteWritten],
      env: { NOTES_PUBLIC_PORT: '0', HTTP_CORS_ORIGINS: 'https://app.example.com' },
      log: createLog(
        { level: 'info', format: 'json' },
        { write: (line) => void lines.push(JSON.parse(line) as never) },
      ),
    });
  });
  afterAll(() => app.stop());

  const send = async (
    method: string,
    path: string,
    { body, headers = {}, base = app.url, as = person as Actor | 'nobody' } = {} as {
      body?: RequestInit['body'];
      headers?: Record<string, string>;
      base?: string;
      as?: Actor | 'nobody';
    },
  ) =>
    fetch(base + path, {
      method,
      headers: { ...(as === 'nobody' ? {} : await app.as('gateway', as)), ...headers },
      ...(body !== undefined && { body }),
    });
  const problemOf = async (response: Response) => {
    expect(response.headers.get('content-type')).toMatch('application/problem+json');
    return (await response.json()) as Problem;
  };
  const json = { 'content-type': 'application/json' };
  const write = (text = 'Buy milk') => app.gateway.call(WriteNote, { body: { text }, idempotencyKey: uuidv7() });

  it('counts callers whose identity is refused, by the reason, and logs who they say they are', async () => {
    const refused = async (reason: string) => {
      const metrics = await (await fetch(`${app.url}/metrics`)).text();
      return Number(
        new RegExp(`^service_identity_refusals_total\\{reason="${reason}".*\\} (\\d+)`, 'm').exec(metrics)?.[1],
      );
    };
    expect(await refused('clock')).toBe(0);
    const path = `/notes/${uuidv7()}`;
    const ahead = Date.now() + 100_000;
    const clock = jest.spyOn(Date.prototype, 'getTime').mockReturnValue(ahead);
    const headers = await app.as('gateway', person);
    clock.mockRestore();
    expect((await send('GET', path, { as: 'nobody', headers })).status).toBe(401);
    expect(await refused('clock')).toBe(1);
    expect(lines).toContainEqual(
      expect.objectContaining({ msg: 'the identity of a caller was refused', reason: 'clock', caller: 'gateway' }),
    );
  });

  describe('lets in', () => {
    it('whom the gateway speaks for, by what they are allowed to do', async () => {
      const path = `/notes/${uuidv7()}`;
      const status = async (scopes: string[]) => (await send('GET', path, { as: { ...person, scopes } })).status;
      expect(await status(['notes:read'])).toBe(404);
      expect(await status(['notes:*'])).toBe(404);
      expect(await status(['*'])).toBe(404);
      expect(await status([])).toBe(403);
      expect(await status(['notes:write', 'users:*'])).toBe(403);
      expect(await status(['*', '!notes:read'])).toBe(403);
    });

    it('services that the route names, and tells others nothing: not even that there is a route', async () => {
      const { noteId } = await write();
      const ask = async (service: string, path = `/notes/${noteId}`, actor?: Actor) =>
        fetch(app.url + path, { headers: await app.as(service, actor) });
      expect((await ask('analytics')).status).toBe(200);
      const anonymous = ({ instance: _, ...rest }: Problem) => rest;
      const refused = anonymous(await problemOf(await ask('payments')));
      expect(refused).toEqual(anonymous(await problemOf(await ask('payments', '/nowhere'))));
      // Whoever it says it speaks for.
      expect((await ask('payments', `/notes/${noteId}`, { ...person, scopes: ['*'] })).status).toBe(404);
    });

    it('bot-adapter for people whom it knows by their channel, to what is their own', async () => {
      const ask = async (path: string, actor: Actor, service = 'bot-adapter') =>
        fetch(app.url + path, { headers: await app.as(service, actor) });
      const own: Actor = { ...person, scopes: ['me:read'] };
      expect(await (await ask('/me/name', own)).json()).toEqual({ id: person.id });
      expect((await ask('/me/name', { ...own, scopes: ['me:write'] })).status).toBe(403);
      expect((await ask('/notes', { ...own, scopes: ['*'] })).status).toBe(404);
      expect((await ask('/me/name', { ...own, kind: 'staff' })).status).toBe(404);
      expect((await ask('/me/name', own, 'payments')).status).toBe(404);
    });

    it('the gateway for those it speaks for, and in its own name only where a route names it', async () => {
      const itself: Actor = { kind: 'service', id: 'gateway', roles: [], scopes: [] };
      const ask = async (path: string) => fetch(app.url + path, { headers: await app.as('gateway', itself) });
      expect((await ask('/notes')).status).toBe(404);
      const { noteId } = await write();
      expect((await ask(`/notes/${noteId}`)).status).toBe(200);
    });

    it('operators with a key of their own', async () => {
      const operator = { kind: 'staff' as const, id: 'root', roles: [], scopes: ['*'] };
      const headers = await app.as('operator', operator);
      expect((await fetch(`${app.url}/notes`, { headers })).status).toBe(200);
    });

    it('nobody without a token, or with one that is none', async () => {
      const anonymous = await send('GET', '/notes', { as: 'nobody' });
      expect(anonymous.headers.get('www-authenticate')).toBe('Bearer');
      expect(await problemOf(anonymous)).toMatchObject({ status: 401, code: 'unauthorized' });
      for (const authorization of ['Bearer', 'Bearer forged', 'Basic YTpi', 'Bearer a.b.c']) {
        expect((await send('GET', '/notes', { as: 'nobody', headers: { authorization } })).status).toBe(401);
      }
    });

    it('everybody to open routes, health and metrics', async () => {
      for (const path of ['/health/live', '/health/ready', '/metrics', '/openapi.json']) {
        expect((await send('GET', path, { as: 'nobody' })).status).toBe(200);
      }
      const body = new URLSearchParams({ name: 'Anna', times: '3' });
      expect(await (await send('POST', '/forms', { as: 'nobody', body })).json()).toEqual({ name: 'Anna', times: 3 });
    });
  });

  describe('has a public listener', () => {
    it('that serves open routes, and of everything else knows nothing', async () => {
      const base = app.service.publicUrl!;
      const hook = Buffer.from('{"a":1}');
      const signature = createHmac('sha256', HOOK_SECRET).update(hook).digest('hex');
      const headers = { ...json, 'x-signature': signature };
      expect((await send('POST', '/hooks/notes', { base, body: hook, headers, as: 'nobody' })).status).toBe(204);
      for (const path of ['/notes', '/health/live', '/metrics', '/openapi.json', '/bus/dead-letters']) {
        expect(await problemOf(await send('GET', path, { base }))).toMatchObject({ status: 404, code: 'not_found' });
      }
    });

    it('that takes over nobody’s request id', async () => {
      const given = uuidv7();
      const headers = { 'x-request-id': given };
      const ask = async (base: string) =>
        (await send('POST', '/forms', { base, headers, as: 'nobody' })).headers.get('x-request-id');
      expect(await ask(app.url)).toBe(given);
      expect(await ask(app.service.publicUrl!)).toMatch(uuid);
      expect(await ask(app.service.publicUrl!)).not.toBe(given);
    });
  });

  describe('gives each request an id', () => {
    it('that is in the answer, the problem and the log', async () => {
      const response = await send('GET', `/notes/${uuidv7()}`);
      const id = response.headers.get('x-request-id')!;
      expect(id).toMatch(uuid);
      expect((await problemOf(response)).instance).toBe(`/requests/${id}`);
      expect(lines).toContainEqual(
        expect.objectContaining({ msg: 'request refused', request_id: id, code: 'notes.note_not_found' }),
      );
    });

    it('that is the one in the token, if there is one', async () => {
      const requestId = uuidv7();
      const identity = new ServiceIdentity('gateway', app.keys);
      const authorization = `Bearer ${await identity.tokenFor('notes', { requestId, actor: { ...person, scopes: ['*'] } })}`;
      const { headers } = await send('GET', '/notes', { as: 'nobody', headers: { authorization } });
      expect(headers.get('x-request-id')).toBe(requestId);
    });

    it('that is the correlation of the events said meanwhile', async () => {
      const requestId = uuidv7();
      const headers = { ...json, 'x-request-id': requestId, 'idempotency-key': uuidv7() };
      const written = await send('POST', '/notes', { headers, body: '{"text":"Call mum"}' });
      const { noteId } = (await written.json()) as { noteId: string };
      const event = await app.probe.until(NoteWritten, ({ data }) => data.noteId === noteId);
      expect(event.correlationid).toBe(requestId);
      expect(event).not.toHaveProperty('causationid');
    });
  });

  describe('answers what it cannot take with a problem that says why', () => {
    const note = (text: unknown, more = {}) => ({ body: JSON.stringify({ text, ...more }), headers: json });
    const deep = '['.repeat(5000) + ']'.repeat(5000);

    it.each<[string, number, string, string, string, { body?: RequestInit['body']; headers?: Record<string, string> }]>(
      [
        ['an unknown address', 404, 'not_found', 'GET', '/nowhere', {}],
        ['another method', 404, 'not_found', 'PUT', '/notes', {}],
        ['an address with half an escape', 400, 'malformed_request', 'GET', '/notes/%E0%A4%A', {}],
        ['an address with a NUL', 400, 'malformed_request', 'GET', '/notes/%00', {}],
        ['an id that is none', 422, 'validation_failed', 'GET', '/notes/nonsense', {}],
        ['a way out of the folder', 422, 'validation_failed', 'GET', '/notes/..%2f..%2fetc%2fpasswd', {}],
        ['a limit that is no number', 422, 'validation_failed', 'GET', '/notes?limit=many', {}],
        ['a limit given twice', 422, 'validation_failed', 'GET', '/notes?limit=1&limit=2', {}],
        ['a limit beyond all bounds', 422, 'validation_failed', 'GET', '/notes?limit=1e9', {}],
        ['half an escape in the query', 400, 'invalid_cursor', 'GET', '/notes?after=%', {}],
        ['a NUL in the query', 400, 'malformed_request', 'GET', '/notes?words=a%00b', {}],
        ['a cursor of nobody', 400, 'invalid_cursor', 'GET', '/notes?after=v1.test.AAAA', {}],
        ['half of a JSON', 400, 'malformed_json', 'POST', '/notes', { body: '{"text":', headers: json }],
        ['text with a NUL', 400, 'malformed_request', 'POST', '/notes', note('a\0b')],
        ['half of an emoji', 400, 'malformed_request', 'POST', '/notes', { body: '{"text":"\\ud83d"}', headers: json }],
        ['a name with a NUL', 400, 'malformed_request', 'POST', '/notes', { body: '{"a\\u0000":1}', headers: json }],
        ['a JSON too deep for anything', 400, 'malformed_request', 'POST', '/notes', { body: deep, headers: json }],
        ['a list for an object', 422, 'validation_failed', 'POST', '/notes', { body: '[]', headers: json }],
        ['null for an object', 422, 'validation_failed', 'POST', '/notes', { body: 'null', headers: json }],
        ['nothing at all', 422, 'validation_failed', 'POST', '/notes', { headers: json }],
        ['a number for a text', 422, 'validation_failed', 'POST', '/notes', note(7)],
        [
          'a prototype',
          422,
          'validation_failed',
          'POST',
          '/notes',
          { body: '{"__proto__":{"text":"x"}}', headers: json },
        ],
        ['a text too long', 422, 'validation_failed', 'POST', '/notes', note('x'.repeat(201))],
        ['a body beyond the limit', 413, 'body_too_large', 'POST', '/notes', note('x'.repeat(2_000_000))],
        ['a type that is not JSON', 415, 'unsupported_media_type', 'POST', '/notes', { body: 'text=x' }],
        ['no key', 400, 'malformed_idempotency_key', 'POST', '/notes', note('Buy milk')],
        [
          'a body in an unknown code',
          415,
          'unsupported_media_type',
          'POST',
          '/notes',
          {
            body: '{}',
            headers: { ...json, 'content-encoding': 'zstd-of-tomorrow' },
          },
        ],
        [
          'a body that is not gzip',
          400,
          'malformed_request',
          'POST',
          '/notes',
          {
            body: 'not gzip',
            headers: { ...json, 'content-encoding': 'gzip' },
          },
        ],
        [
          'an unknown charset',
          415,
          'unsupported_media_type',
          'POST',
          '/notes',
          {
            body: '{}',
            headers: { 'content-type': 'application/json; charset=klingon' },
          },
        ],
        [
          'an If-Match without quotes',
          400,
          'malformed_if_match',
          'PATCH',
          `/notes/${uuidv7()}`,
          {
            ...note('x'),
            headers: { ...json, 'if-match': '7' },
          },
        ],
        ['no If-Match', 428, 'if_match_missing', 'PATCH', `/notes/${uuidv7()}`, note('x')],
        ['a raw body beyond its limit', 413, 'body_too_large', 'POST', '/hooks/notes', { body: 'x'.repeat(1001) }],
        ['a form that is JSON', 415, 'unsupported_media_type', 'POST', '/forms', { body: '{}', headers: json }],
        ['an upload that is JSON', 415, 'unsupported_media_type', 'POST', '/imports', { body: '{}', headers: json }],
        [
          'an upload without a boundary',
          400,
          'malformed_multipart',
          'POST',
          '/imports',
          {
            body: 'x',
            headers: { 'content-type': 'multipart/form-data' },
          },
        ],
        [
          'an upload that ends early',
          400,
          'malformed_multipart',
          'POST',
          '/imports',
          {
            body: '--b\r\ncontent-disposition: form-data; name="source"\r\n\r\nx',
            headers: { 'content-type': 'multipart/form-data; boundary=b' },
          },
        ],
      ],
    )('%s: %i %s', async (_, status, code, method, path, options) => {
      const response = await send(method, path, options);
      expect(await problemOf(response)).toMatchObject({ status, code, type: `/problems/${code}` });
      expect(response.status).toBe(status);
      expect(response.headers.get('cache-control')).toBe('no-store');
    });

    it('so that it can be read by who still sends what is refused', async () => {
      const { hostname, port } = new URL(app.url);
      const socket = connect({ host: hostname, port: Number(port) }).pause();
      const { authorization } = (await app.as('gateway', person)) as { authorization: string };
      const head = ['POST /imports HTTP/1.1', 'host: x', 'content-type: application/json', 'content-length: 3000000'];
      const piece = Buffer.alloc(1_000_000, 'x');
      socket.write([...head, `authorization: ${authorization}`, '', ''].join('\r\n'));
      for (let i = 0; i < 3; i++) {
        socket.write(piece);
        // Time for a connection to be closed behind the answer: what comes then is answered with a reset, which takes the answer along.
        await sleep(100);
      }
      const [answer] = (await once(socket.resume(), 'data')) as [Buffer];
      socket.destroy();
      expect(answer.toString()).toMatch(/^HTTP\/1.1 415 /);
    });

    it('whatever comes, and never with an error of ours', async () => {
      const anything = fc.oneof(fc.json(), fc.string({ unit: 'binary' }), fc.string());
      const type = fc.constantFrom(
        'application/json',
        'application/x-www-form-urlencoded',
        'multipart/form-data; boundary=x',
      );
      const asked = fc.record({
        method: fc.constantFrom('GET', 'POST', 'PATCH', 'DELETE', 'PUT'),
        path: fc.constantFrom(
          '/notes',
          '/notes/',
          '/imports',
          '/forms',
          '/hooks/notes',
          '/exports/',
          '/bus/dead-letters/replay',
        ),
        rest: fc.oneof(
          fc.constant(''),
          fc.webPath(),
          fc.webQueryParameters().map((query) => `?${query}`),
        ),
        type,
        body: anything,
        key: fc.string({ unit: 'grapheme-ascii', minLength: 10, maxLength: 40 }).map((key) => key.trim()),
      });
      await fc.assert(
        fc.asyncProperty(asked, async ({ method, path, rest, type, body, key }) => {
          const headers = { 'content-type': type, 'idempotency-key': key, 'if-match': key };
          const { status } = await send(method, path + rest, { headers, ...(method !== 'GET' && { body }) });
          expect(status).toBeLessThan(500);
        }),
        { numRuns: 300 },
      );
    });

    it('naming every place at once, with what a text for it needs', async () => {
      const body = JSON.stringify({ tags: ['ok', 'x', 7] });
      const { errors } = await problemOf(await send('POST', '/notes', { headers: json, body }));
      expect(errors).toEqual([
        { pointer: '/text', code: 'required', params: { expected: 'string' }, detail: expect.any(String) as string },
        {
          pointer: '/tags/1',
          code: 'too_small',
          params: { minimum: 2, inclusive: true, origin: 'string' },
          detail: expect.any(String) as string,
        },
        {
          pointer: '/tags/2',
          code: 'invalid_type',
          params: { expected: 'string' },
          detail: expect.any(String) as string,
        },
      ]);
      const query = await problemOf(await send('GET', '/notes?limit=0'));
      expect(query.errors).toEqual([expect.objectContaining({ pointer: '/limit', in: 'query', code: 'too_small' })]);
    });

    it('in Russian for whoever reads it', async () => {
      const inRussian = { ...json, 'accept-language': 'ru-RU,ru;q=0.9,en;q=0.5' };
      const validation = await problemOf(await send('POST', '/notes', { headers: inRussian, body: '{"text":""}' }));
      expect(validation.detail).toBe('Запрос не подходит по форме.');
      expect(validation.errors![0]!.detail).toMatch(/[а-я]/);
      const missing = await problemOf(await send('GET', '/nowhere', { headers: inRussian }));
      expect(missing.detail).toBe('Такого адреса нет.');
    });

    it('before it reads the body, when the caller may not come in at all', async () => {
      const body = `{"text":"${'x'.repeat(5_000_000)}"}`;
      const refused = await send('POST', '/notes', { as: 'nobody', headers: json, body });
      expect(refused.status).toBe(401);
      expect((await send('GET', '/health/live')).status).toBe(200);
    });
  });

  describe('keeps its own failures to itself', () => {
    it('without details in the answer, and with all of them in the log', async () => {
      const response = await send('POST', '/misdeeds/throws');
      const id = response.headers.get('x-request-id');
      const problem = await problemOf(response);
      expect(problem).toMatchObject({ status: 500, code: 'internal_error' });
      expect(JSON.stringify(problem)).not.toContain('must not leave');
      const line = lines.find(({ request_id, msg }) => request_id === id && msg === 'request failed');
      expect(JSON.stringify(line)).toContain('must not leave');
    });

    it('and does not send what its contract does not promise', async () => {
      expect(await problemOf(await send('POST', '/misdeeds/breaks-contract'))).toMatchObject({ status: 500 });
      expect(await write()).not.toHaveProperty('secret');
    });

    it('and notes a problem that the contract does not name', async () => {
      expect(await problemOf(await send('POST', '/misdeeds/undeclared-problem'))).toMatchObject({ status: 409 });
      expect(lines).toContainEqual(
        expect.objectContaining({ route: 'notes.misdeeds.create', code: 'notes.surprise', level: 'warn' }),
      );
    });
  });

  describe('tells browsers', () => {
    it('that answers are data, which nobody may frame', async () => {
      const { headers } = await send('GET', '/notes');
      expect(headers.get('content-security-policy')).toBe("default-src 'none';frame-ancestors 'none'");
      expect(headers.get('x-frame-options')).toBe('DENY');
      expect(headers.get('x-powered-by')).toBeNull();
    });

    it('whose pages may ask', async () => {
      const ask = async (origin: string) => {
        const headers = { origin, 'access-control-request-method': 'POST' };
        return (await send('OPTIONS', '/notes', { headers, as: 'nobody' })).headers.get('access-control-allow-origin');
      };
      expect(await ask('https://app.example.com')).toBe('https://app.example.com');
      expect(await ask('https://evil.example.com')).toBeNull();
    });
  });

  it.each([
    ['private', () => app.url],
    ['public', () => app.service.publicUrl!],
  ])(
    'keeps idle connections of its %s listener longer than proxies do, so that none is reset in use',
    async (_, base) => {
      const response = await send('GET', '/health/live', { base: base() });
      expect(response.headers.get('keep-alive')).toBe('timeout=65');
      await response.text();
    },
  );

  it('describes itself', async () => {
    const document = (await (await send('GET', '/openapi.json')).json()) as {
      paths: Record<string, Record<string, { operationId: string; security: unknown }>>;
    };
    expect(document.paths['/notes']!['post']).toMatchObject({
      operationId: 'notes.notes.write',
      security: [{ token: ['notes:write'] }],
    });
    expect(document.paths['/hooks/notes']!['post']!.security).toEqual([]);
    expect(document.paths['/bus/dead-letters']!['get']!.operationId).toBe('notes.dead-letters.list');
  });

  it('knows whether somebody changed a thing meanwhile', async () => {
    const { noteId } = await write();
    const path = `/notes/${noteId}`;
    const seen = await send('GET', path);
    const etag = seen.headers.get('etag')!;
    expect(etag).toBe('"1"');
    // fetch asks for a fresh answer by itself unless it is told otherwise.
    const known = { 'if-none-match': etag, 'cache-control': 'max-age=0' };
    expect((await send('GET', path, { headers: known })).status).toBe(304);
    const change = (ifMatch: string) =>
      send('PATCH', path, { headers: { ...json, 'if-match': ifMatch }, body: '{"text":"Buy oat milk"}' });
    const changed = await change(etag);
    expect([changed.status, changed.headers.get('etag')]).toEqual([200, '"2"']);
    expect(await problemOf(await change(etag))).toMatchObject({ status: 412, code: 'revision_mismatch' });
    expect((await change('*')).status).toBe(200);
  });

  it('answers nothing with 204', async () => {
    const response = await send('DELETE', `/notes/${uuidv7()}`);
    expect([response.status, await response.text()]).toEqual([204, '']);
  });
});
