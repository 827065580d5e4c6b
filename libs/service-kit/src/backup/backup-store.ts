import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { z } from 'zod';
import type { KeyRing } from '../key-ring';
import { putFile, type StoredFile } from '../storage/checked-files';
import type { MediaStorage } from '../storage/media-storage';
import { BackupUnreadable, decryptFile, encryptFile } from './encrypted-file';

const CONTENT_TYPE = 'application/octet-stream';

/**
 * Where what lies. Under `data/` is what is kept for weeks; under `keys/` what is kept for a week only, because it could bring
 * back who was erased: keys of persons, and files, which have no keys.
 */
export const backupPlace = {
  manifest: (backupId: string) => `data/${backupId}/manifest`,
  part: (backupId: string, service: string) => `data/${backupId}/${service}/part`,
  table: (backupId: string, service: string, table: string) => `data/${backupId}/${service}/${table}.copy.gz`,
  keyTable: (backupId: string, service: string, table: string) => `keys/${backupId}/${service}/${table}.copy.gz`,
  files: (backupId: string, service: string) => `keys/${backupId}/${service}/files`,
  trial: (trialId: string, service: string) => `trials/${trialId}/${service}`,
  ofData: (backupId: string) => `data/${backupId}/`,
  ofKeys: (backupId: string) => `keys/${backupId}/`,
  ofTrial: (trialId: string) => `trials/${trialId}/`,
};

/** The storage of backups, in which nothing lies that is not encrypted. */
export class BackupStore {
  constructor(
    readonly storage: MediaStorage,
    private readonly ring: KeyRing,
  ) {}

  write(place: string, content: AsyncIterable<Buffer>): Promise<StoredFile> {
    const encrypted = Readable.from(encryptFile(content, this.ring, place), { objectMode: false });
    return putFile(this.storage, place, encrypted, CONTENT_TYPE);
  }

  /** @throws BackupUnreadable */
  async *read(place: string): AsyncGenerator<Buffer> {
    const file = await this.storage.open(place);
    if (!file) throw new BackupUnreadable(place, 'is not in storage');
    try {
      yield* decryptFile(file.body as AsyncIterable<Buffer>, this.ring, place);
    } finally {
      file.body.destroy();
    }
  }

  writeJson<Schema extends z.ZodType>(place: string, schema: Schema, value: z.output<Schema>): Promise<StoredFile> {
    const json = Buffer.from(JSON.stringify(schema.encode(value)));
    return this.write(place, Readable.from([json]) as AsyncIterable<Buffer>);
  }

  /** Undefined when there is none. @throws BackupUnreadable */
  async readJson<Schema extends z.ZodType>(place: string, schema: Schema): Promise<z.output<Schema> | undefined> {
    if (!(await this.storage.exists(place))) return undefined;
    const text = await buffer(Readable.from(this.read(place)));
    return schema.decode(JSON.parse(text.toString()) as z.input<Schema>);
  }

  /** Ids of the backups of which something is there, the latest first: ids grow with time. */
  async ids(under: 'data' | 'keys' = 'data'): Promise<string[]> {
    const ids = new Set<string>();
    for await (const place of this.storage.list(`${under}/`)) ids.add(place.split('/')[1]!);
    return [...ids].sort().reverse();
  }

  async delete(prefix: string): Promise<void> {
    const places: string[] = [];
    for await (const place of this.storage.list(prefix)) places.push(place);
    for (const place of places) await this.storage.delete(place);
  }

  /** Copies files as they are, encrypted, and reads each copy again. @returns how many bytes there are */
  async copyTo(other: MediaStorage, prefix: string, signal: AbortSignal): Promise<number> {
    let copied = 0;
    for await (const place of this.storage.list(prefix)) {
      signal.throwIfAborted();
      const file = await this.storage.open(place);
      if (!file) throw new BackupUnreadable(place, 'is not in storage any more');
      const { bytes, sha256 } = await putFile(other, place, file.body, CONTENT_TYPE);
      const copy = await other.open(place);
      if (!copy || (await digestOf(copy.body)) !== sha256)
        throw new BackupUnreadable(place, 'has been copied, and the copy is another file');
      copied += bytes;
    }
    return copied;
  }
}

async function digestOf(body: Readable): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of body) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
