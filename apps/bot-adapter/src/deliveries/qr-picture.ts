import { createRequire } from 'node:module';
import { encode } from 'uqr';

/** Of a side of a module; with some fifty of them the picture fills a phone. */
const MODULE_PX = 12;

/** A text as a picture that cameras read: a PNG, black on white in every theme. */
export async function qrPicture(text: string): Promise<Buffer> {
  const { data, size } = encode(text, { ecc: 'M', border: 3 });
  const pixels = Buffer.from(data.flatMap((row) => row.map((isDark) => (isDark ? 0 : 255))));
  return loadSharp()(pixels, { raw: { width: size, height: size, channels: 1 } })
    .resize(size * MODULE_PX, size * MODULE_PX, { kernel: 'nearest' })
    .png()
    .toBuffer();
}

/** Native code of some 20 MB that many installations never need. */
const loadSharp = () => createRequire(__filename)('sharp') as typeof import('sharp');
