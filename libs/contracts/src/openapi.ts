import { z } from 'zod';
import { Problem } from './api.shapes';
import { isOpen, type RouteDefinition, serviceOf, statusOf } from './define-route';
import { sharedProblems } from './shared.problems';

type Json = Record<string, unknown>;
interface OpenApi extends Json {
  readonly paths: Record<string, Record<string, Json>>;
  readonly components: {
    readonly schemas: Json;
    readonly securitySchemes: Json;
    readonly headers?: Json;
    readonly responses?: Json;
  };
}

/** Of the manners all routes share; it is part of the public paths, `/v1`. */
const API_VERSION = '1';

const LICENSE = { name: 'Apache-2.0', identifier: 'Apache-2.0' };

/** What every service answers for itself. */
const KIT = 'service-kit';

/**
 * The OpenAPI 3.1 document of one service. Schemas show the wire, so that one named shape serves requests and answers alike:
 * a field with a default may be absent, and what is not named is ignored.
 */
export function openApi(service: string, routes: readonly RouteDefinition[]): OpenApi {
  const components: Json = {};
  const schema = (type: z.ZodType) => schemaOf(type, components);
  const paths: OpenApi['paths'] = {};
  for (const route of [...routes].sort((a, b) => a.path.localeCompare(b.path, 'en'))) {
    const { [route.path]: path = {} } = paths;
    paths[route.path] = { ...path, [route.method.toLowerCase()]: operation(service, route, schema) };
  }
  return {
    openapi: '3.1.0',
    info: { title: service, version: API_VERSION, license: LICENSE },
    paths,
    components: {
      schemas: Object.fromEntries(Object.entries(components).sort(([a], [b]) => a.localeCompare(b, 'en'))),
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'Scopes are those of the actor.' },
      },
    },
  };
}

/** Where the gateway serves a route: what every service answers for itself stands below the name of the service. */
export const publicPathOf = (route: RouteDefinition): string =>
  `/v${API_VERSION}${serviceOf(route) === KIT ? '/services/{service}' : ''}${route.path}`;

/**
 * The OpenAPI 3.1 document of all services as the gateway serves them: without the routes that are for services alone.
 * @throws Error that names all clashes: two routes of one path or one id, two shapes of one name
 */
export function mergedOpenApi(all: readonly RouteDefinition[]): OpenApi {
  const services = [...new Set(all.map(serviceOf))].filter((service) => service !== KIT).sort();
  const routes = all.filter(({ callers }) => !callers);
  const byService = Map.groupBy(routes, serviceOf);
  const clashes: string[] = [];
  const [paths, schemas] = [new Map<string, Record<string, Json>>(), new Map<string, unknown>()];
  const [templates, ids] = [new Map<string, string>(), new Set<string>()];
  for (const [service, own] of byService) {
    const document = openApi(service, own);
    for (const [name, shape] of Object.entries(document.components.schemas)) {
      const known = schemas.get(name);
      if (known && JSON.stringify(known) !== JSON.stringify(shape)) clashes.push(`two shapes named "${name}"`);
      schemas.set(name, shape);
    }
    for (const route of own) {
      const [path, method] = [publicPathOf(route), route.method.toLowerCase()];
      // Names of placeholders do not tell paths apart.
      const template = `${route.method} ${path.replaceAll(/\{\w+\}/g, '{}')}`;
      const other = templates.get(template);
      if (other) clashes.push(`${route.id} and ${other} are both ${route.method} ${path}`);
      if (ids.has(route.id)) clashes.push(`two routes are called ${route.id}`);
      templates.set(template, route.id);
      ids.add(route.id);
      const described = document.paths[route.path]![method]!;
      paths.set(path, {
        ...paths.get(path),
        [method]: atTheEdge(service === KIT ? ofService(described, services) : described, route),
      });
    }
  }
  if (clashes.length > 0) throw new Error(`The services' documents cannot be merged: ${clashes.join('; ')}`);
  const tags = [...new Set(routes.map(tagOf))].sort().map((name) => ({ name }));
  return {
    openapi: '3.1.0',
    info: { title: 'Switchboard', version: API_VERSION, license: LICENSE, description: MANNERS },
    security: [],
    tags,
    paths: sorted(paths),
    components: { schemas: sorted(schemas), ...EDGE },
  };
}

