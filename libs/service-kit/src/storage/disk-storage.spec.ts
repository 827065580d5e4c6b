import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { storageContract } from '../../test/storage.contract';
import { DiskStorage } from './disk-storage';
import { StorageFull } from './media-storage';

const folder = mkdtempSync(join(tmpdir(), 'media-'));
const voice = { contentType: 'audio/ogg' };
const smallDisk = mountSmallDisk();

afterAll(() => {
  if (smallDisk) execFileSync('umount', [smallDisk]);
  rmSync(folder, { recursive: true });
});

/** Files below a folder, without the folders. */
const filesIn = (path: string) =>
  (readdirSync(path, { recursive: true }) as string[]).filter((name) => statSync(join(path, name)).isFile());

describe('files on disk', () => storageContract(() => new DiskStorage(join(folder, 'contract'))));

describe('the folder of a disk storage', () => {
  it('spreads files over subfolders and leaves nothing half written', async () => {
    const path = join(folder, 'spread');
    const storage = new DiskStorage(path);
    for (let index = 0; index < 40; index += 1) await storage.put(`voices/${index}`, Buffer.from('x'), voice);
    expect(readdirSync(join(path, 'partial'))).toEqual([]);
    expect(readdirSync(path).length).toBeGreaterThan(20);
    expect(filesIn(path).every((name) => /^([0-9a-f]{2})\/\1[0-9a-f]{62}$/.test(name))).toBe(true);
  });

  it('keeps keys apart that differ in case only', async () => {
    const storage = new DiskStorage(join(folder, 'case'));
    await storage.put('Voice', Buffer.from('upper'), voice);
    await storage.put('voice', Buffer.from('lower'), voice);
    expect(String(await buffer((await storage.open('Voice'))!.body))).toBe('upper');
    expect(new Set(filesIn(join(folder, 'case')).map((name) => name.toLowerCase())).size).toBe(2);
  });

  it('what a killed process left half written a day ago is removed; what is being written now stays', async () => {
    const partial = join(folder, 'killed', 'partial');
    mkdirSync(partial, { recursive: true });
    for (const name of ['old', 'new']) writeFileSync(join(partial, name), 'half');
    const dayAgo = statSync(join(partial, 'new')).mtimeMs / 1000 - 25 * 60 * 60;
    utimesSync(join(partial, 'old'), dayAgo, dayAgo);
    const storage = new DiskStorage(join(folder, 'killed'));
    await storage.removeAbandoned();
    expect(readdirSync(partial)).toEqual(['new']);
    // As well when it has been running for long.
    await storage.put('a', Buffer.from('x'), voice);
    writeFileSync(join(partial, 'old'), 'half');
    utimesSync(join(partial, 'old'), dayAgo, dayAgo);
    await storage.removeAbandoned();
    expect(readdirSync(partial)).toEqual(['new']);
  });

  it('a reader keeps reading the file it opened when a later one takes its place', async () => {
    const storage = new DiskStorage(join(folder, 'reader'));
    const [earlier, later] = [randomBytes(500_000), randomBytes(500_000)];
    await storage.put('a', earlier, voice);
    const opened = await storage.open('a');
    await storage.put('a', later, voice);
    expect((await buffer(opened!.body)).equals(earlier)).toBe(true);
  });

  it('a type too long to keep is refused before anything is written', async () => {
    const path = join(folder, 'type');
    const storage = new DiskStorage(path);
    await expect(storage.put('a', Buffer.from('x'), { contentType: 'x'.repeat(256) })).rejects.toThrow('contentType');
    expect(await storage.exists('a')).toBe(false);
  });
});

// Only a real file system shows how a full one behaves, and mounting one takes the right to do so.
// In CI it has to be there: a spec that is always left out proves nothing.
(smallDisk || process.env['CI'] === 'true' ? describe : describe.skip)('a full disk of one megabyte', () => {
  beforeAll(() => {
    if (!smallDisk) throw new Error('no tmpfs could be mounted: run as root, with CAP_SYS_ADMIN');
  });

  it.each([
    ['buffer', () => randomBytes(2_000_000)],
    ['stream', () => Readable.from(Array.from({ length: 20 }, () => randomBytes(100_000)))],
  ])('says so for a %s, keeps what it had and takes smaller files again', async (_, body) => {
    const storage = new DiskStorage(join(smallDisk!, 'media'));
    const kept = randomBytes(300_000);
    await storage.put('kept', kept, voice);
    await expect(storage.put('large', body(), voice)).rejects.toThrow(StorageFull);
    expect(await storage.exists('large')).toBe(false);
    expect(filesIn(smallDisk!)).toHaveLength(1);
    expect((await buffer((await storage.open('kept'))!.body)).equals(kept)).toBe(true);
    expect(await storage.put('kept', randomBytes(400_000), voice)).toEqual({ bytes: 400_000 });
  });
});

function mountSmallDisk(): string | undefined {
  const path = join(folder, 'small');
  mkdirSync(path);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', path], { stdio: 'ignore' });
    return path;
  } catch {
    return undefined;
  }
}
