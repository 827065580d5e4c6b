type Json = Readonly<Record<string, unknown>>;
type Direction = 'request' | 'answer';

/** As much of OpenAPI 3.1 as libs/contracts writes. */
interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Json>> };
}
interface Operation {
  readonly operationId: string;
  readonly security: readonly Json[];
  readonly parameters?: readonly { name: string; in: string; required: boolean; schema: Json }[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
}
type Content = Readonly<Record<string, { readonly schema?: Json }>>;

/**
 * What breaks a caller who was written for `before` when he meets `after`, in sentences. What a service accepts may only grow,
 * what it answers may only become more definite; fields that a caller does not know are his to ignore.
 */
export function breakingChanges(before: OpenApi, after: OpenApi): string[] {
  return Object.entries(before.paths).flatMap(([path, operations]) =>
    Object.entries(operations).flatMap(([method, was]) => {
      const name = `${method.toUpperCase()} ${path}`;
      const is = after.paths[path]?.[method];
      return is ? changesOf(was, is).map((change) => `${name}: ${change}`) : [`${name} is gone`];
    }),
  );

  function changesOf(was: Operation, is: Operation): string[] {
    return [
      ...(was.operationId === is.operationId ? [] : [`its id was ${was.operationId} and is ${is.operationId}`]),
      ...securityChanges(was, is),
      ...parameterChanges(was, is),
      ...bodyChanges(was, is),
      ...answerChanges(was, is),
    ];
  }

  function parameterChanges(was: Operation, is: Operation): string[] {
    const find = ({ parameters = [] }: Operation, name: string, place: string) =>
      parameters.find((one) => one.name === name && one.in === place);
    const added = (is.parameters ?? []).filter((one) => one.required && !find(was, one.name, one.in));
    return [
      ...added.map(({ name }) => `needs the parameter ${name}`),
      ...(was.parameters ?? []).flatMap((old) => {
        const now = find(is, old.name, old.in);
        if (!now) return [`no longer reads the parameter ${old.name}`];
        const needed = now.required && !old.required ? [`needs the parameter ${old.name}`] : [];
        return [...needed, ...compare(old.schema, now.schema, 'request', old.name)];
      }),
    ];
  }

  function bodyChanges(was: Operation, is: Operation): string[] {
    if (!was.requestBody) return is.requestBody ? ['needs a body'] : [];
    if (!is.requestBody) return ['no longer reads a body'];
    return contentChanges(was.requestBody.content, is.requestBody.content, 'request', 'body');
  }

  function answerChanges(was: Operation, is: Operation): string[] {
    const successes = Object.entries(was.responses).filter(([status]) => status.startsWith('2'));
    return successes.flatMap(([status, { content = {} }]) => {
      const now = is.responses[status];
      return now ? contentChanges(content, now.content ?? {}, 'answer', 'answer') : [`no longer answers ${status}`];
    });
  }

  function contentChanges(was: Content, is: Content, direction: Direction, at: string): string[] {
    return Object.entries(was).flatMap(([type, { schema = {} }]) => {
      const now = is[type];
      return now ? compare(schema, now.schema ?? {}, direction, at) : [`${at}: ${type} is gone`];
    });
  }

  function compare(was: Json, is: Json, direction: Direction, at: string, seen = new Set<string>()): string[] {
    const pair = `${String(was['$ref'])} ${String(is['$ref'])}`;
    if (was['$ref'] && is['$ref']) {
      // Shapes may hold themselves.
      if (seen.has(pair)) return [];
      seen = new Set(seen).add(pair);
    }
    const [old, now] = [resolve(before, was), resolve(after, is)];
    const within = (a: unknown, b: unknown, where: string) => compare(a as Json, b as Json, direction, where, seen);
    return [
      ...valueChanges(old, now, direction, at),
      ...(direction === 'request' ? limitChanges(old, now, at) : []),
      ...fieldChanges(old, now, direction, at, within),
      ...(old['items'] && now['items'] ? within(old['items'], now['items'], `${at}[]`) : []),
      ...choiceChanges(old, now, direction, at, within),
    ];
  }
}

function resolve({ components }: OpenApi, schema: Json): Json {
  const reference = schema['$ref'];
  return typeof reference === 'string' ? components.schemas[reference.replace('#/components/schemas/', '')]! : schema;
}

function securityChanges(was: Operation, is: Operation): string[] {
  const [old, now] = [JSON.stringify(was.security), JSON.stringify(is.security)];
  return old === now || is.security.length === 0 ? [] : [`its permission was ${old} and is ${now}`];
}

/** Type, enum, constant and format: whether the set of values became smaller (request) or larger (answer). */
function valueChanges(was: Json, is: Json, direction: Direction, at: string): string[] {
  const [narrow, wide] = direction === 'request' ? [is, was] : [was, is];
  const says = (keyword: string) => `${at}: ${keyword} was ${shown(was[keyword])} and is ${shown(is[keyword])}`;
  const covers = (values: (schema: Json) => unknown[] | undefined) => {
    const [allowed, possible] = [values(narrow), values(wide)];
    if (!allowed) return true;
    return possible !== undefined && possible.every((value) => allowed.some((other) => shown(other) === shown(value)));
  };
  const types = ({ type }: Json) =>
    type === undefined ? undefined : [type].flat().flatMap((one) => (one === 'number' ? ['number', 'integer'] : [one]));
  const values = (schema: Json) => ('const' in schema ? [schema['const']] : (schema['enum'] as unknown[] | undefined));
  return [
    ...(covers(types) ? [] : [says('type')]),
    ...(covers(values) ? [] : [says('const' in was || 'const' in is ? 'const' : 'enum')]),
    ...(narrow['format'] === undefined || narrow['format'] === wide['format'] ? [] : [says('format')]),
    ...(direction === 'answer' || is['pattern'] === undefined || is['pattern'] === was['pattern']
      ? []
      : [says('pattern')]),
  ];
}

const LOWER = ['minimum', 'exclusiveMinimum', 'minLength', 'minItems'];
const UPPER = ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems'];

function limitChanges(was: Json, is: Json, at: string): string[] {
  const tighter = (keyword: string, sign: number) => {
    const [old, now] = [was[keyword], is[keyword]] as (number | undefined)[];
    return now !== undefined && (old === undefined || sign * now > sign * old);
  };
  return [...LOWER.filter((name) => tighter(name, 1)), ...UPPER.filter((name) => tighter(name, -1))].map(
    (keyword) => `${at}: ${keyword} was ${shown(was[keyword])} and is ${shown(is[keyword])}`,
  );
}

type Within = (was: unknown, is: unknown, at: string) => string[];

function fieldChanges(was: Json, is: Json, direction: Direction, at: string, within: Within): string[] {
  const fields = (schema: Json) => (schema['properties'] ?? {}) as Record<string, Json>;
  const required = (schema: Json, name: string) => ((schema['required'] ?? []) as string[]).includes(name);
  const added = Object.keys(fields(is)).filter((name) => !(name in fields(was)) && required(is, name));
  const old = Object.entries(fields(was)).flatMap(([name, schema]) => {
    const now = fields(is)[name];
    if (!now) return [`${at}.${name} is gone`];
    const [wasRequired, isRequired] = [required(was, name), required(is, name)];
    const presence =
      direction === 'request'
        ? isRequired && !wasRequired && [`${at}.${name} is no longer optional`]
        : wasRequired && !isRequired && [`${at}.${name} is now optional`];
    return [...(presence || []), ...within(schema, now, `${at}.${name}`)];
  });
  return direction === 'request' ? [...old, ...added.map((name) => `${at}.${name} is new and not optional`)] : old;
}

function choiceChanges(was: Json, is: Json, direction: Direction, at: string, within: Within): string[] {
  return ['anyOf', 'oneOf', 'allOf'].flatMap((keyword) => {
    const [old, now] = [was[keyword] ?? [], is[keyword] ?? []] as Json[][];
    if (old!.length === now!.length) return old!.flatMap((one, i) => within(one, now![i], `${at}(${keyword} ${i})`));
    const [known, other] = direction === 'request' ? [old!, now!] : [now!, old!];
    const texts = new Set(other.map(shown));
    const lost = known.filter((one) => !texts.has(shown(one)));
    return lost.map(
      (one) => `${at}: ${keyword} ${direction === 'request' ? 'no longer takes' : 'may now be'} ${shown(one)}`,
    );
  });
}

const shown = (value: unknown) => JSON.stringify(value) ?? 'absent';
