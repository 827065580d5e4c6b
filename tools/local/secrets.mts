import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AUTHENTICATORS, freshIdentities } from './identities.mts';

/** What the services of one local installation need to know. */
export interface LocalSecrets {
  DATABASE_ROLE_SECRET: string;
  ENCRYPTION_KEYS: string;
  LOOKUP_KEY: string;
  BACKUP_KEY: string;
  /** Of the operator alone: services of one process know each other by keys they make at start. */
  SERVICE_PUBLIC_KEYS: string;
}

/**
 * A key of ENCRYPTION_KEYS. A part of its hash stands in its id, so that no two keys ever share one: a value of another key is then
 * one whose key is missing, and not a damaged one.
 */
export function freshEncryptionKey(name: string): string {
  const key = randomBytes(32);
  return `${name}-${createHash('sha256').update(key).digest('hex').slice(0, 8)}:${key.toString('base64')}`;
}

/** The secrets of one local installation: made once, and kept, because data is encrypted with them. */
export function localSecrets(stateDir: string): LocalSecrets {
  const { OPERATOR_PRIVATE_KEY: _, ...secrets } = kept(stateDir);
  return secrets;
}

/** The key by which an operator speaks to the services of a local installation; no service has it. */
export const localOperatorKey = (stateDir: string): string => kept(stateDir).OPERATOR_PRIVATE_KEY;

function kept(stateDir: string): LocalSecrets & { OPERATOR_PRIVATE_KEY: string } {
  const file = join(stateDir, 'secrets.json');
  const known = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as object) : {};
  if (['OPERATOR_PRIVATE_KEY', 'LOOKUP_KEY', 'BACKUP_KEY'].every((name) => name in known))
    return known as ReturnType<typeof kept>;
  const { privateKeys, SERVICE_PUBLIC_KEYS } = freshIdentities(['operator']);
  const secrets = {
    DATABASE_ROLE_SECRET: randomBytes(24).toString('hex'),
    ENCRYPTION_KEYS: freshEncryptionKey('local'),
    LOOKUP_KEY: randomBytes(32).toString('base64'),
    BACKUP_KEY: freshEncryptionKey('backups'),
    OPERATOR_PRIVATE_KEY: privateKeys['OPERATOR_PRIVATE_KEY']!,
    SERVICE_PUBLIC_KEYS,
    // What is there already stays: data is encrypted with it.
    ...known,
  };
  mkdirSync(stateDir, { recursive: true });
  // Renamed into place, so that a killed start leaves no half a file behind.
  writeFileSync(`${file}.new`, JSON.stringify(secrets, null, 2), { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return secrets;
}

/** Everything secret that an installation of several processes needs, in dotenv form. */
export function freshKeys(services: string[], now: Date): string {
  const { privateKeys, SERVICE_PUBLIC_KEYS } = freshIdentities([...services, ...AUTHENTICATORS]);
  return `# Of the database's administrator and of the broker's user.
POSTGRES_PASSWORD=${hex()}
RABBITMQ_PASSWORD=${hex()}

# The passwords of the services' own roles are derived from it.
DATABASE_ROLE_SECRET=${hex()}

# Personal data. To rotate: a new key in front, the old ones behind it.
ENCRYPTION_KEYS=${freshEncryptionKey(now.toISOString().slice(0, 10))}

# Hashes ids of channels, so that people are found without being readable. Never changed: with another one nobody is known.
LOOKUP_KEY=${randomBytes(32).toString('base64')}

# Backups. Keep it elsewhere as well, as all of these: without it none can be read. Rotated like ENCRYPTION_KEYS.
BACKUP_KEY=${freshEncryptionKey(`backups-${now.toISOString().slice(0, 10)}`)}

# Signs the audit log; whoever checks it notes the public key elsewhere (npm run audit -- keys).
GATEWAY_AUDIT_SIGNING_KEY='${JSON.stringify(generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }))}'

# Who a service is to the others. The gateway speaks for people, an operator for himself (npm run call).
${Object.entries(privateKeys)
  .map(([name, key]) => `${name}='${key}'`)
  .join('\n')}
SERVICE_PUBLIC_KEYS='${SERVICE_PUBLIC_KEYS}'
`;
}

/** Hexadecimal, because it becomes part of addresses. */
const hex = () => randomBytes(24).toString('hex');
