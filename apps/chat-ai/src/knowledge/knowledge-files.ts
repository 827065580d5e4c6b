import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface KnowledgeFile {
  /** The path inside the folder, with slashes. */
  readonly source: string;
  readonly content: string;
  readonly hash: string;
}

const READABLE = /\.(md|markdown|txt)$/i;

/** Every Markdown and text file under a folder, in the order of their names. */
export async function readKnowledge(folder: string): Promise<KnowledgeFile[]> {
  const names = (await readdir(folder, { recursive: true })).filter((name) => READABLE.test(name)).sort();
  return Promise.all(
    names.map(async (name) => {
      const content = await readFile(join(folder, name), 'utf8');
      return { source: name.replaceAll('\\', '/'), content, hash: createHash('sha256').update(content).digest('hex') };
    }),
  );
}