const sorted = <Value>(entries: ReadonlyMap<string, Value>): Record<string, Value> =>
  Object.fromEntries([...entries].sort(([a], [b]) => a.localeCompare(b, 'en')));

/** Of whoever has the permission; and of those whom the gateway lets through to such a route at all. */
function securityOf(route: RouteDefinition): Json[] {
  if (isOpen(route)) return [];
  const resource = route.permission.slice(0, route.permission.indexOf(':'));
  if (resource === 'me') return [{ person: [route.permission] }, { app: [route.permission] }];
  const isForKeys = resource !== 'account' && !route.stepUp;
  // Samples are made with the first one: programs have keys.
  return [...(isForKeys ? [{ key: [route.permission] }] : []), { staff: [route.permission] }];
}

/** What the gateway adds to whatever a service answers, and answers itself. */
function atTheEdge(described: Json, route: RouteDefinition): Json {
  const responses = described['responses'] as Record<string, Json>;
  const counted = { RateLimit: HEADER('RateLimit'), 'RateLimit-Policy': HEADER('RateLimit-Policy') };
  const told = Object.entries(responses).map(([status, response]) => {
    const headers = {
      ...(response['headers'] as Json | undefined),
      'X-Request-Id': HEADER('X-Request-Id'),
      ...counted,
    };
    if (!status.startsWith('2')) return [status, response] as const;
    const replayed = route.idempotent && { 'Idempotency-Replayed': HEADER('Idempotency-Replayed') };
    return [status, { ...response, headers: { ...headers, ...replayed } }] as const;
  });
  const { 429: own, ...rest } = Object.fromEntries(told);
  return {
    ...described,
    responses: {
      ...rest,
      ...(!isOpen(route) && !rest[401] && { 401: RESPONSE('Unauthorized') }),
      429: own ? { ...own, headers: LIMITED } : RESPONSE('TooManyRequests'),
      default: RESPONSE('Problem'),
    },
    security: securityOf(route),
  };
}

const HEADER = (name: string): Json => ({ $ref: `#/components/headers/${name}` });
const RESPONSE = (name: string): Json => ({ $ref: `#/components/responses/${name}` });
const LIMITED = {
  'Retry-After': HEADER('Retry-After'),
  RateLimit: HEADER('RateLimit'),
  'RateLimit-Policy': HEADER('RateLimit-Policy'),
};
const ANY_PROBLEM = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
const textHeader = (description: string, example: string): Json => ({
  description,
  schema: { type: 'string' },
  example,
});

/** Names and descriptions that all routes share. */
const EDGE = {
  headers: {
    'Idempotency-Replayed': textHeader(
      '`true` where the answer is that of an earlier request with the same key.',
      'true',
    ),
    RateLimit: textHeader(
      'What the tightest limit has left (`r`), and in how many seconds it is whole again (`t`).',
      '"key";r=299;t=60',
    ),
    'RateLimit-Policy': textHeader(
      'The limits that count this call: how much (`q`) in how many seconds (`w`).',
      '"key";q=300;w=60',
    ),
    'Retry-After': { description: 'Seconds to wait.', schema: { type: 'integer', minimum: 1 } },
    'X-Request-Id': {
      description: 'Of this request, for questions about it.',
      schema: { type: 'string', format: 'uuid' },
    },
  },
  responses: {
    Problem: { description: 'A problem: `code` says which, `type` leads to its page.', content: ANY_PROBLEM },
    TooManyRequests: { description: '`too_many_requests`', headers: LIMITED, content: ANY_PROBLEM },
    Unauthorized: {
      description: '`unauthorized`',
      headers: { 'WWW-Authenticate': { description: 'How to prove who asks.', schema: { type: 'string' } } },
      content: ANY_PROBLEM,
    },
  },
  securitySchemes: {
    app: {
      type: 'http',
      scheme: 'bearer',
      bearerFormat: 'JWT',
      description: 'The access token of an app in which a person is signed in; a refresh token gets the next one.',
    },
    key: {
      type: 'http',
      scheme: 'bearer',
      bearerFormat: 'sb_live_… or sb_test_…',
      description: 'An API key. It may do what its scopes allow, from the addresses and for the bots it was made for.',
    },
    person: {
      type: 'apiKey',
      in: 'cookie',
      name: '__Host-person',
      description: 'The session of a person in a browser, who sees and changes what is theirs.',
    },
    staff: {
      type: 'apiKey',
      in: 'cookie',
      name: '__Host-staff',
      description: 'The session of a member of staff in a browser; roles decide what they may do.',
    },
  },
} as const;

