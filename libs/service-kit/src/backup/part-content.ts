import { BackupPart, Instant } from '@switchboard/contracts';
import { z } from 'zod';
import type { MediaStorage } from '../storage/media-storage';
import { ByteReader } from './encrypted-file';
import { SequenceCopy, TableCopy } from './table-copies';

/** Keys that make everything else of a person readable. */
export const KEY_TABLES = ['person_keys'];

/** What lies in storage of a backup once all its parts are written. */
export const BackupManifest = z.object({
  backupId: z.uuid(),
  startedAt: Instant,
  services: z.array(z.string()),
});
export type BackupManifest = z.output<typeof BackupManifest>;

/** What lies in storage of a part beside its tables: all that a restore has to know. */
export const StoredPart = BackupPart.extend({
  service: z.string(),
  /** Names of all that had been made. */
  migrations: z.array(z.string()),
  copies: z.array(TableCopy),
  sequences: z.array(SequenceCopy),
});
export type StoredPart = z.output<typeof StoredPart>;

const FileHeader = z.object({ key: z.string(), contentType: z.string(), bytes: z.int() });
const LENGTH_BYTES = 4;

/** How many files there were, once all have been read. */
export interface FileCount {
  count: number;
  bytes: number;
}

/** All files of a service one after the other, each behind a line about it. */
export async function* packFiles(
  media: MediaStorage,
  without: readonly string[],
  counted: FileCount,
): AsyncGenerator<Buffer> {
  for await (const key of media.list('')) {
    if (without.some((prefix) => key.startsWith(prefix))) continue;
    const file = await media.open(key);
    // It has just been deleted.
    if (!file) continue;
    const { contentType, bytes } = file;
    const header = Buffer.from(JSON.stringify({ key, contentType, bytes } satisfies z.input<typeof FileHeader>));
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt32BE(header.length);
    yield Buffer.concat([length, header]);
    let read = 0;
    for await (const chunk of file.body as AsyncIterable<Buffer>) {
      read += chunk.length;
      yield chunk;
    }
    if (read !== bytes) throw new Error(`${key} has ${read} bytes in place of ${bytes}`);
    counted.count++;
    counted.bytes += bytes;
  }
}

/** @param keep is given each file, and has to read it to its end */
export async function unpackFiles(
  packed: AsyncIterable<Buffer>,
  keep: (file: z.output<typeof FileHeader>, body: AsyncGenerator<Buffer>) => Promise<unknown>,
): Promise<FileCount> {
  const reader = new ByteReader(packed);
  const counted = { count: 0, bytes: 0 };
  while (!(await reader.isAtEnd())) {
    const length = (await reader.take(LENGTH_BYTES))?.readUInt32BE();
    const header = length === undefined ? undefined : await reader.take(length);
    if (!header) throw new Error('the files of the backup are cut off');
    const file = FileHeader.parse(JSON.parse(header.toString()));
    await keep(file, reader.stream(file.bytes));
    counted.count++;
    counted.bytes += file.bytes;
  }
  return counted;
}
