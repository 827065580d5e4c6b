import { secret } from '@switchboard/service-kit';
import { z } from 'zod';
import { mailVariables } from './mail/mail.config';
import { signInVariables } from './sign-in/sign-in.config';

/** The variables that only this service reads; their names begin with `GATEWAY_`. */
export const gatewayConfig = z.object({
  GATEWAY_PUBLIC_URL: z
    .url({ protocol: /^https?$/ })
    .default('http://localhost:4080')
    .describe('Where people and teams reach the public listener: https://bots.example.com.'),
  GATEWAY_TRUSTED_PROXIES: z
    .string()
    .default('loopback')
    .describe(
      'Whose X-Forwarded-For is believed: addresses and ranges separated by commas, or loopback, linklocal, uniquelocal.',
    ),
  REDIS_URL: secret()
    .optional()
    .describe('redis://… where all replicas count calls together; without it each counts its share in memory.'),
  ...mailVariables,
  ...signInVariables,
});
export type GatewayConfig = z.output<typeof gatewayConfig>;
