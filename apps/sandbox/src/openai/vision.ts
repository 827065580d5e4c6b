import { createHash } from 'node:crypto';
import sharp from 'sharp';
import { imageSize } from '../kit/image-size';
import { unreadableImage } from './api-error';
import type { Language } from './conversation';

/** Sizes of a picture are counted in patches of 32 × 32 pixels, each worth this many tokens (measured by others). */
const PATCH = 32;
const TOKENS_PER_PATCH = 1.2;
/** `high` scales down to about this many patches. */
const MOST_PATCHES = 2500;
const LOW_DETAIL = 85;
/** What 1024 × 1024 pixels once cost, for pictures that cannot be measured. */
const UNMEASURED = 765;

/** Throws the 400 for a picture that came along and is none; what has an address is not fetched. */
export function assertReadable(url: string): void {
  const bytes = bytesIn(url);
  if (bytes && !imageSize(bytes)) throw unreadableImage();
}

/** What a picture costs as prompt tokens. */
export function imageTokens(url: string, detail: string): number {
  if (detail === 'low') return LOW_DETAIL;
  const size = imageSize(bytesIn(url) ?? Buffer.alloc(0));
  if (!size) return UNMEASURED;
  const patches = Math.ceil(size.width / PATCH) * Math.ceil(size.height / PATCH);
  return Math.ceil((detail === 'high' ? Math.min(patches, MOST_PATCHES) : patches) * TOKENS_PER_PATCH);
}

/**
 * What the sandbox's model sees: format, size, prevailing colour and a hash, so that the same picture is always
 * described alike; of a picture it has drawn itself, what was asked for. It fetches nothing.
 */
export async function describeImage(url: string, language: Language): Promise<string> {
  const bytes = bytesIn(url);
  if (!bytes) return url;
  const type = /^data:([^;,]+)/.exec(url)?.[1] ?? 'image';
  const size = imageSize(bytes)!;
  const colour = (await prevailingColour(bytes))?.[language];
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 8);
  const drawn = textChunk(bytes, 'Description');
  const facts = [type, `${size.width} × ${size.height}`, colour, hash, drawn && `“${drawn}”`];
  return facts.filter(Boolean).join(', ');
}

function bytesIn(url: string): Buffer | undefined {
  const data = /^data:[^,]*;base64,(.*)$/s.exec(url)?.[1];
  return data === undefined ? undefined : Buffer.from(data, 'base64');
}

/** The text that a PNG carries under a keyword. */
function textChunk(png: Buffer, keyword: string): string | undefined {
  const chunk = chunksOf(png).find(
    ({ type, data }) => type === 'iTXt' && data.toString('latin1').startsWith(`${keyword}\0`),
  );
  return chunk?.data.subarray(keyword.length + 5).toString();
}

function chunksOf(png: Buffer): { type: string; data: Buffer }[] {
  if (png.length < 8 || png.readUInt32BE(0) !== 0x89504e47) return [];
  const chunks: { type: string; data: Buffer }[] = [];
  for (let at = 8; at + 12 <= png.length;) {
    const length = png.readUInt32BE(at);
    chunks.push({ type: png.toString('latin1', at + 4, at + 8), data: png.subarray(at + 8, at + 8 + length) });
    at += 12 + length;
  }
  return chunks;
}

const COLOURS = [
  { en: 'black', ru: 'чёрная', rgb: [0, 0, 0] },
  { en: 'white', ru: 'белая', rgb: [255, 255, 255] },
  { en: 'grey', ru: 'серая', rgb: [128, 128, 128] },
  { en: 'red', ru: 'красная', rgb: [210, 40, 40] },
  { en: 'orange', ru: 'оранжевая', rgb: [240, 150, 40] },
  { en: 'yellow', ru: 'жёлтая', rgb: [240, 220, 60] },
  { en: 'green', ru: 'зелёная', rgb: [60, 170, 70] },
  { en: 'blue', ru: 'синяя', rgb: [50, 90, 210] },
  { en: 'purple', ru: 'лиловая', rgb: [140, 60, 180] },
  { en: 'pink', ru: 'розовая', rgb: [240, 150, 190] },
  { en: 'brown', ru: 'коричневая', rgb: [130, 80, 40] },
];

/** The one nearest to the average of its pixels; undefined for what cannot be decoded. */
async function prevailingColour(bytes: Buffer): Promise<(typeof COLOURS)[number] | undefined> {
  const statistics = await sharp(bytes)
    .flatten({ background: '#ffffff' })
    .toColourspace('srgb')
    .stats()
    .catch(() => undefined);
  if (!statistics) return undefined;
  const [red, green = red, blue = red] = statistics.channels.map(({ mean }) => mean);
  const distance = ([r, g, b]: readonly number[]) => Math.hypot(r! - red!, g! - green!, b! - blue!);
  return COLOURS.toSorted((one, other) => distance(one.rgb) - distance(other.rgb))[0];
}
