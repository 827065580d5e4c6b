import { secret } from '@switchboard/service-kit';
import { createPrivateKey } from 'node:crypto';
import { z } from 'zod';

/** By what the audit log is signed. */
export const auditVariables = {
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
};

const config = z.object(auditVariables);
export type AuditConfig = z.output<typeof config>;

function isSigningKey(jwk: string): boolean {
  try {
    return createPrivateKey({ key: JSON.parse(jwk) as never, format: 'jwk' }).asymmetricKeyType === 'ed25519';
  } catch {
    return false;
  }
}
