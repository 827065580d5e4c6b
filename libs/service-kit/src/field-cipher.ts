import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { ConfigError } from './config';

const FORMAT = 'v1';
const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Encrypts single fields with AES-256-GCM. Text is stored as `v1.<key id>.<iv + tag + ciphertext in base64url>`,
 * bound to the place it belongs to, so that a value copied into another column does not decrypt.
 * The first key encrypts; every key decrypts, which is how keys are rotated.
 */
export class FieldCipher {
  private readonly keys: ReadonlyMap<string, Buffer>;
  private readonly current: string;

  /** @param keys `<id>:<32 bytes in base64>`, newest first, separated by commas */
  constructor(keys: string) {
    const parsed = keys.split(',').map((entry) => {
      const [id, encoded = ''] = entry.trim().split(':');
      const key = Buffer.from(encoded, 'base64');
      if (!id || !/^[a-z0-9-]+$/i.test(id) || key.length !== 32) {
        throw new ConfigError('ENCRYPTION_KEYS: each key is <id>:<32 bytes in base64>');
      }
      return [id, key] as const;
    });
    this.keys = new Map(parsed);
    this.current = parsed[0]![0];
  }

  /** @param place where the value is stored, for example `messages.text` */
  encrypt(plain: string, place: string): string {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.keys.get(this.current)!, iv);
    cipher.setAAD(Buffer.from(place));
    const encrypted = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
    return `${FORMAT}.${this.current}.${Buffer.concat([iv, cipher.getAuthTag(), encrypted]).toString('base64url')}`;
  }

  decrypt(stored: string, place: string): string {
    const [format, id, body] = stored.split('.');
    if (format !== FORMAT || !id || body === undefined) throw new Error(`${place} does not hold an encrypted value`);
    const key = this.keys.get(id);
    if (!key) throw new Error(`${place} was encrypted with the key "${id}", which is not in ENCRYPTION_KEYS`);
    const bytes = Buffer.from(body, 'base64url');
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV_BYTES));
    decipher.setAAD(Buffer.from(place));
    decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
    return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]).toString('utf8');
  }

  /** What every value begins with that the current key has encrypted. */
  get currentPrefix(): string {
    return `${FORMAT}.${this.current}.`;
  }

  /** True while older keys are configured too, so that values of theirs may be about. */
  get isRotating(): boolean {
    return this.keys.size > 1;
  }
}
