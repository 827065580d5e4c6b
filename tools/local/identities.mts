import { generateKeyPairSync } from 'node:crypto';
import { prefixOf } from './variables.mts';

/** Who speaks to services and may be none itself: people come through the gateway, operators bring a key of their own. */
export const AUTHENTICATORS = ['gateway', 'operator'];

/** Fresh Ed25519 keys: `<NAME>_PRIVATE_KEY` of each name as a JWK, and the public ones as the set that all of them need. */
export function freshIdentities(names: readonly string[]) {
  const pairs = [...new Set(names)].map((name) => ({ name, ...generateKeyPairSync('ed25519') }));
  return {
    privateKeys: Object.fromEntries(
      pairs.map(({ name, privateKey }) => [privateKeyOf(name), JSON.stringify(privateKey.export({ format: 'jwk' }))]),
    ),
    SERVICE_PUBLIC_KEYS: JSON.stringify({
      keys: pairs.map(({ name, publicKey }) => ({ ...publicKey.export({ format: 'jwk' }), kid: name, alg: 'EdDSA' })),
    }),
  };
}

/** `chat-ai` → `CHAT_AI_PRIVATE_KEY` */
const privateKeyOf = (name: string) => `${prefixOf(name)}_PRIVATE_KEY`;
