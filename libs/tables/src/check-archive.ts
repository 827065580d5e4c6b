import yauzl, { type Entry } from 'yauzl';

export type ArchiveProblem = 'zip_bomb' | 'unsafe_archive' | 'encrypted';

export interface ArchiveLimits {
  readonly archiveEntries: number;
  readonly inflatedBytes: number;
  readonly inflatedEntryBytes: number;
  /** To how many times its size an entry may inflate that is no small one. */
  readonly inflatedRatio: number;
}

/** It is no file to be opened; any other error means that it is damaged. */
export class ArchiveRefused extends Error {
  override readonly name = 'ArchiveRefused';

  constructor(readonly problem: ArchiveProblem) {
    super(problem);
  }
}

const NESTED = /\.(zip|7z|rar|gz|bz2|xz|tar)$/i;

/**
 * Goes through an archive before any parser sees it, and returns the names of its entries. Every entry is inflated and
 * counted, because the sizes that an archive tells of itself may be lies.
 * @throws ArchiveRefused
 */
export async function checkArchive(bytes: Buffer, limits: ArchiveLimits): Promise<Set<string>> {
  const archive = await yauzl.fromBufferPromise(bytes, { strictFileNames: true }).catch(refuse);
  if (archive.entryCount > limits.archiveEntries) throw new ArchiveRefused('zip_bomb');
  const names = new Set<string>();
  let inflated = 0;
  try {
    for await (const entry of archive.eachEntry()) {
      if (names.has(entry.fileName) || NESTED.test(entry.fileName)) throw new ArchiveRefused('unsafe_archive');
      names.add(entry.fileName);
      if (entry.isEncrypted()) throw new ArchiveRefused('encrypted');
      inflated += entry.uncompressedSize;
      const isTooMuch =
        entry.uncompressedSize > limits.inflatedEntryBytes ||
        inflated > limits.inflatedBytes ||
        // Small entries compress well without meaning harm.
        (entry.uncompressedSize > 1024 * 1024 && entry.uncompressedSize > entry.compressedSize * limits.inflatedRatio);
      if (isTooMuch) throw new ArchiveRefused('zip_bomb');
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
  if (error instanceof ArchiveRefused) throw error;
  const message = String((error as Error).message);
  if (/too many bytes/i.test(message)) throw new ArchiveRefused('zip_bomb');
  if (/invalid (relative path|characters in fileName)|absolute path|fileName/i.test(message))
    throw new ArchiveRefused('unsafe_archive');
  throw error;
}
