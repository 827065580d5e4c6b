import yauzl, { type Entry } from 'yauzl';
import { LIMITS, UnreadableFile } from './read-result';

const NESTED = /\.(zip|7z|rar|gz|bz2|xz|tar)$/i;

/**
 * Goes through an archive before any parser sees it, and returns the names of its entries. Every entry is inflated and
 * counted, because the sizes that an archive tells of itself may be lies.
 * @throws UnreadableFile
 */
export async function checkArchive(bytes: Buffer): Promise<Set<string>> {
  const archive = await yauzl.fromBufferPromise(bytes, { strictFileNames: true }).catch(refuse);
  if (archive.entryCount > LIMITS.archiveEntries) throw new UnreadableFile('file_zip_bomb');
  const names = new Set<string>();
  let inflated = 0;
  try {
    for await (const entry of archive.eachEntry()) {
      if (names.has(entry.fileName) || NESTED.test(entry.fileName)) throw new UnreadableFile('file_unsafe_archive');
      names.add(entry.fileName);
      if (entry.isEncrypted()) throw new UnreadableFile('file_encrypted');
      inflated += entry.uncompressedSize;
      const isTooMuch =
        entry.uncompressedSize > LIMITS.inflatedEntryBytes ||
        inflated > LIMITS.inflatedBytes ||
        // Small entries compress well without meaning harm.
        (entry.uncompressedSize > 1024 * 1024 && entry.uncompressedSize > entry.compressedSize * LIMITS.inflatedRatio);
      if (isTooMuch) throw new UnreadableFile('file_zip_bomb');
      await inflate(archive, entry);
    }
  } catch (error) {
    refuse(error);
  }
  return names;
}

async function inflate(archive: yauzl.ZipFile, entry: Entry): Promise<void> {
  if (entry.fileName.endsWith('/')) return;
  const stream = await archive.openReadStreamPromise(entry);
  // yauzl compares what comes with what was told and ends at the first byte too many.
  for await (const chunk of stream) void chunk;
}

function refuse(error: unknown): never {
  if (error instanceof UnreadableFile) throw error;
  const message = String((error as Error).message);
  if (/too many bytes/i.test(message)) throw new UnreadableFile('file_zip_bomb');
  if (/invalid (relative path|characters in fileName)|absolute path|fileName/i.test(message))
    throw new UnreadableFile('file_unsafe_archive');
  throw error;
}
