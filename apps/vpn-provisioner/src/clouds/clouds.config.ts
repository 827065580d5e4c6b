import { z } from 'zod';

/** A part of the configuration of the service. */
export const cloudsVariables = {
  VPN_PROVISIONER_CLOUDS_SANDBOX_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Where the sandbox answers, which pretends to be the clouds that servers are ordered from.'),
};
export type CloudsConfig = z.output<z.ZodObject<typeof cloudsVariables>>;
