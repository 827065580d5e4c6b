import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';

const Saved = z.looseObject({ version: z.literal(1) });

const DEBOUNCE_MS = 250;
/** Writing takes at most this share of the time, however much there is to write. */
const SHARE = 1 / 10;

/** Keeps a third party's state in one JSON file, written some moments after a change and renamed into place. */
export class Snapshot {
  private timer?: NodeJS.Timeout;
  private writing: Promise<void> = Promise.resolve();
  private written = '';
  private lastMs = 0;

  constructor(
    private readonly path: string,
    private readonly save: () => object,
  ) {}

  /** Undefined when there is nothing to load. Throws on a file that is no snapshot, rather than overwrite it. */
  async load(): Promise<unknown> {
    const source = await readFile(this.path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (source === undefined) return undefined;
    try {
      return Saved.parse(JSON.parse(source));
    } catch (error) {
      throw new Error(`${this.path} is not what this sandbox has written; move it away to begin anew`, {
        cause: error,
      });
    }
  }

  /** Something may have changed. */
  touch(): void {
    this.timer ??= setTimeout(
      () => this.flush().catch(console.error),
      Math.max(DEBOUNCE_MS, this.lastMs / SHARE),
    ).unref();
  }

  flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    // One write after the other, and a failed one does not stop the next.
    this.writing = this.writing.catch(() => undefined).then(() => this.write());
    return this.writing;
  }

  private async write(): Promise<void> {
    const begun = performance.now();
    const source = JSON.stringify({ version: 1, ...this.save() });
    if (source === this.written) return;
    await mkdir(dirname(this.path), { recursive: true });
    await writeFile(`${this.path}.part`, source);
    await rename(`${this.path}.part`, this.path);
    this.written = source;
    this.lastMs = performance.now() - begun;
  }
}
