import { z } from 'zod';
import {
  bytes,
  defineRoute,
  eventStream,
  form,
  Instant,
  mergedOpenApi,
  openApi,
  PageQuery,
  raw,
  type RouteDefinition,
  routes,
  upload,
} from './index';

type Json = Record<string, object>;
const described = (route: RouteDefinition) => {
  const document = openApi('shop', [route]) as { paths: Record<string, Json>; components: { schemas: Json } };
  const [path] = Object.values(document.paths);
  return { operation: Object.values(path!)[0] as Json, schemas: document.components.schemas };
};
const about = {
  id: 'shop.things.do',
  method: 'POST',
  path: '/things',
  summary: 'Does it.',
  permission: 'things:write',
} as const;

describe('the OpenAPI document', () => {
  it('shows what travels, not what the code makes of it', () => {
    const Thing = z.object({ at: Instant, count: z.int().default(1) }).meta({ id: 'shop.Thing' });
    const { operation, schemas } = described(
      defineRoute({ ...about, body: Thing, answer: z.object({ thing: Thing }) }),
    );
    expect(operation['requestBody']).toEqual({
      required: true,
      content: { 'application/json': { schema: { $ref: '#/components/schemas/shop.Thing' } } },
    });
    expect(schemas).toMatchObject({
      'shop.Thing': {
        type: 'object',
        properties: { at: { $ref: '#/components/schemas/Instant' }, count: { type: 'integer', default: 1 } },
        required: ['at'],
      },
      Instant: { type: 'string', format: 'date-time' },
    });
  });

  it('names parameters, also those that a route needs for its own safety', () => {
    const { operation } = described(
      defineRoute({
        ...about,
        path: '/things/{thingId}',
        params: z.object({ thingId: z.uuid() }),
        query: PageQuery,
        headers: z.object({ 'x-color': z.string().optional() }),
        body: z.object({}),
        idempotent: true,
        ifMatch: true,
      }),
    );
    const parameters = operation['parameters'] as unknown as { name: string; in: string; required: boolean }[];
    expect(parameters.map((parameter) => [parameter.name, parameter.in, parameter.required])).toEqual([
      ['thingId', 'path', true],
      ['after', 'query', false],
      ['limit', 'query', false],
      ['x-color', 'header', false],
      ['Idempotency-Key', 'header', true],
      ['If-Match', 'header', true],
    ]);
  });

  it('says who may ask and which problems may come of it', () => {
    const { operation } = described(defineRoute({ ...about, problems: { 'shop.closed': 409, 'shop.sold': 409 } }));
    expect(operation['security']).toEqual([{ token: ['things:write'] }]);
    expect(Object.keys(operation['responses']!)).toEqual(['204', '409', 'default']);
    expect((operation['responses'] as Json)['409']).toMatchObject({
      description: '`shop.closed`, `shop.sold`',
      content: {
        'application/problem+json': {
          schema: {
            allOf: [
              { $ref: '#/components/schemas/Problem' },
              {
                properties: {
                  code: { enum: ['shop.closed', 'shop.sold', 'request_in_progress', 'approval_unusable'] },
                },
              },
            ],
          },
        },
      },
    });
  });

  it.each<[string, Partial<RouteDefinition>, string]>([
    [
      'a form',
      { body: form(z.object({ a: z.string() })) },
      '"application/x-www-form-urlencoded":{"schema":{"type":"object"',
    ],
    [
      'raw bytes',
      { body: raw({ contentType: 'application/json' }) },
      '"requestBody":{"required":true,"content":{"application/json":{}}}',
    ],
    [
      'an upload',
      { body: upload({ fields: z.object({ a: z.string() }), maxBytes: 9, accepts: ['image/*'] }) },
      '"file":{"type":"string","format":"binary","maxLength":9}},"required":["a","file"]},"encoding":{"file":{"contentType":"image/*"}}',
    ],
    ['a file', { answer: bytes('audio/ogg') }, '"200":{"description":"The bytes.","content":{"audio/ogg":{}}}'],
    ['events', { answer: eventStream(z.object({ n: z.int() })) }, '"text/event-stream":{"schema":{"type":"object"'],
  ])('knows %s', (_, part, text) => {
    expect(JSON.stringify(described({ ...about, ...part }).operation)).toContain(text);
  });

  it('refuses two shapes of one name', () => {
    const named = (schema: z.ZodObject) => schema.meta({ id: 'shop.Thing' });
    const first = defineRoute({ ...about, answer: z.object({ it: named(z.object({ a: z.string() })) }) });
    const second = defineRoute({
      ...about,
      path: '/others',
      answer: z.object({ it: named(z.object({ b: z.int() })) }),
    });
    expect(() => openApi('shop', [first, second])).toThrow('There are two shapes named "shop.Thing"');
  });
});

