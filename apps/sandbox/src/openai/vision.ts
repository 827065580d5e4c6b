import { createHash } from 'node:crypto';
import { inflateSync } from 'node:zlib';
import { imageSize } from '../kit/image-size';
import type { Language } from './conversation';

/** Sizes of a picture are counted in patches of 32 × 32 pixels, each worth this many tokens (measured by others). */
const PATCH = 32;
const TOKENS_PER_PATCH = 1.2;
/** `high` scales down to about this many patches. */
const MOST_PATCHES = 2500;
const LOW_DETAIL = 85;
/** What 1024 × 1024 pixels once cost, for pictures that cannot be measured. */
const UNMEASURED = 765;

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
export function describeImage(url: string, language: Language): string {
  const bytes = bytesIn(url);
  if (!bytes) return url;
  const type = /^data:([^;,]+)/.exec(url)?.[1] ?? 'image';
  const size = imageSize(bytes);
  if (!size) return `${type}, ${language === 'ru' ? 'не читается' : 'unreadable'}`;
  const colour = prevailingColour(bytes)?.[language];
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 8);
  const drawn = textChunk(bytes, 'Description');
  const facts = [type, `${size.width} × ${size.height}`, colour, `#${hash}`, drawn && `“${drawn}”`];
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

/** The one nearest to the average of a PNG of 8 bits a channel; undefined for other pictures. */
function prevailingColour(bytes: Buffer): (typeof COLOURS)[number] | undefined {
  const chunks = chunksOf(bytes);
  const head = chunks.find(({ type }) => type === 'IHDR')?.data;
  const channels = { 2: 3, 6: 4 }[head?.[9] ?? 0];
  if (!head || !channels || head[8] !== 8 || head[12] !== 0) return undefined;
  try {
    const pixels = unfilter(
      inflateSync(Buffer.concat(chunks.filter(({ type }) => type === 'IDAT').map(({ data }) => data))),
      head.readUInt32BE(0) * channels,
      channels,
    );
    const sums = [0, 0, 0];
    for (let at = 0; at < pixels.length; at += channels) sums.forEach((_, i) => (sums[i]! += pixels[at + i]!));
    const average = sums.map((sum) => sum / (pixels.length / channels));
    const distance = (colour: number[]) => Math.hypot(...colour.map((value, i) => value - average[i]!));
    return [...COLOURS].sort((a, b) => distance(a.rgb) - distance(b.rgb))[0];
  } catch {
    return undefined;
  }
}

/** Undoes the filters of a PNG's rows (PNG specification §9). */
function unfilter(data: Buffer, width: number, channels: number): Buffer {
  const rows = Math.floor(data.length / (width + 1));
  const out = Buffer.alloc(rows * width);
  for (let y = 0; y < rows; y += 1) {
    const filter = data[y * (width + 1)]!;
    for (let x = 0; x < width; x += 1) {
      const left = x >= channels ? out[y * width + x - channels]! : 0;
      const up = y > 0 ? out[(y - 1) * width + x]! : 0;
      const corner = x >= channels && y > 0 ? out[(y - 1) * width + x - channels]! : 0;
      const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter] ?? 0;
      out[y * width + x] = data[y * (width + 1) + 1 + x]! + guess;
    }
  }
  return out;
}

function paeth(left: number, up: number, corner: number): number {
  const [a, b, c] = [up - corner, left - corner, left + up - 2 * corner].map(Math.abs) as [number, number, number];
  if (a <= b && a <= c) return left;
  return b <= c ? up : corner;
}
