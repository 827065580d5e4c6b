import fc from 'fast-check';
import { type Json, Known, SchemaValues } from './schema-values';

/** As much of an OpenAPI document as a request is made of. */
export interface OpenApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DescribedOperation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, Json>>;
    readonly responses: Readonly<Record<string, Json>>;
  };
}
interface DescribedOperation {
  readonly operationId: string;
  readonly security: readonly Json[];
  readonly parameters?: readonly { name: string; in: 'path' | 'query' | 'header'; required: boolean; schema: Json }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema?: Json }>> };
  readonly responses: Readonly<Record<string, Json>>;
}
export interface Operation extends DescribedOperation {
  readonly method: string;
  readonly path: string;
}

export type Kind = 'valid' | 'almost valid' | 'hostile';

/** What is sent; values of `Known` are looked up when it is. */
export interface Plan {
  readonly kind: Kind;
  readonly params: Readonly<Record<string, unknown>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: unknown;
  readonly contentType: string | undefined;
  /** Which part of it is spoiled, where in it and how. */
  readonly spoil: readonly [part: number, place: number, how: number];
}

export const operationsOf = ({ paths }: OpenApiDocument): Operation[] =>
  Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({ ...operation, path, method: method.toUpperCase() })),
  );

/** Requests of one kind for an operation. */
export function plansFor(operation: Operation, kind: Kind, values: SchemaValues): fc.Arbitrary<Plan> {
  const { parameters = [], requestBody } = operation;
  const part = (place: 'path' | 'query' | 'header') => {
    // A cursor that was made up is refused, and nothing is seen of the list.
    const own = parameters.filter(({ in: at, name }) => at === place && (kind !== 'valid' || name !== 'after'));
    const shape = Object.fromEntries(own.map(({ name, schema }) => [name, headerOr(name, schema, values)]));
    return fc.record(shape, { requiredKeys: own.filter(({ required }) => required).map(({ name }) => name) });
  };
  const [contentType, content] = Object.entries(requestBody?.content ?? {})[0] ?? [];
  return fc.record({
    kind: fc.constant(kind),
    params: part('path'),
    query: part('query'),
    headers: part('header'),
    body: content ? (content.schema ? values.of(content.schema) : fc.string()) : fc.constant(undefined),
    contentType: fc.constant(contentType),
    spoil: fc.tuple(fc.nat(1000), fc.nat(1000), fc.nat(1000)),
  });
}

function headerOr(name: string, schema: Json, values: SchemaValues): fc.Arbitrary<unknown> {
  switch (name) {
    case 'Idempotency-Key':
      return fc.uuid();
    case 'If-Match':
      return fc.constantFrom('*', '"1"', '"2"');
    case 'X-Reason':
      return fc.constant(encodeURIComponent('проверка API'));
    default:
      return values.of(schema, name);
  }
}

/** What a parser, a database or a template takes for something else. */
const NASTY = [
  ...[
    '',
    ' ',
    '\0',
    'a\0b',
    '\ud800',
    '\u202e',
    '%',
    '%00',
    '../../../etc/passwd',
    "' OR 1=1 --",
    '<script>alert(1)</script>',
  ],
  ...[
    '__proto__',
    'constructor',
    'null',
    'NaN',
    '1e999',
    '-0',
    '9'.repeat(40),
    '{{7*7}}',
    '${7*7}',
    '$1',
    'x'.repeat(6000),
  ],
  ...['0000-00-00T00:00:00Z', '+275760-09-13T00:00:00.001Z', '-271821-04-20T00:00:00Z', '9999-12-31T23:59:60Z'],
  ...['00000000-0000-0000-0000-000000000000', '🏳️‍🌈'.repeat(200), 'i\u0307', '\u0000\uffff', '"', '*', ',', ';'],
];
const WRONG: readonly unknown[] = [
  ...[null, true, 0, -1, 1.5, 2 ** 53, -(2 ** 53), 1e308, [], {}, [null], { a: { b: [] } }, [[[[]]]]],
  ...NASTY,
];
/** Bodies that are none, or none that was meant. */
const BODIES: readonly string[] = [
  ...[
    '',
    '{',
    'null',
    '[]',
    '"text"',
    '7',
    '{"__proto__":{"admin":true}}',
    '{"a":1,"a":2}',
    '\ufeff{}',
    '{"a":"\\ud800"}',
  ],
  ...['['.repeat(20_000), '{"a":'.repeat(5000) + '1' + '}'.repeat(5000), `{"x":"${'x'.repeat(1_100_000)}"}`],
];
const CONTENT_TYPES = ['text/plain', 'application/xml', 'application/json; charset=koi8-r', 'multipart/form-data', ''];
const RAW_PATHS = ['%', '%00', '%c3%28', '..%2f..%2f', '%2e%2e', '%ff%fe', 'a%20b', ';x=1', '*', `${'a'.repeat(3000)}`];
const RAW_QUERIES = [
  'limit=abc',
  'limit=-1',
  'limit=1&limit=2',
  'after=%ff',
  'after=e30.x',
  'a[b]=c',
  '__proto__=1',
  '%',
  'from=x&to=y',
];
const HEADERS: readonly (readonly [string, string])[] = [
  ['if-match', 'W/"1"'],
  ['if-match', 'no quotes'],
  ['idempotency-key', 'short'],
  ['idempotency-key', 'x'.repeat(300)],
  ['x-reason', '%'],
  ['x-reason', '%E0%A4%A'],
  ['x-approval', 'not-a-uuid'],
  ['x-approval', '00000000-0000-4000-8000-000000000000'],
  ['accept-language', ',;q=;ru'],
  ['accept', 'nothing/at-all'],
  ['range', 'bytes=9999999-1'],
  ['if-none-match', '"'],
  ['last-event-id', 'x'.repeat(2000)],
  ['content-encoding', 'gzip'],
  ['x-http-method-override', 'DELETE'],
  ['traceparent', 'zz-zz'],
];

