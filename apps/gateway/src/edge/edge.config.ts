import { z } from 'zod';

/** How the public listener reads what comes to it. */
export const edgeVariables = {
  GATEWAY_TRUSTED_PROXIES: z
    .string()
    .default('loopback')
    .describe(
      'Whose X-Forwarded-For is believed: addresses and ranges separated by commas, or loopback, linklocal, uniquelocal.',
    ),
};

const config = z.object(edgeVariables);
export type EdgeConfig = z.output<typeof config>;
