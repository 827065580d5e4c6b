import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, type KeyObject, randomBytes } from 'node:crypto';
import type { KeyRing } from '../key-ring';

// A file of a backup: `SWB1`, the length and the id of the key, 32 random bytes, and then pieces of 1 MiB, each encrypted with
// AES-256-GCM. Every file has a key of its own, derived from one of BACKUP_KEY, those random bytes and its place in storage. A piece's
// nonce is its number and whether it is the last: so none can be left out, repeated, moved or cut off without its being noticed.

const AES = 'aes-256-gcm';
const MAGIC = Buffer.from('SWB1');
const SALT_BYTES = 32;
const TAG_BYTES = 16;
const PIECE_BYTES = 1024 * 1024;
/** More pieces than a counter of 32 bits has would use a nonce twice. */
const MOST_PIECES = 2 ** 32;

/** The file is not what was written to this place, or not all of it, or its key is not there. */
export class BackupUnreadable extends Error {
  override readonly name = 'BackupUnreadable';

  constructor(
    readonly place: string,
    why: string,
    options?: ErrorOptions,
  ) {
    super(`${place} ${why}`, options);
  }
}

/** @param place where it will lie: anywhere else it cannot be read */
export async function* encryptFile(
  content: AsyncIterable<Buffer>,
  ring: KeyRing,
  place: string,
): AsyncGenerator<Buffer> {
  const id = Buffer.from(ring.current);
  const salt = randomBytes(SALT_BYTES);
  yield Buffer.concat([MAGIC, Buffer.from([id.length]), id, salt]);
  const key = keyOf(ring.key(ring.current), salt, place);
  for await (const { bytes, number, isLast } of piecesOf(content, PIECE_BYTES)) {
    const cipher = createCipheriv(AES, key, nonceOf(number, isLast), { authTagLength: TAG_BYTES });
    const encrypted = cipher.update(bytes);
    cipher.final(); // GCM adds nothing here
    yield Buffer.concat([encrypted, cipher.getAuthTag()]);
  }
}

/** Nothing of a piece is given out before it has proven to be what was written. @throws BackupUnreadable */
export async function* decryptFile(
  encrypted: AsyncIterable<Buffer>,
  ring: KeyRing,
  place: string,
): AsyncGenerator<Buffer> {
  const reader = new ByteReader(encrypted);
  const about = (await reader.take(MAGIC.length + 1)) ?? Buffer.alloc(0);
  if (!about.subarray(0, MAGIC.length).equals(MAGIC)) throw new BackupUnreadable(place, 'is no file of a backup');
  const id = (await reader.take(about[MAGIC.length]!))?.toString();
  const salt = await reader.take(SALT_BYTES);
  if (id === undefined || !salt) throw new BackupUnreadable(place, 'is cut off');
  if (!ring.has(id)) throw new BackupUnreadable(place, `needs the key "${id}", which is not in BACKUP_KEY`);
  const key = keyOf(ring.key(id), salt, place);
  let ended = false;
  for await (const { bytes, number, isLast } of piecesOf(reader.rest(), PIECE_BYTES + TAG_BYTES)) {
    if (bytes.length < TAG_BYTES) throw new BackupUnreadable(place, 'is cut off');
    const decipher = createDecipheriv(AES, key, nonceOf(number, isLast), { authTagLength: TAG_BYTES });
    decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
    const plain = decipher.update(bytes.subarray(0, bytes.length - TAG_BYTES));
    try {
      decipher.final();
    } catch (error) {
      throw new BackupUnreadable(place, `is damaged, cut off or another file, from piece ${number} on`, {
        cause: error,
      });
    }
    ended = isLast;
    yield plain;
  }
  if (!ended) throw new BackupUnreadable(place, 'is cut off');
}

const keyOf = (key: KeyObject, salt: Buffer, place: string): KeyObject =>
  createSecretKey(Buffer.from(hkdfSync('sha256', key, salt, `switchboard backup ${place}`, 32)));

function nonceOf(number: number, isLast: boolean): Buffer {
  if (number >= MOST_PIECES) throw new Error('a file of a backup may have 4 PiB at most');
  const nonce = Buffer.alloc(12);
  nonce.writeUInt32BE(number, 7);
  nonce[11] = isLast ? 1 : 0;
  return nonce;
}

/** A stream in pieces of just so many bytes, the last one shorter or as long; one at least. */
async function* piecesOf(
  stream: AsyncIterable<Buffer>,
  size: number,
): AsyncGenerator<{ bytes: Buffer; number: number; isLast: boolean }> {
  const reader = new ByteReader(stream);
  for (let number = 0; ; number++) {
    const bytes = await reader.upTo(size);
    const isLast = await reader.isAtEnd();
    yield { bytes, number, isLast };
    if (isLast) return;
  }
}

/** Reads a stream by numbers of bytes. */
export class ByteReader {
  private readonly source: AsyncIterator<Buffer>;
  private waiting: Buffer[] = [];
  private length = 0;

  constructor(stream: AsyncIterable<Buffer>) {
    this.source = stream[Symbol.asyncIterator]();
  }

  /** Undefined when there are fewer. */
  async take(bytes: number): Promise<Buffer | undefined> {
    const taken = await this.upTo(bytes);
    return taken.length === bytes ? taken : undefined;
  }

  async upTo(bytes: number): Promise<Buffer> {
    while (this.length < bytes && (await this.more()));
    const all = this.waiting.length === 1 ? this.waiting[0]! : Buffer.concat(this.waiting);
    const rest = all.subarray(bytes);
    this.waiting = rest.length > 0 ? [rest] : [];
    this.length = rest.length;
    return all.subarray(0, bytes);
  }

  /** The next so many bytes as they come. */
  async *stream(bytes: number): AsyncGenerator<Buffer> {
    for (let left = bytes; left > 0;) {
      if (this.length === 0 && !(await this.more())) throw new Error(`${left} bytes are missing`);
      const some = await this.upTo(Math.min(left, this.length));
      left -= some.length;
      yield some;
    }
  }

  async *rest(): AsyncGenerator<Buffer> {
    while (!(await this.isAtEnd())) yield await this.upTo(this.length);
  }

  async isAtEnd(): Promise<boolean> {
    while (this.length === 0) if (!(await this.more())) return true;
    return false;
  }

  private async more(): Promise<boolean> {
    const { value, done } = await this.source.next();
    if (done) return false;
    const chunk = value;
    if (chunk.length > 0) this.waiting.push(chunk);
    this.length += chunk.length;
    return true;
  }
}
