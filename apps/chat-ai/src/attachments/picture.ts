import { bulkhead } from 'cockatiel';
import { createRequire } from 'node:module';
import type { Metadata } from 'sharp';
import type { AttachmentProblem } from './attachment-texts';

/** A picture as models get it. */
export interface Picture {
  readonly mimeType: 'image/jpeg';
  readonly bytes: Buffer;
  readonly width: number;
  readonly height: number;
}

/** Thrown for what is no picture that can be shown. */
export class UnusablePicture extends Error {
  override readonly name = 'UnusablePicture';

  constructor(
    readonly problem: AttachmentProblem,
    options?: ErrorOptions,
  ) {
    super(problem, options);
  }
}

/** A page of print can still be read at this size, and no vendor would make it smaller by itself. */
const LONGEST_SIDE = 1280;
const JPEG_QUALITY = 85;
/** Cameras of phones stay below both. */
const MOST_PIXELS = 64_000_000;
const MOST_DECODED_BYTES = 256 * 1024 * 1024;
const TIMEOUT_SECONDS = 15;

/**
 * Vendors count pictures in patches of 32 × 32 pixels, each worth this many tokens. Source: OpenAI's guide "Images and vision",
 * and what its models told they had used; others count no more.
 */
const PATCH = 32;
const TOKENS_PER_PATCH = 1.2;

export const pictureTokens = ({ width, height }: Pick<Picture, 'width' | 'height'>): number =>
  Math.ceil(Math.ceil(width / PATCH) * Math.ceil(height / PATCH) * TOKENS_PER_PATCH);

/** By its first bytes: a name or a type that a client tells may say anything. No other decoder is ever run on what strangers send. */
export function isPicture(bytes: Buffer): boolean {
  const start = bytes.toString('latin1', 0, 12);
  return /^(?:\u00FF\u00D8\u00FF|\u0089PNG\r\n|GIF8[79]a|RIFF[\s\S]{4}WEBP)/.test(start);
}

/** Pictures are decoded in the process of the service: one at a time, so that an album, or several people, take no more memory than one. */
const decoders = bulkhead(1, Infinity);

/**
 * Turned upright, made smaller where it is large, on white where it is transparent, and without what cameras write into
 * it, such as the place. Of a moving picture the first one.
 * @throws UnusablePicture
 */
export function preparePicture(bytes: Buffer, { signal, before }: PreparePictureOptions = {}): Promise<Picture> {
  return decoders.execute(async () => {
    signal?.throwIfAborted();
    await before?.();
    return decode(bytes);
  }, signal);
}

interface PreparePictureOptions {
  readonly signal?: AbortSignal;
  /** Called when its turn has come; what it throws is thrown. */
  readonly before?: () => Promise<void>;
}

async function decode(bytes: Buffer): Promise<Picture> {
  const sharp = loadSharp();
  try {
    // Reads the head only.
    if (decodedBytes(await sharp(bytes, OPTIONS).metadata()) > MOST_DECODED_BYTES)
      throw new UnusablePicture('picture_too_large');
    const { data, info } = await sharp(bytes, OPTIONS)
      .timeout({ seconds: TIMEOUT_SECONDS })
      .autoOrient()
      .resize({ width: LONGEST_SIDE, height: LONGEST_SIDE, fit: 'inside', withoutEnlargement: true })
      .flatten({ background: '#ffffff' })
      .jpeg({ quality: JPEG_QUALITY })
      .toBuffer({ resolveWithObject: true });
    return { mimeType: 'image/jpeg', bytes: data, width: info.width, height: info.height };
  } catch (error) {
    if (error instanceof UnusablePicture) throw error;
    const isTooLarge = /pixel limit/.test(String(error));
    throw new UnusablePicture(isTooLarge ? 'picture_too_large' : 'picture_unreadable', { cause: error });
  }
}

const OPTIONS = { limitInputPixels: MOST_PIXELS, failOn: 'error', pages: 1 } as const;

/** At most. An interlaced PNG and a progressive JPEG lie in memory as a whole, and beside that as they were packed. */
function decodedBytes({ width, height, channels, depth, isProgressive }: Metadata): number {
  const bytesPerChannel = depth === 'uchar' || depth === 'char' ? 1 : depth === 'ushort' || depth === 'short' ? 2 : 4;
  return width * height * channels * bytesPerChannel * (isProgressive ? 2 : 1);
}

/** Native code of some 20 MB that many installations never need; loaded with the first picture. */
function loadSharp(): typeof import('sharp') {
  const sharp = createRequire(__filename)('sharp') as typeof import('sharp');
  sharp.cache(false);
  // Several people's pictures side by side keep the processors busy; threads of one picture would take them from turns.
  sharp.concurrency(1);
  return sharp;
}
