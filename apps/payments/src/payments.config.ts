import { z } from 'zod';

/** The variables that only this service reads; their names begin with `PAYMENTS_`. */
export const paymentsConfig = z.object({
  PAYMENTS_LEDGER_MONTHS_KEPT: z.coerce
    .number()
    .int()
    .min(3)
    .max(600)
    .default(36)
    .describe('Entries of the ledger stay in the database for so many months, and after that in storage.'),
  PAYMENTS_SANDBOX_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Where the sandbox answers, which pretends to be the payment providers of bots that live there.'),
});
export type PaymentsConfig = z.output<typeof paymentsConfig>;
