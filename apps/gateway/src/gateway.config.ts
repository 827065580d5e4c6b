import { networkList, secret } from '@switchboard/service-kit';
import { createPrivateKey } from 'node:crypto';
import { z } from 'zod';
import { mailVariables } from './mail/mail.config';
import { proofOfWorkVariables } from './proof-of-work/proof-of-work.config';
import { signInVariables } from './sign-in/sign-in.config';
import { ssoVariables } from './staff/sso.config';

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
  GATEWAY_AUDIT_SIGNING_KEY: secret()
    .refine(isSigningKey, 'is not an Ed25519 private key as a JWK')
    .optional()
    .describe('Signs the audit log: an Ed25519 private key as a JWK. Derived from LOOKUP_KEY without it.'),
  GATEWAY_AUDIT_FORMER_KEYS: z
    .string()
    .default('')
    .transform((text) => text.split(',').flatMap((part) => part.trim() || []))
    .pipe(z.array(z.string().regex(/^[\w-]{43}$/, 'is not the x of an Ed25519 public key')))
    .describe(
      'Public keys that signed the audit log earlier and of which no copy of a signature is left: the x of each, separated by commas.',
    ),
  GATEWAY_WEBHOOK_PRIVATE_NETWORKS: networkList().describe(
    'Networks such as 10.1.0.0/16 that outgoing webhooks may lead to although they are not public, at any port and by plain HTTP.',
  ),
  ...mailVariables,
  ...proofOfWorkVariables,
  ...signInVariables,
  ...ssoVariables,
});
export type GatewayConfig = z.output<typeof gatewayConfig>;

function isSigningKey(jwk: string): boolean {
  try {
    return createPrivateKey({ key: JSON.parse(jwk) as never, format: 'jwk' }).asymmetricKeyType === 'ed25519';
  } catch {
    return false;
  }
}
