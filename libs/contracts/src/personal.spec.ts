import { z } from 'zod';
import { defineEvent } from './define-event';
import { personal, personalFieldsOf, Sealed } from './personal';
import { publishedSchema } from './published-schema';

const name = personal(z.string().max(5));

describe('personal fields', () => {
  it('are found within objects and lists, whatever stands around them', () => {
    const schema = z.object({
      id: z.uuid(),
      name: name.optional().describe('Of the sender.'),
      file: z.object({ name: name.nullable() }).optional(),
      people: z.array(z.object({ name, age: z.int() })).default([]),
      words: z.array(name),
      place: personal(z.object({ lat: z.number() })),
    });
    expect(personalFieldsOf(schema).map((path) => path.join('.'))).toEqual([
      'name',
      'file.name',
      'people.*.name',
      'words.*',
      'place',
    ]);
  });

  it.each([
    ['a union', z.object({ who: z.union([z.object({ name }), z.string()]) }), 'union (who)'],
    ['a record', z.object({ by: z.record(z.string(), name) }), 'record (by)'],
    ['a tuple', z.object({ pair: z.tuple([z.string(), name]) }), 'tuple (pair)'],
  ])('cannot stand inside %s, where they would have no fixed place', (_, schema, where) => {
    expect(() => personalFieldsOf(schema)).toThrow(`personal() cannot stand inside a ${where}`);
  });

  it('cannot stand inside a shape that holds itself, and such a shape is well without them', () => {
    const Box: z.ZodType = z.object({
      size: z.int(),
      get inner() {
        return z.optional(Box);
      },
    });
    const NamedBox: z.ZodType = z.object({
      name,
      get inner() {
        return z.array(NamedBox);
      },
    });
    expect(personalFieldsOf(z.object({ box: Box }))).toEqual([]);
    expect(() => personalFieldsOf(z.object({ box: NamedBox }))).toThrow('a shape that holds itself (box.inner.*.name)');
  });

  it('do not order events, whose subject everybody sees', () => {
    const define = () => defineEvent('shop.a.b.v1', z.object({ name }), { subject: 'name', summary: '-' });
    expect(define).toThrow('shop.a.b.v1 is ordered by a personal field');
  });

  it('are checked as values, and let ciphertext through', () => {
    const schema = z.object({ name });
    expect(schema.parse({ name: 'Anna' })).toEqual({ name: 'Anna' });
    expect(schema.parse({ name: new Sealed('x'.repeat(99)) }).name).toBeInstanceOf(Sealed);
    expect(() => schema.parse({ name: 'too long a name' })).toThrow(/<=5 characters/);
    expect(() => schema.parse({ name: { ciphertext: 'x' } })).toThrow(z.ZodError);
  });

  it('are published as what they are once decrypted, and as personal', () => {
    const Named = defineEvent(
      'shop.a.b.v1',
      z.object({ id: z.string(), name: name.optional().describe('Of the sender.') }),
      { subject: 'id', summary: '-' },
    );
    expect(publishedSchema(Named).properties!['name']).toEqual({
      type: 'string',
      maxLength: 5,
      description: 'Of the sender.',
      personal: true,
    });
  });

  it('a ciphertext that ends up in JSON is the ciphertext', () => {
    expect(JSON.stringify({ name: new Sealed('e1.k1.abc') })).toBe('{"name":"e1.k1.abc"}');
  });
});

it('a contract holds nothing that JSON cannot say', () => {
  const Dated = defineEvent('shop.a.b.v1', z.object({ id: z.string(), at: z.date() }), { subject: 'id', summary: '-' });
  expect(() => publishedSchema(Dated)).toThrow('JSON has no date');
});
