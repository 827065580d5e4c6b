import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { randomBytes } from 'node:crypto';
import { KeyRing } from '../key-ring';
import { ByteReader, decryptFile, encryptFile } from './encrypted-file';

const aKey = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;
const PLACE = 'data/1/shop/sales.copy.gz';
const PIECE = 1024 * 1024 + 16;
const [ours, older] = [aKey('b2'), aKey('b1')];

const streamOf = (...chunks: Buffer[]) => Readable.from(chunks) as AsyncIterable<Buffer>;
const encrypted = (content: Buffer, keys = ours, place = PLACE) =>
  buffer(Readable.from(encryptFile(streamOf(content), new KeyRing(keys), place)));
const decrypted = (file: Buffer, keys = ours, place = PLACE) =>
  buffer(Readable.from(decryptFile(streamOf(file), new KeyRing(keys), place)));

describe('an encrypted file', () => {
  const content = randomBytes(3 * 1024 * 1024 + 7);
  const headBytes = 4 + 1 + 2 + 32;
  let file: Buffer;
  beforeAll(async () => {
    file = await encrypted(content);
  });
  const pieces = () => [0, 1, 2, 3].map((i) => file.subarray(headBytes + i * PIECE, headBytes + (i + 1) * PIECE));
  const made = (...parts: Buffer[]) => Buffer.concat([file.subarray(0, headBytes), ...parts]);

  it.each([0, 1, 1024 * 1024 - 1, 1024 * 1024, 1024 * 1024 + 1, 2 * 1024 * 1024])(
    'of %i bytes is read as it was written',
    async (bytes) => {
      const some = content.subarray(0, bytes);
      const written = await encrypted(some);
      expect((await decrypted(written)).equals(some)).toBe(true);
      if (bytes > 64) expect(written.includes(some.subarray(0, 64))).toBe(false);
    },
  );

  it('is read however its bytes come', async () => {
    const bits = Array.from({ length: 50 }, (_, i) => file.subarray(i * 65_000, (i + 1) * 65_000));
    const read = await buffer(Readable.from(decryptFile(streamOf(...bits), new KeyRing(ours), PLACE)));
    expect(read.equals(content)).toBe(true);
  });

  it('is refused when a bit of it has changed, wherever', async () => {
    for (const at of [0, 5, 8, headBytes + 10, headBytes + PIECE + 3, file.length - 1]) {
      const damaged = Buffer.from(file);
      damaged[at]! ^= 1;
      await expect(decrypted(damaged)).rejects.toThrow(/data\/1\/shop/);
    }
  });

  it('is refused when it is cut off, also between two pieces', async () => {
    const [a, b, c] = pieces() as [Buffer, Buffer, Buffer];
    for (const short of [
      made(a, b, c),
      made(a),
      made(),
      file.subarray(0, 10),
      file.subarray(0, file.length - 3),
      Buffer.alloc(0),
    ])
      await expect(decrypted(short)).rejects.toThrow(/data\/1\/shop/);
  });

  it('is refused when pieces are exchanged, repeated, left out or added', async () => {
    const [a, b, c, d] = pieces() as [Buffer, Buffer, Buffer, Buffer];
    for (const other of [made(b, a, c, d), made(a, a, c, d), made(a, c, d), made(a, b, c, d, d)])
      await expect(decrypted(other)).rejects.toThrow(/damaged, cut off or another file/);
  });

  it('is refused in another place, and with a piece of another file', async () => {
    await expect(decrypted(file, ours, 'data/2/shop/sales.copy.gz')).rejects.toThrow(/another file/);
    const twin = await encrypted(content);
    const [a] = pieces();
    await expect(
      decrypted(Buffer.concat([twin.subarray(0, headBytes), a!, twin.subarray(headBytes + PIECE)])),
    ).rejects.toThrow(/from piece 0 on/);
  });

  it('is read with an older key of the ring, and says which one is missing', async () => {
    const former = await encrypted(content.subarray(0, 100), older);
    expect((await decrypted(former, `${ours},${older}`)).equals(content.subarray(0, 100))).toBe(true);
    await expect(decrypted(former, ours)).rejects.toThrow('needs the key "b1", which is not in BACKUP_KEY');
    await expect(decrypted(former, aKey('b1'))).rejects.toThrow(/another file/);
  });

  it('gives out nothing of a piece that is damaged', async () => {
    const damaged = Buffer.from(file);
    damaged[headBytes + PIECE + 3]! ^= 1;
    let given = 0;
    const read = async () => {
      for await (const piece of decryptFile(streamOf(damaged), new KeyRing(ours), PLACE)) given += piece.length;
    };
    await expect(read()).rejects.toThrow(/from piece 1 on/);
    expect(given).toBe(1024 * 1024);
  });
});

it('a reader gives so many bytes as it is asked for, or says how many are missing', async () => {
  const reader = new ByteReader(streamOf(Buffer.from('ab'), Buffer.alloc(0), Buffer.from('cdefg')));
  expect(String(await reader.take(3))).toBe('abc');
  expect(String(await buffer(Readable.from(reader.stream(2))))).toBe('de');
  await expect(buffer(Readable.from(reader.stream(5)))).rejects.toThrow('3 bytes are missing');
  expect(await reader.isAtEnd()).toBe(true);
});
