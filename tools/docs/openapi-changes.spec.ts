import { bytes, defineRoute, openApi, type RouteDefinition } from '@switchboard/contracts';
import { z } from 'zod';
import { breakingChanges } from './openapi-changes.mts';

const about = {
  id: 'shop.things.do',
  method: 'POST',
  path: '/things',
  summary: 'Does it.',
  permission: 'things:write',
} as const;
type Change = Partial<RouteDefinition>;
const documentOf = (change: Change) => openApi('shop', [defineRoute({ ...about, ...change } as RouteDefinition)]);
const changes = (before: Change, after: Change) =>
  breakingChanges(documentOf(before) as never, documentOf(after) as never);

const body = (shape: z.ZodRawShape): Change => ({ body: z.object(shape) });
const answer = (shape: z.ZodRawShape): Change => ({ answer: z.object(shape) });
const query = (shape: z.ZodRawShape): Change => ({ query: z.object(shape) });

interface Tree {
  value: string;
  branches?: Tree[] | undefined;
}
const tree = (value: z.ZodType<string>): z.ZodType<Tree> => {
  const Branch: z.ZodType<Tree> = z
    .object({
      value,
      get branches() {
        return z.array(Branch).optional();
      },
    })
    .meta({ id: 'shop.Tree' });
  return Branch;
};

describe('a caller of yesterday', () => {
  it.each<[string, Change, Change]>([
    ['nothing new', {}, {}],
    ['an optional field more to send', body({}), body({ note: z.string().optional() })],
    ['a field that need not be sent any more', body({ note: z.string() }), body({ note: z.string().optional() })],
    ['a wider limit', body({ note: z.string().max(9) }), body({ note: z.string().max(10) })],
    ['a value more to send', body({ size: z.enum(['s']) }), body({ size: z.enum(['s', 'm']) })],
    ['a choice more to send', body({ id: z.union([z.int()]) }), body({ id: z.union([z.int(), z.uuid()]) })],
    ['any number for an integer to send', body({ n: z.int() }), body({ n: z.number() })],
    ['an optional parameter more', query({}), query({ limit: z.coerce.number<number>().optional() })],
    ['a field more in the answer', answer({}), answer({ note: z.string() })],
    [
      'a field of the answer that is always there now',
      answer({ note: z.string().optional() }),
      answer({ note: z.string() }),
    ],
    ['a value less in the answer', answer({ size: z.enum(['s', 'm']) }), answer({ size: z.enum(['s']) })],
    ['a problem more', {}, { problems: { 'shop.closed': 409 } }],
    ['a door that was opened', {}, { permission: 'public' }],
    ['a shape that holds itself', answer({ tree: tree(z.string()) }), answer({ tree: tree(z.string()) })],
  ])('bears %s', (_, before, after) => {
    expect(changes(before, after)).toEqual([]);
  });

  it.each<[string, Change, Change, string]>([
    ['another address', {}, { path: '/stuff' }, 'POST /things is gone'],
    ['another method', {}, { method: 'PUT' }, 'POST /things is gone'],
    ['another id', {}, { id: 'shop.things.make' }, 'its id was shop.things.do and is shop.things.make'],
    ['another permission', {}, { permission: 'things:admin' }, 'its permission was [{"token":["things:write"]}]'],
    ['a key that is needed', {}, { idempotent: true }, 'needs the parameter Idempotency-Key'],
    ['a parameter that is needed', query({}), query({ q: z.string() }), 'needs the parameter q'],
    ['a parameter that nobody reads', query({ q: z.string() }), query({}), 'no longer reads the parameter q'],
    [
      'a parameter of another type',
      query({ q: z.string() }),
      query({ q: z.coerce.number<number>() }),
      'q: type was "string"',
    ],
    ['a body that is needed', {}, body({}), 'needs a body'],
    ['a field to send more', body({}), body({ note: z.string() }), 'body.note is new and not optional'],
    [
      'a field that is needed now',
      body({ n: z.string().optional() }),
      body({ n: z.string() }),
      'body.n is no longer optional',
    ],
    ['a field that nobody reads', body({ note: z.string() }), body({}), 'body.note is gone'],
    [
      'a tighter limit',
      body({ n: z.string().max(9) }),
      body({ n: z.string().max(8) }),
      'body.n: maxLength was 9 and is 8',
    ],
    ['a first limit', body({ n: z.string() }), body({ n: z.string().min(1) }), 'body.n: minLength was absent and is 1'],
    ['a first format', body({ n: z.string() }), body({ n: z.email() }), 'body.n: format was absent and is "email"'],
    [
      'a value less to send',
      body({ s: z.enum(['s', 'm']) }),
      body({ s: z.enum(['s']) }),
      'body.s: enum was ["s","m"] and is ["s"]',
    ],
    [
      'a choice less to send',
      body({ i: z.union([z.int(), z.uuid()]) }),
      body({ i: z.union([z.int()]) }),
      'body.i: anyOf no longer takes',
    ],
    ['a field of the answer that is gone', answer({ note: z.string() }), answer({}), 'answer.note is gone'],
    [
      'a field of the answer that may be absent',
      answer({ n: z.int() }),
      answer({ n: z.int().optional() }),
      'answer.n is now optional',
    ],
    [
      'an answer of another type',
      answer({ n: z.int() }),
      answer({ n: z.string() }),
      'answer.n: type was "integer" and is "string"',
    ],
    ['null in an answer', answer({ n: z.string() }), answer({ n: z.string().nullable() }), 'answer.n'],
    [
      'any number for an integer',
      answer({ n: z.int() }),
      answer({ n: z.number() }),
      'answer.n: type was "integer" and is "number"',
    ],
    [
      'a value more in an answer',
      answer({ s: z.enum(['s']) }),
      answer({ s: z.enum(['s', 'm']) }),
      'answer.s: enum was ["s"] and is ["s","m"]',
    ],
    [
      'a change within a list',
      answer({ l: z.array(z.int()) }),
      answer({ l: z.array(z.string()) }),
      'answer.l[]: type was',
    ],
    [
      'a shape that holds itself and changes',
      answer({ t: tree(z.string()) }),
      answer({ t: tree(z.enum(['a']).nullable() as never) }),
      'answer.t.value',
    ],
    ['a file for an object', answer({}), { answer: bytes() }, 'answer: application/json is gone'],
    ['another status', answer({}), { ...answer({}), status: 201 }, 'no longer answers 200'],
  ])('breaks on %s', (_, before, after, sentence) => {
    expect(changes(before, after).join('\n')).toContain(sentence);
  });
});
