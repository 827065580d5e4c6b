import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import type { EventCipher } from '@switchboard/bus';
import { decrypt, encrypt, type KeyRing } from './key-ring';

const FORMAT = 'e1';
const MS_PER_DAY = 86_400_000;
/** Events are seldom older than their retries are. */
const REMEMBERED_KEYS = 30;

/**
 * Encrypts personal fields of events as `e1.<key id>.<base64url>`, with a key of the day on which the event was said, derived
 * from the ring: AES-GCM bears 2^32 values under one key (NIST SP 800-38D, 8.3), which a busy installation says in weeks.
 */
export class EventEncryption implements EventCipher {
  private readonly keys = new Map<string, KeyObject>();

  constructor(private readonly ring: KeyRing) {}

  encrypt(plain: string, id: string, field: string): string {
    const keyId = this.ring.current;
    return `${FORMAT}.${keyId}.${encrypt(plain, this.keyOf(keyId, id), `${id}/${field}`).toString('base64url')}`;
  }

  decrypt(ciphertext: string, id: string, field: string): string {
    const [format, keyId, body] = ciphertext.split('.');
    if (format !== FORMAT || !keyId || body === undefined) throw new Error('not an encrypted field of an event');
    return decrypt(Buffer.from(body, 'base64url'), this.keyOf(keyId, id), `${id}/${field}`).toString();
  }

  isCurrent(ciphertext: string): boolean {
    return ciphertext.startsWith(`${FORMAT}.${this.ring.current}.`);
  }

  private keyOf(keyId: string, eventId: string): KeyObject {
    // The first 48 bits of a UUIDv7 are its time in milliseconds.
    const day = Math.floor(Number.parseInt(eventId.replaceAll('-', '').slice(0, 12), 16) / MS_PER_DAY);
    const name = `${keyId}/${day}`;
    const known = this.keys.get(name);
    if (known) return known;
    const derived = hkdfSync('sha256', this.ring.key(keyId), '', `switchboard events ${day}`, 32);
    const key = createSecretKey(Buffer.from(derived));
    if (this.keys.size >= REMEMBERED_KEYS) this.keys.delete(this.keys.keys().next().value!);
    this.keys.set(name, key);
    return key;
  }
}
