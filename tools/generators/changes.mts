import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { format, getFileInfo, resolveConfig } from 'prettier';
import { root } from '../local/workspace.mts';

/** Files to be written together: none is touched until all of them could be made. Paths are from the root of the workspace. */
export class Changes {
  readonly #texts = new Map<string, string>();

  read(path: string): string {
    return this.#texts.get(path) ?? readFileSync(join(root, path), 'utf8');
  }

  has(path: string): boolean {
    return this.#texts.has(path) || existsSync(join(root, path));
  }

  create(path: string, text: string): void {
    if (this.has(path)) throw new Error(`${path} is there already.`);
    this.#texts.set(path, text);
  }

  edit(path: string, change: (text: string) => string): void {
    if (!this.has(path)) throw new Error(`${path} is missing.`);
    this.#texts.set(path, change(this.read(path)));
  }

  /** Formats and writes everything; answers the paths. */
  async write(): Promise<string[]> {
    const formatted = await Promise.all([...this.#texts].map(async ([path, text]) => [path, await pretty(path, text)]));
    for (const [path, text] of formatted as [string, string][]) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    return [...this.#texts.keys()];
  }
}

async function pretty(path: string, text: string): Promise<string> {
  const file = join(root, path);
  const { ignored, inferredParser } = await getFileInfo(file, { ignorePath: join(root, '.prettierignore') });
  if (ignored || !inferredParser) return text;
  return format(text, { ...(await resolveConfig(file)), filepath: file });
}