const MANNERS = `
What all routes have in common. More, with examples, is in \`docs/api.md\` of the project.

- **Who asks.** An API key as \`Authorization: Bearer sb_live_…\`, the session of a browser, or the access token of an app. Behind each scheme stands the permission that a route needs.
- **Problems** are \`application/problem+json\` (RFC 9457). \`code\` is stable, \`type\` leads to a page that says what to do, \`detail\` follows \`Accept-Language\` (en, ru), \`errors\` points at each field that does not fit.
- **Limits.** \`RateLimit\` and \`RateLimit-Policy\` are in every answer, \`Retry-After\` in a 429. Reading costs 1, changing 2.
- **Lists** have \`limit\` (1 to 200) and \`after\`; \`page.next\` of an answer is the \`after\` of the next request, and null at the end.
- **Repeating.** Where \`Idempotency-Key\` is needed, the same request with the same key is done once and answered the same, for a day.
- **Editing.** Where \`If-Match\` is needed, it is the \`ETag\` of what was seen; 412 says that somebody was faster.
- **Looking at persons.** Where \`X-Reason\` is needed it says why, percent-encoded, and is kept in the audit log.
- **Four eyes.** A 423 names an approval; once it is granted the same request is sent again with \`X-Approval\`.
- **Versions.** Within \`/v1\` answers only gain fields and requests only gain optional ones. Ignore what you do not know. What is to go is announced by \`Deprecation\` and \`Sunset\`, half a year before.
- **Times** are RFC 3339, **money** is in minor units with its currency, **ids** are texts.
`.trim();

function ofService(described: Json, services: readonly string[]): Json {
  const service = { name: 'service', in: 'path', required: true, schema: { type: 'string', enum: services } };
  return { ...described, parameters: [service, ...((described['parameters'] as Json[] | undefined) ?? [])] };
}

function operation(service: string, route: RouteDefinition, schema: (type: z.ZodType) => Json): Json {
  const operationId = route.id.replace(new RegExp(`^${KIT}\\.`), `${service}.`);
  const { params, query, headers } = route;
  const parameters = [
    ...(params ? parametersIn('path', params, schema) : []),
    ...(query ? parametersIn('query', query, schema) : []),
    ...(headers ? parametersIn('header', headers, schema) : []),
    ...(route.idempotent ? [IDEMPOTENCY_KEY] : []),
    ...(route.ifMatch ? [IF_MATCH] : []),
    ...(route.approval ? [APPROVAL_HEADER] : []),
    ...(route.sensitive ? [REASON] : []),
  ];
  return {
    operationId,
    summary: route.summary,
    tags: [tagOf({ id: operationId })],
    security: isOpen(route) ? [] : [{ token: [route.permission] }],
    ...(parameters.length > 0 && { parameters }),
    ...(route.body && { requestBody: { required: true, content: bodyContent(route.body, schema) } }),
    responses: {
      [statusOf(route)]: success(route, schema),
      ...problems(route, schema),
      ...(route.approval && {
        423: { description: '`approval_required`', content: problemContent(schema(Problem)) },
      }),
      default: { description: 'A problem.', content: problemContent(schema(Problem)) },
    },
  };
}

const tagOf = ({ id }: Pick<RouteDefinition, 'id'>): string => id.split('.').slice(0, 2).join('.');

function parametersIn(
  place: 'path' | 'query' | 'header',
  type: z.ZodObject,
  schema: (type: z.ZodType) => Json,
): Json[] {
  const { properties = {}, required = [] } = schema(type) as { properties?: Record<string, Json>; required?: string[] };
  return Object.entries(properties).map(([name, { description, ...shape }]) => ({
    name,
    in: place,
    required: required.includes(name),
    ...(description !== undefined && { description }),
    schema: shape,
  }));
}

const requiredHeader = (name: string, limits: Json, description: string): Json => ({
  ...{ name, in: 'header', required: true, description },
  schema: { type: 'string', ...limits },
});

