import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, type KeyObject, randomBytes } from 'node:crypto';
import { EncryptionKeyMissing } from '@switchboard/bus';
import { ConfigError, mistakeInKeys } from './config';

const AES = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** The keys of the installation, from ENCRYPTION_KEYS. The first one encrypts; every one decrypts, which is how keys are rotated. */
export class KeyRing {
  private readonly keys: ReadonlyMap<string, KeyObject>;
  /** The id of the key that encrypts. */
  readonly current: string;

  /**
   * @param keys `<id>:<32 bytes in base64>`, newest first, separated by commas
   * @param onMissing told of each value that cannot be decrypted because its key is not among them
   */
  constructor(
    keys: string,
    private readonly onMissing: (id: string) => void = () => undefined,
  ) {
    const mistake = mistakeInKeys(keys);
    if (mistake) throw new ConfigError(`ENCRYPTION_KEYS: ${mistake}`);
    const parsed = keys.split(',').map((entry) => {
      const [id, encoded] = entry.trim().split(':') as [string, string];
      return [id, createSecretKey(Buffer.from(encoded, 'base64'))] as const;
    });
    this.keys = new Map(parsed);
    this.current = parsed[0]![0];
  }

  has(id: string): boolean {
    return this.keys.has(id);
  }

  /** Throws EncryptionKeyMissing. */
  key(id: string): KeyObject {
    const key = this.keys.get(id);
    if (!key) {
      this.onMissing(id);
      throw new EncryptionKeyMissing(id);
    }
    return key;
  }

  /** Id → what tells the key from any other of that id, and says nothing about it. */
  get fingerprints(): ReadonlyMap<string, string> {
    const fingerprint = (key: KeyObject) => Buffer.from(hkdfSync('sha256', key, '', 'switchboard key check', 16));
    return new Map([...this.keys].map(([id, key]) => [id, fingerprint(key).toString('hex')]));
  }

  /** The ids of the others. */
  get older(): string[] {
    return [...this.keys.keys()].filter((id) => id !== this.current);
  }

  /** True while older keys are configured too, so that values of theirs may be about. */
  get isRotating(): boolean {
    return this.keys.size > 1;
  }
}

/** What came of values of older keys. */
export interface Rotated {
  written: number;
  /** Left as they were: damaged, or of a key that is missing here. */
  unreadable: number;
}

/**
 * AES-256-GCM: iv, tag and ciphertext in one. The key is an object because its bytes would be prepared anew at each call, which
 * takes three times as long as all the rest.
 * @param context what the value belongs to; with any other it does not decrypt
 */
export function encrypt(plain: string | Buffer, key: KeyObject, context: string): Buffer {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(AES, key, iv);
  cipher.setAAD(Buffer.from(context));
  const encrypted = typeof plain === 'string' ? cipher.update(plain, 'utf8') : cipher.update(plain);
  cipher.final(); // GCM adds nothing here
  return Buffer.concat([iv, cipher.getAuthTag(), encrypted]);
}

/** Throws when the value was changed, or encrypted with another key or context. */
export function decrypt(encrypted: Buffer, key: KeyObject, context: string): Buffer {
  // The length is said, because a shorter tag would be accepted and is easier to forge.
  const iv = encrypted.subarray(0, IV_BYTES);
  const decipher = createDecipheriv(AES, key, iv, { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(context));
  decipher.setAuthTag(encrypted.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
  const plain = decipher.update(encrypted.subarray(IV_BYTES + TAG_BYTES));
  decipher.final(); // throws when the tag does not fit
  return plain;
}
