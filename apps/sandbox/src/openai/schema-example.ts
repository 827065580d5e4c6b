import { z } from 'zod';

/** The part of JSON Schema that tools and structured answers use; the rest is ignored. */
interface JsonSchema {
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  format?: string;
  minimum?: number;
  maximum?: number;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  $ref?: string;
}

const JsonSchema: z.ZodType<JsonSchema> = z.lazy(() =>
  z.object({
    type: z.union([z.string(), z.array(z.string())]).optional(),
    enum: z.array(z.unknown()).optional(),
    const: z.unknown().optional(),
    format: z.string().optional(),
    minimum: z.number().optional(),
    maximum: z.number().optional(),
    properties: z.record(z.string(), JsonSchema).optional(),
    required: z.array(z.string()).optional(),
    items: JsonSchema.optional(),
    anyOf: z.array(JsonSchema).optional(),
    oneOf: z.array(JsonSchema).optional(),
    $ref: z.string().optional(),
  }),
);

/** A schema may refer to itself; deeper than this nothing is filled in. */
const DEEPEST = 8;

/**
 * A value that satisfies the schema, made of what the person said: numbers, quoted words and names are taken in their
 * order, enumerations by mention, and what is left gets the whole text.
 */
export function exampleOf(schema: Record<string, unknown>, said: string): unknown {
  const root = JsonSchema.parse(schema);
  const numbers = (said.match(/-?\d+(?:[.,]\d+)?/g) ?? []).map((number) => Number(number.replace(',', '.')));
  const names = namesIn(said);

  function fill(at: JsonSchema, depth: number): unknown {
    if (depth > DEEPEST) return null;
    if (at.$ref) return fill(resolve(schema, at.$ref), depth + 1);
    if (at.const !== undefined) return at.const;
    if (at.enum) return at.enum.find((value) => said.toLowerCase().includes(String(value).toLowerCase())) ?? at.enum[0];
    const branch = at.anyOf?.[0] ?? at.oneOf?.[0];
    if (branch) return fill(branch, depth + 1);
    switch (Array.isArray(at.type) ? at.type[0] : (at.type ?? 'object')) {
      case 'string':
        return stringOf(at.format);
      case 'integer':
        return Math.round(within(at, numbers.shift()));
      case 'number':
        return within(at, numbers.shift());
      case 'boolean':
        return true;
      case 'array':
        return at.items ? [fill(at.items, depth + 1)] : [];
      case 'null':
        return null;
      default:
        return object(at, depth);
    }
  }

  function object({ properties = {}, required }: JsonSchema, depth: number): Record<string, unknown> {
    const wanted = required?.length ? required : Object.keys(properties);
    return Object.fromEntries(wanted.map((name) => [name, fill(properties[name] ?? { type: 'string' }, depth + 1)]));
  }

  function stringOf(format: string | undefined): string {
    switch (format) {
      case 'date':
        return new Date().toISOString().slice(0, 10);
      case 'date-time':
        return new Date().toISOString();
      case 'email':
        return /\S+@\S+\.\w+/.exec(said)?.[0] ?? 'person@example.com';
      case 'uri':
        return /https?:\/\/\S+/.exec(said)?.[0] ?? 'https://example.com';
      case 'uuid':
        return '00000000-0000-4000-8000-000000000000';
      default:
        return names.shift() ?? said;
    }
  }

  return fill(root, 0);
}

/** Quoted words first, then capitalised ones that do not merely begin the sentence. */
function namesIn(said: string): string[] {
  const quoted = [...said.matchAll(/[«“"]([^»”"]+)[»”"]/g)].map((match) => match[1]!);
  const capitalised = said.match(/(?<=[^\s.!?]\s)\p{Lu}[\p{L}-]+(?:\s\p{Lu}[\p{L}-]+)*/gu) ?? [];
  return [...quoted, ...capitalised.filter((name) => !quoted.some((text) => text.includes(name)))];
}

function within(
  { minimum = -Infinity, maximum = Infinity }: JsonSchema,
  value = Number.isFinite(minimum) ? minimum : 1,
) {
  return Math.min(maximum, Math.max(minimum, value));
}

/** Follows a local reference such as `#/$defs/Address`. */
function resolve(schema: Record<string, unknown>, reference: string): JsonSchema {
  const found = reference
    .replace(/^#\/?/, '')
    .split('/')
    .filter((step) => step !== '')
    .reduce<unknown>((at, step) => (at as Record<string, unknown> | undefined)?.[step], schema);
  return JsonSchema.parse(found ?? {});
}