const IDEMPOTENCY_KEY = requiredHeader(
  'Idempotency-Key',
  { minLength: 16, maxLength: 255, pattern: '^[!-~]+$' },
  'The same for every try of one thing, a UUID for instance.',
);
const IF_MATCH = requiredHeader(
  'If-Match',
  { pattern: '^\\s*(\\*|"[^"]*")(\\s*,\\s*(\\*|"[^"]*"))*\\s*$' },
  'The `ETag` that you have seen, quotes included.',
);
const REASON = requiredHeader(
  'X-Reason',
  { minLength: 3, maxLength: 4500 },
  'Why you look, 3 to 500 characters, percent-encoded; it is kept in the audit log.',
);

const APPROVAL_HEADER: Json = {
  name: 'X-Approval',
  in: 'header',
  required: false,
  description: 'The approval that an earlier answer, 423, has named; the request is the same otherwise.',
  schema: { type: 'string', format: 'uuid' },
};

function bodyContent(body: NonNullable<RouteDefinition['body']>, schema: (type: z.ZodType) => Json): Json {
  if (body instanceof z.ZodType) return { 'application/json': { schema: schema(body) } };
  switch (body.kind) {
    case 'form':
      return { 'application/x-www-form-urlencoded': { schema: schema(body.schema) } };
    case 'raw':
      return { [body.contentType]: {} };
    case 'upload': {
      const { properties = {}, required = [] } = schema(body.fields) as { properties?: Json; required?: string[] };
      const file = { type: 'string', format: 'binary', maxLength: body.maxBytes };
      const form = {
        type: 'object',
        properties: { ...properties, [body.field]: file },
        required: [...required, body.field],
      };
      const encoding = body.accepts && { [body.field]: { contentType: body.accepts.join(', ') } };
      return { 'multipart/form-data': { schema: form, ...(encoding && { encoding }) } };
    }
  }
}

function success({ answer, etag }: RouteDefinition, schema: (type: z.ZodType) => Json): Json {
  const headers = etag && { headers: { ETag: { schema: { type: 'string' } } } };
  if (!answer) return { description: 'Done.' };
  if (answer instanceof z.ZodType) {
    return { description: 'The answer.', ...headers, content: { 'application/json': { schema: schema(answer) } } };
  }
  return answer.kind === 'bytes'
    ? { description: 'The bytes.', content: { [answer.contentType]: {} } }
    : { description: 'Events as they come.', content: { 'text/event-stream': { schema: schema(answer.schema) } } };
}

/** By status, with the codes that go with it. */
function problems({ problems: codes = {} }: RouteDefinition, schema: (type: z.ZodType) => Json): Json {
  const byStatus = new Map<number, string[]>();
  for (const [code, status] of Object.entries(codes)) byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  return Object.fromEntries(
    [...byStatus].map(([status, list]) => [
      status,
      {
        description: list.map((code) => `\`${code}\``).join(', '),
        content: problemContent({
          allOf: [schema(Problem), { properties: { code: { enum: [...list, ...sharedCodesOf(status)] } } }],
        }),
      },
    ]),
  );
}

/** What every route may answer with: a path that does not exist is a 404 like a thing that does not. */
const sharedCodesOf = (status: number): string[] =>
  Object.entries(sharedProblems).flatMap(([code, problem]) => (problem.status === status ? [code] : []));

const problemContent = (schema: Json): Json => ({ 'application/problem+json': { schema } });

/** A schema with its named shapes moved to the components; two shapes of one name are refused. */
function schemaOf(type: z.ZodType, components: Json): Json {
  // Within an object a shape that has a name itself becomes a reference, too.
  const json = z.toJSONSchema(z.object({ it: type }), { io: 'input', override: ({ jsonSchema }) => tidy(jsonSchema) });
  const moved = JSON.parse(JSON.stringify(json).replaceAll('"#/$defs/', '"#/components/schemas/')) as {
    properties: { it: Json };
    $defs?: Record<string, Json>;
  };
  for (const [name, { id: _id, ...shape }] of Object.entries(moved.$defs ?? {})) {
    const known = components[name];
    if (known && JSON.stringify(known) !== JSON.stringify(shape))
      throw new Error(`There are two shapes named "${name}"`);
    components[name] = shape;
  }
  return moved.properties.it;
}

/** zod's own pattern of a format says nothing more and changes with its versions; so do the bounds of safe integers. */
function tidy(schema: { format?: string; pattern?: string; minimum?: number; maximum?: number }): void {
  if (schema.format) delete schema.pattern;
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
}
