import { z } from 'zod';

/** The variables that only this service reads; their names begin with `PAYMENTS_`. */
export const paymentsConfig = z.object({
  PAYMENTS_SANDBOX_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Where the sandbox answers, which pretends to be the payment providers of bots that live there.'),
});
export type PaymentsConfig = z.output<typeof paymentsConfig>;
