import { z } from 'zod';

/** A moment: RFC 3339 with an offset on the wire, a Date in code. */
export const Instant = z
  // `abort`: what is none would otherwise reach checks of the whole object as the text that it is.
  .codec(z.iso.datetime({ offset: true, abort: true }), z.date(), {
    decode: (text) => new Date(text),
    encode: (date) => date.toISOString(),
  })
  .meta({ id: 'Instant', description: 'A moment, RFC 3339.' });

/** Who a request is made for. `roles` tell people what somebody is, `scopes` tell services what is allowed. */
export const Actor = z.object({
  kind: z.enum(['person', 'staff', 'key', 'service']),
  id: z.string().min(1).max(200),
  roles: z.array(z.string()).default([]),
  scopes: z.array(z.string()).default([]),
  bots: z
    .array(z.string())
    .optional()
    .describe('Of these bots alone they may see or change anything; of all when absent. See `RouteDefinition.bots`.'),
});
export type Actor = z.output<typeof Actor>;

/** Source: RFC 9457; `code`, `traceId`, `params`, `errors` and `retryAfter` are extension members. */
export const Problem = z
  .object({
    type: z.string().describe('/problems/<code>'),
    title: z.string(),
    status: z.int(),
    detail: z.string().optional().describe('In the language of Accept-Language where there is a choice.'),
    instance: z.string().describe('/requests/<request id>'),
    code: z.string().describe('Stable: by it texts are chosen, never by title or detail.'),
    traceId: z.string().optional(),
    params: z.record(z.string(), z.unknown()).optional().describe('What the text of `code` needs.'),
    errors: z
      .array(
        z.object({
          pointer: z.string().describe('JSON pointer into the part that does not fit.'),
          in: z.enum(['path', 'query', 'header']).optional().describe('The body without it.'),
          code: z.string(),
          params: z.record(z.string(), z.unknown()).optional(),
          detail: z.string(),
        }),
      )
      .optional(),
    retryAfter: z.int().optional().describe('Seconds.'),
  })
  .meta({ id: 'Problem' });
export type Problem = z.output<typeof Problem>;

/** The same in both languages of those who run an installation. */
export const LocalizedText = z.object({ en: z.string(), ru: z.string() }).meta({ id: 'LocalizedText' });
export type LocalizedText = z.output<typeof LocalizedText>;

/** What is wrong with a field, for whoever shows it to a person: see `Problem.errors`. */
export const FieldError = z
  .object({
    pointer: z.string().describe('JSON pointer.'),
    code: z.string(),
    params: z.record(z.string(), z.unknown()).optional(),
    detail: LocalizedText,
  })
  .meta({ id: 'FieldError' });
export type FieldError = z.output<typeof FieldError>;

/** The query of a list: `?after=<cursor>&limit=50`. A list's own filters extend it. */
export const PageQuery = z.object({
  after: z.string().max(2000).optional().describe('`page.next` or `page.prev` of an earlier answer.'),
  limit: z.coerce.number<number>().int().min(1).max(200).default(50),
});

/** The answer of a list. `next` and `prev` are null when there is no more. */
export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({
    data: z.array(item),
    page: z.object({ next: z.string().nullable(), prev: z.string().nullable() }),
  });

/** Several values of one query parameter: `status=a,b` as well as `status=a&status=b`. */
export const queryList = <Item extends z.ZodType<string, string>>(item: Item) =>
  z.codec(z.union([z.string(), z.array(z.string())]), z.array(item), {
    decode: (value) => (typeof value === 'string' ? value.split(',') : value) as z.input<Item>[],
    encode: (values) => values.join(','),
  });
