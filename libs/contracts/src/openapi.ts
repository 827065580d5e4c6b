import { z } from 'zod';
import { Problem } from './api.shapes';
import { isOpen, type RouteDefinition, serviceOf, statusOf } from './define-route';

type Json = Record<string, unknown>;
interface OpenApi extends Json {
  readonly paths: Record<string, Record<string, Json>>;
  readonly components: { readonly schemas: Json; readonly securitySchemes: Json };
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
 * The OpenAPI 3.1 document of all services as the gateway serves them.
 * @throws Error that names all clashes: two routes of one path or one id, two shapes of one name
 */
export function mergedOpenApi(routes: readonly RouteDefinition[]): OpenApi {
  // What names its callers is for services alone: nobody outside reaches it.
  const byService = Map.groupBy(
    routes.filter(({ callers }) => !callers),
    serviceOf,
  );
  const services = [...new Set(routes.map(serviceOf))].filter((service) => service !== KIT).sort();
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
        [method]: { ...(service === KIT ? ofService(described, services) : described), security: securityOf(route) },
      });
    }
  }
  if (clashes.length > 0) throw new Error(`The services' documents cannot be merged: ${clashes.join('; ')}`);
  return {
    openapi: '3.1.0',
    info: { title: 'Switchboard', version: API_VERSION, license: LICENSE },
    paths: sorted(paths),
    components: {
      schemas: sorted(schemas),
      securitySchemes: {
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: '__Host-session',
          description: 'Of a browser; roles decide what its staff may do.',
        },
        token: { type: 'http', scheme: 'bearer', description: 'An API key, or an access token of a Web App.' },
      },
    },
  };
}

const sorted = <Value>(entries: ReadonlyMap<string, Value>): Record<string, Value> =>
  Object.fromEntries([...entries].sort(([a], [b]) => a.localeCompare(b, 'en')));

const securityOf = (route: RouteDefinition): Json[] =>
  isOpen(route) ? [] : [{ session: [route.permission] }, { token: [route.permission] }];

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
    ...(route.idempotent ? [requiredHeader('Idempotency-Key', { minLength: 16, maxLength: 255 })] : []),
    ...(route.ifMatch ? [requiredHeader('If-Match', {})] : []),
    ...(route.approval ? [APPROVAL_HEADER] : []),
    ...(route.sensitive ? [requiredHeader('X-Reason', { minLength: 3, maxLength: 500 })] : []),
  ];
  return {
    operationId,
    summary: route.summary,
    tags: [operationId.split('.').slice(0, 2).join('.')],
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

const requiredHeader = (name: string, limits: Json): Json => ({
  name,
  in: 'header',
  required: true,
  schema: { type: 'string', ...limits },
});

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
        content: problemContent({ allOf: [schema(Problem), { properties: { code: { enum: list } } }] }),
      },
    ]),
  );
}

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
