import { readFile } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, brotliDecompress, constants, gzip } from 'node:zlib';

export type Encoding = 'br' | 'gzip' | 'identity';

export interface PageFile {
  type: string;
  encoding: Encoding;
  bytes: Buffer;
}

const TYPES: Record<string, string> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
};
/** These are packed already. */
const PACKED = ['.png', '.woff2'];
/** One after the other: no way out of the folder, and nothing that is hidden. */
const NAME = /^[\w-][\w.-]*$/;

const packers = {
  // The best takes a second for what is used once a release; this is a hundredth larger.
  br: (bytes: Buffer) => promisify(brotliCompress)(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }),
  gzip: (bytes: Buffer) => promisify(gzip)(bytes, { level: 9 }),
  identity: (bytes: Buffer) => Promise.resolve(bytes),
};

export const pack = (bytes: Buffer, encoding: Encoding): Promise<Buffer> => packers[encoding](bytes);

/** What Vite has made of one of the web apps. Its assets are named after what is in them, so they are kept once read. */
export class PageFiles {
  private readonly kept = new Map<string, Promise<PageFile | undefined>>();

  constructor(private readonly folder: string) {}

  /** Of a web app of this repository, whether it is built or not. */
  static of(app: string): PageFiles {
    return new PageFiles(join(dirname(require.resolve(`@switchboard/${app}/package.json`)), 'dist'));
  }

  /** The page itself; undefined when nobody has built it. */
  page(): Promise<string | undefined> {
    return readFile(join(this.folder, 'index.html'), 'utf8').catch(missing);
  }

  asset(name: string, encoding: Encoding): Promise<PageFile | undefined> {
    const extension = extname(name);
    const type = TYPES[extension];
    if (!NAME.test(name) || !type) return Promise.resolve(undefined);
    const used = PACKED.includes(extension) ? 'identity' : encoding;
    const key = `${used} ${name}`;
    const known = this.kept.get(key);
    if (known) return known;
    const file = this.read(name, type, used);
    this.kept.set(key, file);
    // It may be built later, and names that nobody has are not collected.
    void file.then(
      (found) => found ?? this.kept.delete(key),
      () => this.kept.delete(key),
    );
    return file;
  }

  private async read(name: string, type: string, encoding: Encoding): Promise<PageFile | undefined> {
    const path = join(this.folder, 'assets', name);
    const plain = await readFile(path).catch(missing);
    if (plain) return { type, encoding, bytes: await pack(plain, encoding) };
    const packed = await readFile(`${path}.br`).catch(missing);
    if (!packed || encoding === 'br') return packed && { type, encoding, bytes: packed };
    return { type, encoding, bytes: await pack(await promisify(brotliDecompress)(packed), encoding) };
  }
}

function missing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