describe('the OpenAPI document of all services', () => {
  const answer = z.object({ n: z.int() });
  const shop = defineRoute({ ...about, answer });
  const kit = defineRoute({
    ...about,
    id: 'service-kit.letters.list',
    method: 'GET',
    path: '/letters/{letterId}',
    params: z.object({ letterId: z.string() }),
    answer,
  });
  const other = (route: Partial<RouteDefinition>): RouteDefinition => ({ ...shop, id: 'post.parcels.send', ...route });

  it('shows routes where the gateway serves them', () => {
    const internal = other({ id: 'mint.coins.count', path: '/coins', callers: ['post'] });
    const { paths } = mergedOpenApi([shop, kit, other({ path: '/parcels' }), internal]);
    // What is for services alone is none of them.
    expect(Object.keys(paths)).toEqual(['/v1/parcels', '/v1/services/{service}/letters/{letterId}', '/v1/things']);
    expect(paths['/v1/services/{service}/letters/{letterId}']!['get']).toMatchObject({
      operationId: 'service-kit.letters.list',
      parameters: [{ name: 'service', schema: { enum: ['mint', 'post', 'shop'] } }, { name: 'letterId' }],
      security: [{ key: ['things:write'] }, { staff: ['things:write'] }],
    });
  });

  it.each<[string, RouteDefinition, string]>([
    ['routes of one path', other({}), 'post.parcels.send and shop.things.do are both POST /v1/things'],
    ['routes of one name', { ...shop, path: '/elsewhere' }, 'two routes are called shop.things.do'],
    [
      'shapes of one name',
      other({ path: '/parcels', answer: z.object({ it: z.object({ a: z.string() }).meta({ id: 'Problem' }) }) }),
      'two shapes named "Problem"',
    ],
  ])('refuses two %s', (_, clashing, reason) => {
    expect(() => mergedOpenApi([shop, clashing])).toThrow(reason);
  });

  it.each<[string, Partial<RouteDefinition>, object[]]>([
    ['everybody', { permission: 'public' }, []],
    ['persons alone', { permission: 'me:read' }, [{ person: ['me:read'] }, { app: ['me:read'] }]],
    ['staff and keys', {}, [{ key: ['things:write'] }, { staff: ['things:write'] }]],
    ['staff who have just proven who they are', { stepUp: true }, [{ staff: ['things:write'] }]],
    ['staff about their own account', { permission: 'account:read' }, [{ staff: ['account:read'] }]],
  ])('opens routes to %s as the gateway does', (_, change, security) => {
    expect(mergedOpenApi([{ ...shop, ...change }]).paths['/v1/things']!['post']!['security']).toEqual(security);
  });

  it('leaves out what is for services alone, as the gateway does', () => {
    const inside = other({ path: '/parcels', callers: ['shop'] });
    expect(Object.keys(mergedOpenApi([shop, inside]).paths)).toEqual(['/v1/things']);
  });

  it('names what the gateway adds to every answer, and its own refusals', () => {
    const { responses } = mergedOpenApi([{ ...shop, idempotent: true }]).paths['/v1/things']!['post'] as {
      responses: Record<string, { $ref?: string; headers?: Json }>;
    };
    expect(Object.keys(responses['200']!.headers!)).toEqual([
      'X-Request-Id',
      'RateLimit',
      'RateLimit-Policy',
      'Idempotency-Replayed',
    ]);
    expect([responses['401'], responses['429'], responses['default']]).toEqual(
      ['Unauthorized', 'TooManyRequests', 'Problem'].map((name) => ({ $ref: `#/components/responses/${name}` })),
    );
  });

  it('tells paths apart by what is fixed in them', () => {
    const byId = other({ path: '/things/{thingId}', params: z.object({ thingId: z.string() }) });
    const byName = {
      ...byId,
      id: 'post.things.read',
      path: '/things/{name}',
      params: z.object({ name: z.string() }),
    } as const;
    expect(() => mergedOpenApi([byId, byName])).toThrow('are both POST /v1/things/{name}');
  });

  it('can be made of all there are', () => {
    expect(Object.keys(mergedOpenApi(routes).paths).length).toBeGreaterThan(10);
  });
});
