import { createHash, randomUUID } from 'node:crypto';
import { access, mkdir, open, readdir, rename, rm, stat, writeFile, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { z } from 'zod';
import { checkedKey, StorageFull, type MediaStorage } from './media-storage';

/** The first line of every file. In the file itself, so that one rename changes bytes and type together. */
const Header = z.object({ key: z.string(), contentType: z.string().max(255) });
const MAX_HEADER_BYTES = 4_096;
const LINE_END = 0x0a;

const PARTIAL = 'partial';
const ABANDONED_AFTER_MS = 24 * 60 * 60 * 1000;

/**
 * Files in a folder, each under the hash of its key in one of 256 subfolders: keys may differ in case only, or be a
 * folder of one another, on any file system. A file is written aside, flushed and renamed, so a crash at any moment
 * leaves the earlier file or the new one.
 */
export class DiskStorage implements MediaStorage {
  constructor(private readonly folder: string) {}

  async put(
    key: string,
    body: Buffer | Readable,
    { contentType }: { contentType: string },
  ): Promise<{ bytes: number }> {
    const partial = join(this.folder, PARTIAL, randomUUID());
    try {
      const place = this.placeOf(key);
      const header = Buffer.from(`${JSON.stringify(Header.parse({ key, contentType }))}\n`);
      await mkdir(dirname(partial), { recursive: true });
      await mkdir(dirname(place), { recursive: true });
      const written = await writeFlushed(partial, header, body);
      await rename(partial, place);
      await flushFolder(dirname(place));
      return { bytes: written - header.length };
    } catch (error) {
      if (body instanceof Readable) body.destroy();
      await rm(partial, { force: true });
      throw isFull(error) ? new StorageFull(undefined, { cause: error }) : error;
    }
  }

  async open(key: string): ReturnType<MediaStorage['open']> {
    const file = await open(this.placeOf(key), 'r').catch(unlessMissing);
    if (!file) return undefined;
    try {
      const { contentType, headerBytes } = await readHeader(file);
      const { size } = await file.stat();
      return { body: file.createReadStream({ start: headerBytes }), bytes: size - headerBytes, contentType };
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async exists(key: string): Promise<boolean> {
    return access(this.placeOf(key)).then(
      () => true,
      (error) => unlessMissing(error) ?? false,
    );
  }

  async delete(key: string): Promise<void> {
    await rm(this.placeOf(key), { force: true });
  }

  /** Names say nothing of keys, so it looks into each file. */
  async *list(prefix: string): AsyncGenerator<string> {
    const folders = (await readdir(this.folder).catch(unlessMissing)) ?? [];
    for (const folder of folders.filter((name) => /^[0-9a-f]{2}$/.test(name))) {
      for (const name of await readdir(join(this.folder, folder))) {
        const file = await open(join(this.folder, folder, name), 'r').catch(unlessMissing);
        if (!file) continue;
        try {
          const { key } = await readHeader(file);
          if (key.startsWith(prefix)) yield key;
        } finally {
          await file.close();
        }
      }
    }
  }

  /** What others are writing now is younger. */
  async removeAbandoned(): Promise<void> {
    const folder = join(this.folder, PARTIAL);
    await mkdir(folder, { recursive: true });
    // The clock of the file system, which may be that of another machine.
    const youngest = join(folder, randomUUID());
    await writeFile(youngest, '');
    const now = (await stat(youngest)).mtimeMs;
    await rm(youngest);
    for (const name of await readdir(folder)) {
      const age = now - ((await stat(join(folder, name)).catch(unlessMissing))?.mtimeMs ?? Infinity);
      if (age > ABANDONED_AFTER_MS) await rm(join(folder, name), { force: true });
    }
  }

  problems(): Promise<string[]> {
    return Promise.resolve([]);
  }

  private placeOf(key: string): string {
    const name = createHash('sha256').update(checkedKey(key)).digest('hex');
    return join(this.folder, name.slice(0, 2), name);
  }
}

async function writeFlushed(path: string, header: Buffer, body: Buffer | Readable): Promise<number> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(header);
    await file.writeFile(body);
    await file.sync();
    return (await file.stat()).size;
  } finally {
    await file.close();
  }
}

/** The new name itself must reach the disk too. Windows has no such call and keeps names safe by its journal. */
async function flushFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function readHeader(file: FileHandle): Promise<{ key: string; contentType: string; headerBytes: number }> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_HEADER_BYTES), 0, MAX_HEADER_BYTES, 0);
  const end = buffer.subarray(0, bytesRead).indexOf(LINE_END);
  if (end < 0) throw new Error('a stored file has no first line about itself');
  return { ...Header.parse(JSON.parse(buffer.toString('utf8', 0, end))), headerBytes: end + 1 };
}

const codeOf = (error: unknown): unknown => (error as NodeJS.ErrnoException).code;

const isFull = (error: unknown): boolean => codeOf(error) === 'ENOSPC' || codeOf(error) === 'EDQUOT';

function unlessMissing(error: unknown): undefined {
  if (codeOf(error) !== 'ENOENT') throw error;
}
