import sharp from 'sharp';
import { crc32, deflateSync } from 'node:zlib';
import { preparePicture, UnusablePicture } from './picture';

/** The beginning of a PNG: what it says of itself, and then too little. */
function png({
  width,
  height,
  depth,
  interlaced,
}: {
  width: number;
  height: number;
  depth: 8 | 16;
  interlaced: boolean;
}) {
  const chunk = (type: string, data: Buffer) => {
    const typed = Buffer.concat([Buffer.from(type), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(typed));
    return Buffer.concat([length, typed, sum]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([depth, 2, 0, 0, interlaced ? 1 : 0], 8);
  const magic = Buffer.from('89504e470d0a1a0a', 'hex');
  return Buffer.concat([
    magic,
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(Buffer.alloc(1000))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

describe('pictures', () => {
  const problemOf = (bytes: Buffer) => preparePicture(bytes).catch((error: UnusablePicture) => error.problem);

  it('one that would take too much memory is refused by what its head says, without being decoded', async () => {
    expect(await problemOf(png({ width: 8000, height: 8000, depth: 16, interlaced: true }))).toBe('picture_too_large');
    expect(await problemOf(png({ width: 8000, height: 8000, depth: 16, interlaced: false }))).toBe('picture_too_large');
    expect(await problemOf(png({ width: 8000, height: 8000, depth: 8, interlaced: true }))).toBe('picture_too_large');
    // Begun, and found to be damaged.
    expect(await problemOf(png({ width: 300, height: 300, depth: 16, interlaced: true }))).toBe('picture_unreadable');
  });

  it('one is decoded at a time', async () => {
    const bytes = await sharp({ create: { width: 2000, height: 2000, channels: 3, background: '#d22828' } })
      .png()
      .toBuffer();
    let isDone = false;
    const album = Promise.all(Array.from({ length: 4 }, () => preparePicture(bytes))).finally(() => (isDone = true));
    let most = 0;
    while (!isDone) {
      const { queue, process } = sharp.counters();
      // One that has just begun may be in both.
      most = Math.max(most, queue, process);
      await new Promise(setImmediate);
    }
    await album;
    expect(most).toBe(1);
  });
});
