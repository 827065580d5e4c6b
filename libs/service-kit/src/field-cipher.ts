import { EncryptionKeyMissing } from '@switchboard/bus';
import { decrypt, encrypt, KeyRing } from './key-ring';

/** Bound to a column only. */
const OF_COLUMN = 'v1';
/** Bound to a column and a row. */
const OF_ROW = 'r1';

/**
 * Encrypts values that belong to no person, such as a token, with a key of the installation (AES-256-GCM). Text is stored as
 * `r1.<key id>.<iv + tag + ciphertext in base64url>`, bound to its column and row, so that a value copied to another place
 * does not decrypt. What belongs to a person is PersonalData.
 */
export class FieldCipher {
  private readonly ring: KeyRing;

  /** @param keys a ring, or as in ENCRYPTION_KEYS */
  constructor(keys: KeyRing | string) {
    this.ring = typeof keys === 'string' ? new KeyRing(keys) : keys;
  }

  /**
   * @param place the column, for example `bots.token`
   * @param row the primary key as text, its parts joined by `/`; without it the value is bound to its column alone (`v1.…`)
   */
  encrypt(plain: string, place: string, row?: string): string {
    const id = this.ring.current;
    const format = row === undefined ? OF_COLUMN : OF_ROW;
    return `${format}.${id}.${encrypt(plain, this.ring.key(id), contextOf(place, row)).toString('base64url')}`;
  }

  /** Throws EncryptionKeyMissing, or another error when it was not encrypted for this place. */
  decrypt(stored: string, place: string, row?: string): string {
    const [format, id, body] = stored.split('.');
    if (format !== (row === undefined ? OF_COLUMN : OF_ROW) || !id || body === undefined)
      throw new Error(`${place} does not hold an encrypted value`);
    return decrypt(Buffer.from(body, 'base64url'), this.ring.key(id), contextOf(place, row)).toString();
  }

  /** For a value that can be had again: undefined when its key is missing here, and it is to be written anew. */
  tryDecrypt(stored: string, place: string, row?: string): string | undefined {
    try {
      return this.decrypt(stored, place, row);
    } catch (error) {
      if (error instanceof EncryptionKeyMissing) return undefined;
      throw error;
    }
  }

  /** The same value encrypted with the current key. */
  renew(stored: string, place: string, row: string): string {
    const boundTo = stored.startsWith(`${OF_ROW}.`) ? row : undefined;
    return this.encrypt(this.decrypt(stored, place, boundTo), place, boundTo);
  }

  /** Whether its key is here. Costs nothing, and says nothing about the place. */
  isReadable(stored: string): boolean {
    return this.ring.has(stored.split('.')[1] ?? '');
  }

  /** True of a value that the current key has encrypted. */
  isCurrent(stored: string): boolean {
    return stored.split('.')[1] === this.ring.current;
  }

  /** True while older keys are configured too, so that values of theirs may be about. */
  get isRotating(): boolean {
    return this.ring.isRotating;
  }
}

const contextOf = (place: string, row: string | undefined) => (row === undefined ? place : `${place}/${row}`);
