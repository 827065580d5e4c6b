import { decrypt, encrypt, KeyRing } from './key-ring';

const FORMAT = 'v1';

/**
 * Encrypts single fields with AES-256-GCM. Text is stored as `v1.<key id>.<iv + tag + ciphertext in base64url>`,
 * bound to the place it belongs to, so that a value copied into another column does not decrypt.
 */
export class FieldCipher {
  private readonly ring: KeyRing;

  /** @param keys a ring, or as in ENCRYPTION_KEYS */
  constructor(keys: KeyRing | string) {
    this.ring = typeof keys === 'string' ? new KeyRing(keys) : keys;
  }

  /** @param place where the value is stored, for example `messages.text` */
  encrypt(plain: string, place: string): string {
    const id = this.ring.current;
    return `${FORMAT}.${id}.${encrypt(plain, this.ring.key(id), place).toString('base64url')}`;
  }

  /** Throws EncryptionKeyMissing. */
  decrypt(stored: string, place: string): string {
    const [format, id, body] = stored.split('.');
    if (format !== FORMAT || !id || body === undefined) throw new Error(`${place} does not hold an encrypted value`);
    return decrypt(Buffer.from(body, 'base64url'), this.ring.key(id), place).toString();
  }

  /** What every value begins with that the current key has encrypted. */
  get currentPrefix(): string {
    return `${FORMAT}.${this.ring.current}.`;
  }

  /** True while older keys are configured too, so that values of theirs may be about. */
  get isRotating(): boolean {
    return this.ring.isRotating;
  }
}
