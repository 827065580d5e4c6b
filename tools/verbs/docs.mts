import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { root } from '../local/workspace.mts';
import { build } from './build.mts';

/** `npm run docs`: writes the documents that are made from the code; with `--check` it only says which are stale. */
export async function main(args: string[]): Promise<number> {
  await build();
  // They are made from what was just built, so they cannot be imported earlier.
  const { documents } = await import('../docs/documents.mts');
  const stale: { file: string; text: string }[] = [];
  for (const { path, text: raw } of await documents()) {
    const file = join(root, path);
    const text = await format(raw, { ...(await resolveConfig(file)), filepath: file });
    if (existsSync(file) && readFileSync(file, 'utf8') === text) continue;
    stale.push({ file, text });
    console.log(
      args.includes('--check') ? `${path} is stale: run \`npm run docs\` and commit it.` : `Written: ${path}`,
    );
  }
  if (args.includes('--check')) return stale.length > 0 ? 1 : 0;
  for (const { file, text } of stale) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  return 0;
}
