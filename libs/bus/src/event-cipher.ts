import { type CloudEvent, type FieldPath, Sealed } from '@switchboard/contracts';
import { EncryptionKeyMissing, UnreadableEvent } from './errors';

/** Encrypts the personal fields of events and signals; service-kit makes one of the installation's keys. */
export interface EventCipher {
  /** @param id of the event; the ciphertext is bound to it and to `field`, so that it is worth nothing elsewhere */
  encrypt(plain: string, id: string, field: string): string;
  /** Throws EncryptionKeyMissing when the key is not known here, and anything else when it was not encrypted for this place. */
  decrypt(ciphertext: string, id: string, field: string): string;
  /** False for what an older key has encrypted. */
  isCurrent(ciphertext: string): boolean;
}

/** In place of the cipher of a process that has none, such as a benchmark: its events must not have personal fields. */
export const noCipher: EventCipher = {
  encrypt(_plain, _id, field) {
    throw new Error(`${field} is personal, and this process has no keys`);
  },
  decrypt(_ciphertext, _id, field) {
    throw new Error(`${field} is encrypted, and this process has no keys`);
  },
  isCurrent: () => true,
};

/** Encrypts what there is of personal fields; `sealedfields` says which those are. The data given is left as it is. */
export function seal<Data>(
  data: Data,
  { id, personal = [], cipher }: { id: string; personal?: readonly FieldPath[] | undefined; cipher: EventCipher },
): { data: Data; sealedfields?: string } {
  const sealed: string[] = [];
  const encrypt = (value: unknown, field: string) => {
    // An encrypted value is bound to the event it came with.
    if (value instanceof Sealed) throw new Error(`${field} is still encrypted: declare the handler with decrypt: true`);
    sealed.push(field);
    return cipher.encrypt(JSON.stringify(value), id, field);
  };
  const result = personal.reduce((all, path) => replaced(all, path, encrypt), data as unknown) as Data;
  return sealed.length === 0 ? { data } : { data: result, sealedfields: sealed.join(',') };
}

/** With values in place of ciphertext. Throws EncryptionKeyMissing and UnreadableEvent. */
export function decrypted(
  data: unknown,
  { id, sealedfields = '' }: Pick<CloudEvent, 'id' | 'sealedfields'>,
  cipher: EventCipher,
): unknown {
  return atFields(data, sealedfields, (ciphertext, field) => {
    try {
      return JSON.parse(cipher.decrypt(String(ciphertext), id, field)) as unknown;
    } catch (error) {
      if (error instanceof EncryptionKeyMissing) throw error;
      throw new UnreadableEvent(`${field} was not encrypted for this event: ${String(error)}`);
    }
  });
}

/** With values of older keys encrypted with the current one; the same data when there are none. Throws as `decrypted` does. */
export function renewed(
  data: unknown,
  { id, sealedfields = '' }: Pick<CloudEvent, 'id' | 'sealedfields'>,
  cipher: EventCipher,
): unknown {
  let old = 0;
  const result = atFields(data, sealedfields, (ciphertext, field) => {
    if (cipher.isCurrent(String(ciphertext))) return ciphertext;
    old++;
    return cipher.encrypt(cipher.decrypt(String(ciphertext), id, field), id, field);
  });
  return old === 0 ? data : result;
}

/** With `Sealed` in place of ciphertext, for handlers that need not know. */
export const opaque = (data: unknown, { sealedfields = '' }: Pick<CloudEvent, 'sealedfields'>): unknown =>
  atFields(data, sealedfields, (value) => new Sealed(String(value)));

function atFields(data: unknown, fields: string, change: (value: unknown, field: string) => unknown): unknown {
  if (fields === '') return data;
  return fields.split(',').reduce((all, field) => replaced(all, field.split('.'), change), data);
}

/** Copies what it changes: the envelope that came in is parked as it is, should its handler fail. */
function replaced(
  within: unknown,
  [name, ...rest]: FieldPath,
  change: (value: unknown, field: string) => unknown,
  at = '',
): unknown {
  if (name === undefined) return change(within, at);
  if (typeof within !== 'object' || within === null) return within;
  const below = (key: string) => (at === '' ? key : `${at}.${key}`);
  if (Array.isArray(within)) {
    return within.map((item: unknown, i) =>
      name === '*' || name === String(i) ? replaced(item, rest, change, below(String(i))) : item,
    );
  }
  const fields = within as Record<string, unknown>;
  if (!Object.hasOwn(fields, name) || fields[name] === undefined || fields[name] === null) return within;
  return { ...fields, [name]: replaced(fields[name], rest, change, below(name)) };
}
