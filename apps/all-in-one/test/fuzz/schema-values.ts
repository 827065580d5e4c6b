import fc from 'fast-check';

export type Json = Readonly<Record<string, unknown>>;

/** A value that an earlier answer may have brought, so that things are found that are there: an id by the name of its field. */
export class Known {
  constructor(
    readonly name: string,
    readonly pick: number,
    readonly otherwise: unknown,
  ) {}
}

const DEEPEST = 6;
const MOST = 3;

/** Arbitrary values that fit a schema of an OpenAPI document. */
export class SchemaValues {
  constructor(private readonly schemas: Readonly<Record<string, Json>>) {}

  /** @param name of the field or parameter that the schema describes */
  of(schema: Json, name?: string, depth = 0): fc.Arbitrary<unknown> {
    const { $ref, allOf, anyOf, oneOf } = schema as { $ref?: string } & Record<string, Json[] | undefined>;
    if ($ref) return this.of(this.resolve($ref), name, depth);
    if (allOf) return fc.tuple(...this.all(allOf, depth)).map((parts) => Object.assign({}, ...(parts as object[])));
    const choices = anyOf ?? oneOf;
    if (choices) return fc.oneof(...this.all(choices, depth));
    if ('const' in schema) return fc.constant(schema['const']);
    if (schema['enum']) return fc.constantFrom(...(schema['enum'] as unknown[]));
    const types = [schema['type'] ?? 'any'].flat() as string[];
    return fc.oneof(...types.map((type) => this.ofType(type, schema, name, depth)));
  }

  private all(schemas: readonly Json[], depth: number): fc.Arbitrary<unknown>[] {
    // The first choice is the simplest one in zod's documents, and what ends a shape that holds itself.
    const chosen = depth > DEEPEST ? schemas.slice(0, 1) : schemas;
    return chosen.map((each) => this.of(each, undefined, depth + 1));
  }

  private ofType(type: string, schema: Json, name: string | undefined, depth: number): fc.Arbitrary<unknown> {
    switch (type) {
      case 'string':
        return maybeKnown(name, text(schema));
      case 'integer':
        return fc.integer(integers(schema));
      case 'number':
        return doubles(schema);
      case 'boolean':
        return fc.boolean();
      case 'null':
        return fc.constant(null);
      case 'array':
        return this.list(schema, name, depth);
      case 'object':
        return this.object(schema, depth);
      default:
        return fc.jsonValue({ maxDepth: 2 });
    }
  }

  private list(schema: Json, name: string | undefined, depth: number): fc.Arbitrary<unknown> {
    const {
      items = {},
      minItems = 0,
      maxItems = MOST,
    } = schema as { items?: Json; minItems?: number; maxItems?: number };
    const maxLength = depth > DEEPEST ? minItems : Math.max(minItems, Math.min(maxItems, MOST));
    return fc.array(this.of(items, name?.replace(/s$/, ''), depth + 1), { minLength: minItems, maxLength });
  }

  private object(schema: Json, depth: number): fc.Arbitrary<unknown> {
    const {
      properties = {},
      required = [],
      additionalProperties,
      propertyNames,
    } = schema as {
      properties?: Record<string, Json>;
      required?: string[];
      additionalProperties?: Json | boolean;
      propertyNames?: Json;
    };
    const shown = Object.entries(properties).filter(([name]) => depth <= DEEPEST || required.includes(name));
    const fields = fc.record(Object.fromEntries(shown.map(([name, each]) => [name, this.of(each, name, depth + 1)])), {
      requiredKeys: required.filter((name) => name in properties),
    });
    if (typeof additionalProperties !== 'object' || depth > DEEPEST) return fields;
    const names = propertyNames
      ? (this.of(propertyNames) as fc.Arbitrary<string>)
      : fc.string({ minLength: 1, maxLength: 8 });
    const more = fc.dictionary(names, this.of(additionalProperties, undefined, depth + 1), { maxKeys: 2 });
    return fc.tuple(more, fields).map(([others, own]) => ({ ...others, ...(own as object) }));
  }

  resolve(reference: string): Json {
    const found = this.schemas[reference.slice('#/components/schemas/'.length)];
    if (!found) throw new Error(`${reference} leads nowhere`);
    return found;
  }
}

const maybeKnown = (name: string | undefined, values: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  name === undefined
    ? values
    : fc.tuple(fc.nat(1000), values).map(([pick, otherwise]) => new Known(name, pick, otherwise));

function integers(schema: Json): { min: number; max: number } {
  const bound = (name: string) => schema[name] as number | undefined;
  const above = bound('exclusiveMinimum');
  const below = bound('exclusiveMaximum');
  const min = bound('minimum') ?? (above === undefined ? -1000 : above + 1);
  return { min, max: bound('maximum') ?? (below === undefined ? Math.max(min, 1000) : below - 1) };
}

function doubles(schema: Json): fc.Arbitrary<number> {
  const { minimum, exclusiveMinimum, maximum, exclusiveMaximum } = schema as Record<string, number | undefined>;
  const min = exclusiveMinimum ?? minimum ?? -1000;
  const limits = { minExcluded: exclusiveMinimum !== undefined, maxExcluded: exclusiveMaximum !== undefined };
  const max = exclusiveMaximum ?? maximum ?? Math.max(min + 1, 1000);
  return fc.double({ min, max, ...limits, noNaN: true, noDefaultInfinity: true });
}

const MOMENTS = fc
  .date({ min: new Date('2024-01-01T00:00:00Z'), max: new Date('2028-01-01T00:00:00Z'), noInvalidDate: true })
  .map((date) => date.toISOString());

function text(schema: Json): fc.Arbitrary<unknown> {
  const {
    format,
    pattern,
    minLength = 0,
    maxLength = Infinity,
  } = schema as Record<string, never> as {
    format?: string;
    pattern?: string;
    minLength?: number;
    maxLength?: number;
  };
  const fits = (value: string) => value.length >= minLength && value.length <= maxLength;
  switch (format) {
    case 'uuid':
      return fc.uuid({ version: 7 });
    case 'date-time':
      return MOMENTS;
    case 'date':
      return MOMENTS.map((moment) => moment.slice(0, 10));
    case 'email':
      return fc.stringMatching(/^[a-z]{1,8}$/).map((name) => `${name}@example.com`);
    case 'uri':
      // A name that nobody can register, so that nothing is asked.
      return fc.stringMatching(/^[a-z0-9/]{0,8}$/).map((path) => `https://partner.invalid/${path}`);
  }
  if (pattern) {
    // fast-check reads no lookarounds: what they would refuse is left out afterwards.
    const readable = pattern.replaceAll(/\(\?<?[=!][^()]*\)/g, '');
    return fc
      .stringMatching(new RegExp(readable, 'u'))
      .filter((value) => fits(value) && new RegExp(pattern, 'u').test(value));
  }
  return fc.string({ unit: 'grapheme-composite', minLength, maxLength: Math.max(minLength, Math.min(maxLength, 40)) });
}