export interface Sent {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string | undefined;
}

/** The request that a plan becomes. @param lookUp a value that is known by the name of its field, for this path */
export function requestOf(operation: Operation, plan: Plan, lookUp: (known: Known, place?: string) => unknown): Sent {
  const resolved = (value: unknown): unknown => resolve(value, lookUp);
  const [part, place, how] = plan.spoil;
  const spoils = (name: string, of: readonly string[]) => plan.kind !== 'valid' && of[part % of.length] === name;
  const { params, query, headers } = plan;
  const parts = [
    ...(Object.keys(params).length > 0 ? ['params'] : []),
    ...(operation.parameters?.some((parameter) => parameter.in === 'query') || plan.kind === 'hostile'
      ? ['query']
      : []),
    ...(plan.body === undefined ? [] : ['body', 'body']),
    ...(plan.kind === 'hostile' || Object.keys(headers).length > 0 ? ['headers'] : []),
  ];
  const isHostile = plan.kind === 'hostile';
  const spoiled = (name: string, value: unknown) =>
    spoils(name, parts) && !isHostile ? spoil(value, place, how) : value;

  let before = '';
  const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string, at: number) => {
    before = operation.path.slice(0, at).replaceAll(/\{\w+\}/g, '{}');
    if (spoils('params', parts))
      return isHostile ? RAW_PATHS[how % RAW_PATHS.length]! : encode(WRONG[how % WRONG.length]);
    const value = params[name];
    return encode(value instanceof Known ? lookUp(value, before) : value);
  });
  const asked = spoiled('query', resolved(query)) as Json;
  const search = isHostile && spoils('query', parts) ? RAW_QUERIES[how % RAW_QUERIES.length]! : queryOf(asked);
  const sentHeaders: Record<string, string> = {};
  for (const [name, value] of Object.entries((spoiled('headers', resolved(headers)) ?? {}) as Json))
    if (typeof value === 'string' && /^[\t\x20-\x7e]*$/.test(value)) sentHeaders[name.toLowerCase()] = value;
  if (isHostile && spoils('headers', parts)) {
    const [name, value] = HEADERS[how % HEADERS.length]!;
    sentHeaders[name] = value;
  }
  let body =
    plan.body === undefined ? undefined : bodyOf(plan.contentType!, spoiled('body', resolved(plan.body)), sentHeaders);
  if (isHostile && spoils('body', parts)) {
    body = BODIES[how % BODIES.length];
    if (place % 3 === 0) sentHeaders['content-type'] = CONTENT_TYPES[place % CONTENT_TYPES.length]!;
  }
  return { method: operation.method, path: search ? `${path}?${search}` : path, headers: sentHeaders, body };
}

function resolve(value: unknown, lookUp: (known: Known) => unknown): unknown {
  if (value instanceof Known) return lookUp(value);
  if (Array.isArray(value)) return value.map((each) => resolve(each, lookUp));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, resolve(each, lookUp)]));
}

/** One place of a value is gone, is something else, or has a neighbour. */
function spoil(value: unknown, place: number, how: number): unknown {
  const copy = structuredClone(value);
  const places: [parent: Record<string, unknown>, key: string][] = [];
  const collect = (at: unknown): void => {
    if (typeof at !== 'object' || at === null) return;
    for (const key of Object.keys(at)) {
      places.push([at as Record<string, unknown>, key]);
      collect((at as Record<string, unknown>)[key]);
    }
  };
  collect(copy);
  if (places.length === 0) return WRONG[how % WRONG.length];
  const [parent, key] = places[place % places.length]!;
  if (how % 5 === 0) delete parent[key];
  else if (how % 5 === 1) parent[`${key}Unknown`] = parent[key];
  else parent[key] = WRONG[how % WRONG.length];
  return copy;
}

/** In a path; what is longer than the headers that Node reads is refused before it is a request. */
const encode = (value: unknown): string => {
  const text = (typeof value === 'string' ? value : JSON.stringify(value ?? null)).slice(0, 500);
  return encodeURIComponent(text.toWellFormed()) || '%20';
};

function queryOf(query: unknown): string {
  if (typeof query !== 'object' || query === null) return '';
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    [value]
      .flat()
      .map((each): [string, string] => [
        name,
        typeof each === 'string' ? each.toWellFormed() : JSON.stringify(each ?? null),
      ]),
  );
  return new URLSearchParams(pairs).toString();
}

function bodyOf(contentType: string, value: unknown, headers: Record<string, string>): string {
  if (contentType === 'application/x-www-form-urlencoded') {
    headers['content-type'] = contentType;
    return queryOf(value);
  }
  if (contentType === 'multipart/form-data') {
    headers['content-type'] = 'multipart/form-data; boundary=fuzz';
    const fields = Object.entries((value ?? {}) as Json).filter(([name]) => name !== 'file');
    const parts = fields.map(
      ([name, each]) =>
        `--fuzz\r\ncontent-disposition: form-data; name="${encodeURIComponent(name)}"\r\n\r\n${String(each)}\r\n`,
    );
    const file = `--fuzz\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\ncontent-type: text/plain\r\n\r\nsome text\r\n--fuzz--\r\n`;
    return parts.join('') + file;
  }
  headers['content-type'] = contentType;
  return contentType === 'application/json' || contentType.endsWith('+json')
    ? JSON.stringify(value ?? null)
    : String(value);
}
