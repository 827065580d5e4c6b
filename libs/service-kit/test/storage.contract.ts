import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { InvalidKey, type MediaStorage } from '../src/storage/media-storage';

const voice = { contentType: 'audio/ogg' };

/** What every storage must keep; each spec file runs all of it. */
export function storageContract(make: () => MediaStorage): void {
  const storage = () => make();
  const aKey = () => `voices/${randomUUID()}.ogg`;

  async function read(key: string) {
    const file = await storage().open(key);
    return file && { bytes: file.bytes, contentType: file.contentType, body: await buffer(file.body) };
  }

  it.each([0, 1, 5_000, 3_000_000])('a file of %d bytes comes back as it was put', async (bytes) => {
    const [key, body] = [aKey(), randomBytes(bytes)];
    expect(await storage().put(key, body, voice)).toEqual({ bytes });
    expect(await read(key)).toEqual({ bytes, contentType: 'audio/ogg', body });
  });

  it('a stream is kept like a buffer and its length is told', async () => {
    const [key, body] = [aKey(), randomBytes(700_000)];
    const chunks = Array.from({ length: 70 }, (_, index) => body.subarray(index * 10_000, (index + 1) * 10_000));
    expect(await storage().put(key, Readable.from(chunks), { contentType: 'image/png' })).toEqual({ bytes: 700_000 });
    expect(await read(key)).toEqual({ bytes: 700_000, contentType: 'image/png', body });
  });

  it('a stream that breaks leaves no file behind, and tells why', async () => {
    const key = aKey();
    async function* broken() {
      yield randomBytes(100_000);
      await Promise.resolve();
      throw new Error('the sender hung up');
    }
    await expect(storage().put(key, Readable.from(broken()), voice)).rejects.toThrow('the sender hung up');
    expect(await storage().exists(key)).toBe(false);
    expect(await storage().open(key)).toBeUndefined();
  });

  it('a stream that breaks leaves the earlier file whole', async () => {
    const [key, body] = [aKey(), randomBytes(1_000)];
    await storage().put(key, body, voice);
    const broken = new Readable({ read: () => broken.destroy(new Error('the sender hung up')) });
    await expect(storage().put(key, broken, { contentType: 'text/plain' })).rejects.toThrow('the sender hung up');
    expect(await read(key)).toMatchObject({ contentType: 'audio/ogg', body });
  });

  it('a later file takes the place of the earlier one, with its own type', async () => {
    const key = aKey();
    await storage().put(key, Buffer.from('the earlier and longer one'), { contentType: 'text/plain' });
    await storage().put(key, Buffer.from('later'), voice);
    expect(await read(key)).toEqual({ bytes: 5, contentType: 'audio/ogg', body: Buffer.from('later') });
  });

  it('the keys that begin so are listed, however many there are', async () => {
    const folder = randomUUID();
    const keys = Array.from({ length: 30 }, (_, i) => `lists/${folder}/${i}`);
    for (const key of [...keys, `lists/${folder}-other/0`]) await storage().put(key, Buffer.from(key), voice);
    await storage().delete(keys.pop()!);
    const listed: string[] = [];
    for await (const key of storage().list(`lists/${folder}/`)) listed.push(key);
    expect(listed.sort()).toEqual(keys.sort());
    for await (const key of storage().list(`lists/${randomUUID()}/`)) throw new Error(key);
  });

  it('of two files put at once under one key one stays, whole', async () => {
    const key = aKey();
    const bodies = [Buffer.alloc(200_000, 'a'), Buffer.alloc(200_000, 'b')];
    await Promise.all(bodies.map((body) => storage().put(key, body, voice)));
    const kept = (await read(key))!.body;
    expect(bodies.some((body) => body.equals(kept))).toBe(true);
  });

  it('a file that was never put is not there', async () => {
    const key = aKey();
    expect(await storage().exists(key)).toBe(false);
    expect(await storage().open(key)).toBeUndefined();
  });

  it('a deleted file is gone, and deleting it again does no harm', async () => {
    const key = aKey();
    await storage().put(key, Buffer.from('x'), voice);
    expect(await storage().exists(key)).toBe(true);
    await storage().delete(key);
    expect(await storage().exists(key)).toBe(false);
    await storage().delete(key);
  });

  it('a key may be the folder of another one', async () => {
    const key = randomUUID();
    await storage().put(key, Buffer.from('outer'), voice);
    await storage().put(`${key}-folder/inner`, Buffer.from('inner'), voice);
    expect(String((await read(key))!.body)).toBe('outer');
    expect(String((await read(`${key}-folder/inner`))!.body)).toBe('inner');
  });

  it.each([
    '',
    '/',
    '../up',
    'a/../b',
    'a//b',
    '/etc/passwd',
    'a\\b',
    'a\0b',
    '.hidden',
    'a/.',
    'é',
    'x'.repeat(513),
    'a\n',
  ])('%j cannot be a key', async (key) => {
    await expect(storage().put(key, Buffer.from('x'), voice)).rejects.toThrow(InvalidKey);
    await expect(storage().open(key)).rejects.toThrow(InvalidKey);
    await expect(storage().exists(key)).rejects.toThrow(InvalidKey);
    await expect(storage().delete(key)).rejects.toThrow(InvalidKey);
  });

  it('a stream that cannot be kept is destroyed, so its sender stops', async () => {
    const endless = new Readable({ read: () => endless.push(Buffer.alloc(1_000)) });
    const closed = once(endless, 'close');
    await expect(storage().put('../up', endless, voice)).rejects.toThrow(InvalidKey);
    await closed;
  });
}
