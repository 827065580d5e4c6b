import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface LocalSecrets {
  DATABASE_ROLE_SECRET: string;
  ENCRYPTION_KEYS: string;
}

/** The secrets of one local installation: made once, and kept, because data is encrypted with them. */
export function localSecrets(stateDir: string): LocalSecrets {
  const file = join(stateDir, 'secrets.json');
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as LocalSecrets;
  const secrets: LocalSecrets = {
    DATABASE_ROLE_SECRET: randomBytes(24).toString('hex'),
    ENCRYPTION_KEYS: `local-1:${randomBytes(32).toString('base64')}`,
  };
  mkdirSync(stateDir, { recursive: true });
  // Renamed into place, so that a killed start leaves no half a file behind.
  writeFileSync(`${file}.new`, JSON.stringify(secrets, null, 2), { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return secrets;
}
