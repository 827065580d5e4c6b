import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { badRequest } from './api-error';
import { imageSize, oggSeconds } from './media-facts';
import type { Upload } from './read-call';
import { type MediaKind, opaqueId, type StoredFile, type TelegramState } from './state';

const MB = 1024 * 1024;
const FETCH_DEADLINE_MS = 10_000;

const FOLDER: Record<MediaKind, string> = { photo: 'photos', document: 'documents', voice: 'voice', audio: 'music' };

const USUAL: Record<MediaKind, { mimeType: string; extension: string }> = {
  photo: { mimeType: 'image/jpeg', extension: '.jpg' },
  document: { mimeType: 'application/octet-stream', extension: '' },
  voice: { mimeType: 'audio/ogg', extension: '.oga' },
  audio: { mimeType: 'audio/mpeg', extension: '.mp3' },
};

/** The bytes of what was sent, one file each in a folder. */
export class Files {
  constructor(
    private readonly state: TelegramState,
    private readonly folder: string,
  ) {}

  /** `duration` in seconds. Throws ApiError 400 when Telegram would not take it as such media. */
  async add(kind: MediaKind, upload: Upload, duration?: number): Promise<StoredFile> {
    const { bytes, name } = upload;
    if (bytes.length === 0) throw badRequest('file must be non-empty');
    const usual = USUAL[kind];
    const size = kind === 'photo' ? photoSize(bytes) : undefined;
    const file: StoredFile = {
      id: opaqueId('BQACAgIAAx', 30),
      uniqueId: opaqueId('AgAD', 8),
      kind,
      path: `${FOLDER[kind]}/file_${this.state.files.size}${extname(name ?? '') || usual.extension}`,
      mimeType: specific(upload.mimeType) ?? usual.mimeType,
      ...((kind === 'document' || kind === 'audio') && name && { name }),
      bytes: bytes.length,
      ...((kind === 'voice' || kind === 'audio') && { duration: duration ?? oggSeconds(bytes) ?? 0 }),
      ...size,
    };
    await mkdir(this.folder, { recursive: true });
    // Renaming makes the file appear whole, whatever kills the process meanwhile.
    await writeFile(`${this.pathOf(file)}.part`, bytes);
    await rename(`${this.pathOf(file)}.part`, this.pathOf(file));
    this.state.files.set(file.id, file);
    return file;
  }

  /** A file the bot names: by id, or by the address to fetch it from. */
  async named(kind: MediaKind, reference: string, duration?: number): Promise<StoredFile> {
    if (/^https?:\/\//i.test(reference)) return this.add(kind, await download(reference, kind), duration);
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

async function download(url: string, kind: MediaKind): Promise<Upload> {
  const response = await fetch(url, { signal: AbortSignal.timeout(FETCH_DEADLINE_MS) }).catch(() => undefined);
  if (!response?.ok) throw badRequest('failed to get HTTP URL content');
  const bytes = Buffer.from(await response.arrayBuffer());
  if (bytes.length > (kind === 'photo' ? 5 : 20) * MB) throw badRequest('file is too big');
  const name = new URL(url).pathname.split('/').at(-1);
  return { bytes, name: name || undefined, mimeType: response.headers.get('content-type')?.split(';')[0] };
}

/** Form libraries say octet-stream when they do not know. */
const specific = (mimeType?: string) => (mimeType === 'application/octet-stream' ? undefined : mimeType);

const title = (kind: MediaKind) => kind[0]!.toUpperCase() + kind.slice(1);
