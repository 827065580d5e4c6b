import { z } from 'zod';

/** Where this installation is, as browsers see it. */
export const siteVariables = {
  GATEWAY_PUBLIC_URL: z
    .url({ protocol: /^https?$/ })
    .default('http://localhost:4080')
    .describe('Where people and teams reach the public listener: https://bots.example.com.'),
};

const config = z.object(siteVariables);
export type SiteConfig = z.output<typeof config>;
