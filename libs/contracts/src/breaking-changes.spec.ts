import fc from 'fast-check';
import { z } from 'zod';
import { breakingChanges, type Schema } from '../test/breaking-changes';
import { defineEvent } from './define-event';
import { publishedSchema } from './published-schema';

const schemaOf = (fields: z.ZodRawShape) =>
  publishedSchema(
    defineEvent('shop.order.placed.v1', z.object({ orderId: z.string(), ...fields }), {
      subject: 'orderId',
      summary: '-',
    }),
  ) as Schema;
const changes = (before: z.ZodRawShape, after: z.ZodRawShape) => breakingChanges(schemaOf(before), schemaOf(after));

const Size = z.enum(['small', 'large']).meta({ id: 'Size' });
const Box: z.ZodType = z
  .object({
    size: Size,
    get inner() {
      return z.optional(Box);
    },
  })
  .meta({ id: 'Box' });
const RoundBox: z.ZodType = z
  .object({
    size: z.enum(['round']),
    get inner() {
      return z.optional(RoundBox);
    },
  })
  .meta({ id: 'RoundBox' });

describe('what may become of a published version', () => {
  it.each<[string, z.ZodRawShape, z.ZodRawShape]>([
    ['nothing', { size: Size }, { size: Size }],
    ['a new optional field', {}, { note: z.string().optional() }],
    ['a new field that readers fill in by themselves', {}, { express: z.boolean().default(false) }],
    ['a new optional field of what lies within', { at: z.object({}) }, { at: z.object({ floor: z.int().optional() }) }],
    [
      'a new optional field of what a list holds',
      { items: z.array(z.object({})) },
      { items: z.array(z.object({ note: z.string().optional() })) },
    ],
    ['other words about a field', { note: z.string() }, { note: z.string().describe('For the courier.') }],
    ['a name for a shape', { size: z.enum(['small', 'large']) }, { size: Size }],
    ['the same values in another order', { size: z.enum(['large', 'small']) }, { size: Size }],
    ['a shape that holds itself', { box: Box }, { box: Box }],
  ])('%s', (_, before, after) => {
    expect(changes(before, after)).toEqual([]);
  });

  it.each<[string, z.ZodRawShape, z.ZodRawShape, string]>([
    ['lose a field', { note: z.string() }, {}, 'data.note is gone'],
    ['gain a field that must be there', {}, { note: z.string() }, 'data.note is new and not optional'],
    ['make a field optional', { note: z.string() }, { note: z.string().optional() }, 'data.note is now optional'],
    [
      'ask for an optional field',
      { note: z.string().optional() },
      { note: z.string() },
      'data.note is no longer optional',
    ],
    ['change a type', { floor: z.int() }, { floor: z.string() }, 'data.floor: type was "integer" and is "string"'],
    ['change a format', { at: z.string() }, { at: z.email() }, 'data.at: format was undefined and is "email"'],
    ['tighten a limit', { n: z.string().max(9) }, { n: z.string().max(8) }, 'data.n: maxLength was 9 and is 8'],
    ['loosen a limit', { n: z.string().max(9) }, { n: z.string().max(10) }, 'data.n: maxLength was 9 and is 10'],
    ['gain a value', { s: z.enum(['a']) }, { s: z.enum(['a', 'b']) }, 'data.s: enum was ["a"] and is ["a","b"]'],
    ['lose a value', { s: z.enum(['a', 'b']) }, { s: z.enum(['a']) }, 'data.s: enum was ["a","b"] and is ["a"]'],
    ['mean another value', { s: z.literal('a') }, { s: z.literal('b') }, 'data.s: const was "a" and is "b"'],
    [
      'fill in another value',
      { b: z.boolean().default(true) },
      { b: z.boolean().default(false) },
      'data.b: default was true and is false',
    ],
    [
      'change within a list',
      { l: z.array(z.int()) },
      { l: z.array(z.string()) },
      'data.l[items]: type was "integer" and is "string"',
    ],
    [
      'change within a choice',
      { c: z.union([z.int().max(9), z.uuid()]) },
      { c: z.union([z.int().max(8), z.uuid()]) },
      'data.c[anyOf 0]: maximum was 9 and is 8',
    ],
    [
      'change a named shape',
      { size: Size },
      { size: z.enum(['small']) },
      'data.size: enum was ["small","large"] and is ["small"]',
    ],
    [
      'change a shape that holds itself',
      { box: Box },
      { box: RoundBox },
      'data.box.size: enum was ["small","large"] and is ["round"]',
    ],
    [
      'gain a field where readers refuse strange ones',
      { at: z.strictObject({}) },
      { at: z.strictObject({ x: z.int().optional() }) },
      'data.at.x is new, and old readers refuse what they do not know',
    ],
  ])('it may not %s', (_, before, after, sentence) => {
    expect(changes(before, after)).toContain(sentence);
  });

  it('whatever a change lets through, old readers read new events and new readers read old ones', () => {
    const field = fc.constantFrom<() => z.ZodType>(
      () => z.string(),
      () => z.int(),
      () => z.enum(['a', 'b']),
      () => z.enum(['a']),
      () => z.string().optional(),
      () => z.int().default(1),
    );
    const shape = fc
      .dictionary(fc.constantFrom('a', 'b', 'c'), field, { maxKeys: 3 })
      .map((fields) => z.object(Object.fromEntries(Object.entries(fields).map(([name, make]) => [name, make()]))));
    const value = fc.oneof(fc.constantFrom('a', 'b', 'x'), fc.integer());
    const data = fc.dictionary(fc.constantFrom('a', 'b', 'c'), value, { maxKeys: 3 });
    fc.assert(
      fc.property(shape, shape, data, (before, after, said) => {
        fc.pre(changes(before.shape, after.shape).length === 0);
        // A reader that does not know a field yet cannot judge it, so only what the sender's schema lets through is said.
        if (after.safeParse(said).success) expect(before.safeParse(said).success).toBe(true);
        const known = Object.fromEntries(Object.entries(said).filter(([name]) => name in before.shape));
        if (before.safeParse(known).success) expect(after.safeParse(known).success).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
