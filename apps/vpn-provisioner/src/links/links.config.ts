import { secret } from '@switchboard/service-kit';
import { z } from 'zod';

/** Where people's apps reach the public listener, and how much they may ask of it. */
export const linksVariables = {
  VPN_PROVISIONER_PUBLIC_URL: z
    .url({ protocol: /^https?$/ })
    .default('http://localhost:4205')
    .describe('Where apps reach the public listener: https://vpn.example.com. Addresses of people begin with it.'),
  VPN_PROVISIONER_TRUSTED_PROXIES: z
    .string()
    .default('loopback')
    .describe(
      'Whose X-Forwarded-For is believed: addresses and ranges separated by commas, or loopback, linklocal, uniquelocal.',
    ),
  VPN_PROVISIONER_LINK_REQUESTS_PER_MINUTE: z.coerce
    .number()
    .int()
    .min(1)
    .default(60)
    .describe('How often one address of a person is answered, by each process.'),
  VPN_PROVISIONER_NETWORK_REQUESTS_PER_MINUTE: z.coerce
    .number()
    .int()
    .min(1)
    .default(1200)
    .describe(
      'How often whoever comes from one network is answered, by all processes with REDIS_URL, else by each; wrong addresses count tenfold.',
    ),
  REDIS_URL: secret()
    .optional()
    .describe('redis://… where all replicas count calls together; without it each counts its share in memory.'),
};

const config = z.object(linksVariables);
export type LinksConfig = z.output<typeof config>;
