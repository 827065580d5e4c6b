import { createHash } from 'node:crypto';
import type { Response } from 'express';
import { crc32, deflateSync } from 'node:zlib';
import { z } from 'zod';
import type { Fault } from '../kit/faults';
import { pause } from '../kit/http';
import { ApiError, parseRequest } from './api-error';
import { EventStream } from './chat';
import type { Context } from './context';
import { type Call, endpoint, formOf } from './endpoint';
import { countTokens } from './tokens';

const MAX_PROMPT = 32_000;
const MAX_IMAGE = 50 * 1024 * 1024;
/** Enough to try out what follows a refusal. */
const FORBIDDEN = /\b(gore|nude)\b|расчлен[её]нк|порно/i;
/** How many tokens a picture of the usual size costs, by quality; others in proportion. */
const TOKENS: Record<string, number> = { low: 272, medium: 1056, high: 4160, xhigh: 6240, max: 8320, auto: 1056 };

const shared = {
  model: z.string().default('gpt-image-2.6-flare'),
  prompt: z.string().min(1).max(MAX_PROMPT),
  n: z.coerce.number().int().min(1).max(10).default(1),
  size: z.string().default('auto'),
  quality: z.enum(['auto', 'low', 'medium', 'high', 'xhigh', 'max']).default('auto'),
  background: z.enum(['auto', 'opaque', 'transparent']).default('auto'),
  output_format: z.enum(['png', 'jpeg', 'webp']).default('png'),
  partial_images: z.coerce.number().int().min(0).max(3).default(0),
};
const Generation = z.strictObject({
  ...shared,
  stream: z.boolean().default(false),
  moderation: z.enum(['auto', 'low']).optional(),
  output_compression: z.number().min(0).max(100).optional(),
  complexity: z.enum(['low', 'medium', 'high']).optional(),
  safety_identifier: z.string().optional(),
});
const Edit = z.object({ ...shared, stream: z.stringbool().default(false) });
type Wanted = z.infer<typeof Edit>;

/** `POST /images/generations` */
export const generationsEndpoint = (context: Context) =>
  endpoint(context, 'images', (call) =>
    draw(context, call, parseRequest(Generation, call.req.body), '', 'image_generation'),
  );

/** `POST /images/edits`: what comes out follows from the prompt and the pictures that were sent. */
export const editsEndpoint = (context: Context) =>
  endpoint(context, 'images', async (call) => {
    const { fields, files } = await formOf(call, MAX_IMAGE);
    const wanted = parseRequest(Edit, fields);
    const sent = [...(files['image'] ?? []), ...(files['mask'] ?? []), ...(files['markup'] ?? [])];
    if (!files['image']) throw new ApiError(400, "Missing required parameter: 'image'.", { param: 'image' });
    const seed = createHash('sha256');
    sent.forEach(({ bytes }) => seed.update(bytes));
    await draw(context, call, wanted, seed.digest('hex'), 'image_edit');
  });

async function draw(context: Context, { req, res, fault }: Call, wanted: Wanted, seed: string, event: string) {
  const { model, prompt, n, quality, background, output_format, stream, partial_images } = wanted;
  context.modelFor('images', model);
  if (output_format !== 'png') {
    throw new ApiError(400, `The sandbox draws 'png' only, not '${output_format}'.`, {
      param: 'output_format',
      code: 'unsupported_value',
    });
  }
  if (FORBIDDEN.test(prompt)) {
    throw new ApiError(400, 'Your request was rejected by the safety system.', { code: 'moderation_blocked' });
  }
  const { width, height } = sizeOf(wanted.size);
  const pictures = Array.from({ length: n }, (_, index) =>
    drawPicture({ prompt, key: `${prompt}\n${seed}\n${width}x${height}\n${index}`, width, height, background }),
  );
  const usage = usageOf(prompt, n * Math.ceil((TOKENS[quality]! * width * height) / 1024 ** 2) + partial_images * 100);
  context.spend(req, usage.total_tokens);
  await pause(res, context.pace.firstTokenMs);
  const facts = {
    background: background === 'auto' ? 'opaque' : background,
    output_format,
    quality,
    size: `${width}x${height}`,
  };
  const created = Math.floor(Date.now() / 1000);
  const encoded = pictures.map((png, index) => encode(png, index === n - 1 ? fault : undefined));
  if (!stream) return void res.json({ created, ...facts, data: encoded.map((b64_json) => ({ b64_json })), usage });
  await sendStreamed(context, res, { event, encoded, partial_images, facts: { created_at: created, ...facts }, usage });
}

