import { createHash } from 'node:crypto';
import { pipeline, type Readable, Transform } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { MediaStorage } from './media-storage';

/** A file in storage that can be told from a damaged one. */
export interface StoredFile {
  readonly key: string;
  readonly bytes: number;
  /** In hexadecimal. */
  readonly sha256: string;
}

/** The file is not there, or holds something else than was written. */
export class FileDamaged extends Error {
  override readonly name = 'FileDamaged';

  constructor(key: string, why: string) {
    super(`${key} ${why}`);
  }
}

/** Writes a file while it is read. When `body` fails, so does this, and nothing of the file stays. */
export async function putFile(
  storage: MediaStorage,
  key: string,
  body: Readable | Buffer,
  contentType: string,
): Promise<StoredFile> {
  const hash = createHash('sha256');
  const hashed = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  if (Buffer.isBuffer(body)) hashed.end(body);
  // What fails on either side ends both, and with that the storing, which tells it.
  else pipeline(body, hashed, () => undefined);
  const { bytes } = await storage.put(key, hashed, { contentType });
  return { key, bytes, sha256: hash.digest('hex') };
}

/** Reads a file whole, which no more than some megabytes are. @throws FileDamaged */
export async function readFile(storage: MediaStorage, { key, bytes, sha256 }: StoredFile): Promise<Buffer> {
  const file = await storage.open(key);
  if (!file) throw new FileDamaged(key, 'is not in storage');
  const content = await buffer(file.body);
  if (content.length !== bytes) throw new FileDamaged(key, `has ${content.length} bytes in place of ${bytes}`);
  if (createHash('sha256').update(content).digest('hex') !== sha256)
    throw new FileDamaged(key, 'has another checksum than when it was written');
  return content;
}
