import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { imageSize } from '../kit/image-size';
import type { Upload } from '../kit/forms';
import { badRequest } from './api-error';
import { type MediaKind, opaqueId, type StoredFile, type TelegramState } from './state';

const MB = 1024 * 1024;
const FETCH_DEADLINE_MS = 10_000;

const USUAL: Record<MediaKind, { folder: string; mimeType: string; extension: string }> = {
  photo: { folder: 'photos', mimeType: 'image/jpeg', extension: '.jpg' },
  document: { folder: 'documents', mimeType: 'application/octet-stream', extension: '' },
  voice: { folder: 'voice', mimeType: 'audio/ogg', extension: '.oga' },
  audio: { folder: 'music', mimeType: 'audio/mpeg', extension: '.mp3' },
  video: { folder: 'videos', mimeType: 'video/mp4', extension: '.mp4' },
  animation: { folder: 'animations', mimeType: 'video/mp4', extension: '.mp4' },
  video_note: { folder: 'video_notes', mimeType: 'video/mp4', extension: '.mp4' },
  sticker: { folder: 'stickers', mimeType: 'image/webp', extension: '.webp' },
};

const ID_PREFIX = 'BQACAgIAAx';
/** Whether it has the form of an id, of a file that is there or gone. */
export const isFileId = (id: string) => id.startsWith(ID_PREFIX);

const NAMED: MediaKind[] = ['document', 'audio', 'video', 'animation'];

/** What the sender says of a file; `duration` in seconds. */
export interface MediaFacts {
  duration?: number;
  width?: number;
  height?: number;
}

/** The bytes of what was sent, one file each in a folder. */
export class Files {
  constructor(
    private readonly state: TelegramState,
    private readonly folder: string,
  ) {}

  /** Throws ApiError 400 when Telegram would not take it as such media. */
  async add(kind: MediaKind, upload: Upload, facts: MediaFacts = {}): Promise<StoredFile> {
    const { bytes, name } = upload;
    if (bytes.length === 0) throw badRequest('file must be non-empty');
    const usual = USUAL[kind];
    const size = kind === 'photo' ? photoSize(bytes) : (imageSize(bytes) ?? sizeIn(facts));
    const seconds = facts.duration ?? oggSeconds(bytes) ?? 0;
    const file: StoredFile = {
      id: opaqueId(ID_PREFIX, 30),
      uniqueId: opaqueId('AgAD', 8),
      kind,
      path: `${usual.folder}/file_${this.state.files.size}${extname(name ?? '') || usual.extension}`,
      mimeType: specific(upload.mimeType) ?? usual.mimeType,
      ...(NAMED.includes(kind) && name && { name }),
      bytes: bytes.length,
      ...(kind !== 'photo' && kind !== 'document' && kind !== 'sticker' && { duration: seconds }),
      ...(kind !== 'document' && size),
    };
    await mkdir(this.folder, { recursive: true });
    // Renaming makes the file appear whole, whatever kills the process meanwhile.
    await writeFile(`${this.pathOf(file)}.part`, bytes);
    await rename(`${this.pathOf(file)}.part`, this.pathOf(file));
    this.state.files.set(file.id, file);
    return file;
  }

  /** A file the bot names: by id, or by the address to fetch it from. */
  async named(kind: MediaKind, reference: string, facts?: MediaFacts): Promise<StoredFile> {
    if (/^https?:\/\//i.test(reference)) return this.add(kind, await download(reference, kind), facts);
    const file = this.state.files.get(reference);
    if (!file) throw badRequest('wrong remote file identifier specified: Wrong string length');
    if (file.kind !== kind) throw badRequest(`can't use file of type ${title(file.kind)} as ${title(kind)}`);
    return file;
  }

  pathOf(file: StoredFile): string {
    return join(this.folder, file.uniqueId);
  }

  byPath(path: string): StoredFile | undefined {
    return [...this.state.files.values()].find((file) => file.path === path);
  }

  async removeAll(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Limits of the Bot API for photos: 10 MB, sides of 10000 px together, ratio 20. */
function photoSize(bytes: Buffer) {
  if (bytes.length > 10 * MB) throw badRequest('file is too big');
  const size = imageSize(bytes);
  if (!size) throw badRequest('IMAGE_PROCESS_FAILED');
  const { width, height } = size;
  if (width + height > 10_000 || Math.max(width, height) > 20 * Math.min(width, height)) {
    throw badRequest('PHOTO_INVALID_DIMENSIONS');
  }
  return size;
}

/** From this machine only: a sandbox reaches out to nobody. Follows no redirects and reads no more than Telegram would. */
async function download(source: string, kind: MediaKind): Promise<Upload> {
  const unreachable = badRequest('failed to get HTTP URL content');
  const url = URL.parse(source);
  if (!url || !/^(localhost|127\.[\d.]+|\[::1\])$/.test(url.hostname)) throw unreachable;
  const response = await fetch(url, { signal: AbortSignal.timeout(FETCH_DEADLINE_MS), redirect: 'error' }).catch(
    () => undefined,
  );
  if (!response?.ok || !response.body) throw unreachable;
  const limit = (kind === 'photo' ? 5 : 20) * MB;
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      length += chunk.length;
      if (length > limit) break;
      chunks.push(chunk);
    }
  } catch {
    throw unreachable;
  }
  if (length > limit) throw badRequest('file is too big');
  const mimeType = response.headers.get('content-type')?.split(';')[0];
  if (mimeType === 'text/html') throw badRequest('wrong type of the web page content');
  const name = decodeURIComponent(url.pathname.split('/').at(-1) ?? '');
  return { bytes: Buffer.concat(chunks), ...(name && { name }), mimeType };
}

/** Form libraries say octet-stream when they do not know. */
const specific = (mimeType?: string) => (mimeType === 'application/octet-stream' ? undefined : mimeType);

const title = (kind: MediaKind) => kind[0]!.toUpperCase() + kind.slice(1);

const sizeIn = ({ width, height }: MediaFacts) => (width && height ? { width, height } : undefined);

/** Seconds of an Ogg/Opus file, from the granule position of its last page; Opus always counts at 48 kHz. */
function oggSeconds(bytes: Buffer): number | undefined {
  const lastPage = bytes.lastIndexOf('OggS');
  if (bytes.toString('latin1', 0, 4) !== 'OggS' || lastPage + 14 > bytes.length) return undefined;
  return Math.max(1, Math.round(Number(bytes.readBigUInt64LE(lastPage + 6)) / 48_000));
}
