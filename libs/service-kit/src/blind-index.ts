import { createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { ConfigError } from './config';

const KEY_BYTES = 32;

/**
 * Hashes by which encrypted values are found: HMAC-SHA-256 with a key of the installation, so that whoever has the database alone
 * cannot try all ids or texts there may be. Each service derives a key of its own. It is not rotated: with another one nobody
 * would be found again.
 */
export class BlindIndex {
  private readonly key: KeyObject;

  /** @param lookupKey as in LOOKUP_KEY */
  constructor(lookupKey: string, service: string) {
    const key = Buffer.from(lookupKey, 'base64');
    if (key.length !== KEY_BYTES) throw new ConfigError('LOOKUP_KEY: 32 bytes in base64');
    this.key = createSecretKey(Buffer.from(hkdfSync('sha256', key, '', `switchboard index ${service}`, KEY_BYTES)));
  }

  /** Tells the key from any other, and says nothing about it. */
  get fingerprint(): string {
    return this.hash('key check').slice(0, 32);
  }

  /**
   * @param kind what is hashed: the same value is another hash as something else
   * @returns 64 hexadecimal digits
   */
  hash(kind: string, ...value: readonly (string | number | null)[]): string {
    return createHmac('sha256', this.key)
      .update(JSON.stringify([kind, ...value]))
      .digest('hex');
  }
}
