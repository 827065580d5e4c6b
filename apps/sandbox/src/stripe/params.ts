import { z } from 'zod';

/** Forms carry text only. */
export const integer = z
  .string()
  .regex(/^-?\d{1,15}$/)
  .transform(Number);
export const flag = z.enum(['true', 'false']).transform((value) => value === 'true');
export const metadata = z
  .record(z.string().max(40), z.string().max(500))
  .refine((fields) => Object.keys(fields).length <= 50, 'You can have up to 50 metadata keys.');
export const currency = z
  .string()
  .regex(/^[a-z]{3}$/i)
  .toLowerCase();
export const amount = integer.refine((value) => value > 0, 'This value must be greater than or equal to 1.');

/** Both bounds of a time, as lists take them. */
export const times = z
  .union([
    integer.transform((at) => ({ gte: at, lte: at })),
    z.strictObject({
      gt: integer.optional(),
      gte: integer.optional(),
      lt: integer.optional(),
      lte: integer.optional(),
    }),
  ])
  .optional();
type Times = z.output<typeof times>;

export const isWithin = (at: number, bounds: Times): boolean => {
  const { gt, gte, lt, lte } = { gt: undefined, lt: undefined, ...bounds } as Record<string, number | undefined>;
  return (
    (gt === undefined || at > gt) &&
    (gte === undefined || at >= gte) &&
    (lt === undefined || at < lt) &&
    (lte === undefined || at <= lte)
  );
};

/** Which part of a list. */
export const paging = {
  limit: z.string().optional(),
  starting_after: z.string().optional(),
  ending_before: z.string().optional(),
};