async function sendStreamed(
  context: Context,
  res: Response,
  sent: { event: string; encoded: string[]; partial_images: number; facts: object; usage: object },
): Promise<void> {
  const events = new EventStream(res);
  const say = async (name: string, body: object) => {
    const type = `${sent.event}.${name}`;
    await events.data({ type, ...body, ...sent.facts }, type);
  };
  for (const b64_json of sent.encoded) {
    for (let index = 0; index < sent.partial_images; index += 1) {
      await say('partial_image', { b64_json, partial_image_index: index });
      await pause(res, context.pace.betweenTokensMs);
    }
    await say('completed', { b64_json, usage: sent.usage });
  }
  events.end();
}

function encode(png: Buffer, fault: Fault | undefined): string {
  const whole = png.toString('base64');
  return fault?.kind === 'truncated' ? whole.slice(0, whole.length >> 1) : whole;
}

function usageOf(prompt: string, image: number) {
  const text = countTokens(prompt);
  return {
    input_tokens: text,
    input_tokens_details: { text_tokens: text, image_tokens: 0 },
    output_tokens: image,
    output_tokens_details: { image_tokens: image, text_tokens: 0 },
    total_tokens: text + image,
  };
}

function sizeOf(size: string): { width: number; height: number } {
  if (size === 'auto') return { width: 1024, height: 1024 };
  const [, width = 0, height = 0] = (/^(\d+)x(\d+)$/.exec(size) ?? []).map(Number);
  const ratio = width / height;
  const fits = width % 16 === 0 && height % 16 === 0 && ratio >= 1 / 3 && ratio <= 3;
  if (fits && Math.max(width, height) <= 3840 && Math.min(width, height) <= 2160) return { width, height };
  throw new ApiError(400, `Invalid size '${size}'.`, { param: 'size', code: 'invalid_value' });
}

interface Picture {
  prompt: string;
  /** What decides all that is drawn. */
  key: string;
  width: number;
  height: number;
  background: string;
}

/** A PNG of a symmetrical pattern that follows from the key alone. It carries its prompt as the text `Description`. */
function drawPicture({ prompt, key, width, height, background }: Picture): Buffer {
  const hash = createHash('sha256').update(key).digest();
  const hue = hash.readUInt16BE(0) % 360;
  const back = background === 'transparent' ? [0, 0, 0, 0] : [...colour(hue, 0.35, 0.92), 255];
  const inks = [colour(hue, 0.6, 0.45), colour((hue + 40 + (hash[2]! % 60)) % 360, 0.65, 0.55)];
  const cells = 8;
  const rows: Buffer[] = [];
  let drawnCell = -1;
  for (let y = 0; y < height; y += 1) {
    const cellY = Math.floor((y * cells) / height);
    // Rows of one cell are alike; deflate makes nothing of them.
    if (cellY !== drawnCell) {
      const row = Buffer.alloc(1 + width * 4);
      for (let x = 0; x < width; x += 1) {
        const cellX = Math.floor((x * cells) / width);
        const bit = hash[4 + ((cellY * 4 + Math.min(cellX, cells - 1 - cellX)) % 28)]!;
        const ink = bit & 1 ? [...inks[(bit >> 1) & 1]!, 255] : back;
        row.set(ink, 1 + x * 4);
      }
      rows[cellY] = row;
      drawnCell = cellY;
    }
  }
  const raw = Buffer.concat(Array.from({ length: height }, (_, y) => rows[Math.floor((y * cells) / height)]!));
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 6, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', head),
    // Keyword, no compression, no language, no translated keyword, text.
    chunk('iTXt', Buffer.from(`Description\0\0\0\0\0${prompt.slice(0, 1000)}`)),
    chunk('IDAT', deflateSync(raw, { level: 6 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), data]);
  const whole = Buffer.alloc(8 + body.length);
  whole.writeUInt32BE(data.length, 0);
  body.copy(whole, 4);
  whole.writeUInt32BE(crc32(body), 4 + body.length);
  return whole;
}

/** Red, green and blue of 0…255. */
function colour(hue: number, saturation: number, lightness: number): number[] {
  const range = saturation * Math.min(lightness, 1 - lightness);
  return [0, 8, 4].map((offset) => {
    const turn = (offset + hue / 30) % 12;
    return Math.round(255 * (lightness - range * Math.max(-1, Math.min(turn - 3, 9 - turn, 1))));
  });
}
