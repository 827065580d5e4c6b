import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { format, getFileInfo, resolveConfig } from 'prettier';
import { root } from '../local/workspace.mts';
import { compile } from './build.mts';

/**
 * `npm run docs`: writes the documents that are made from the code; with `--check` it only says which are stale. What would break
 * those who rely on a document is written with `--breaking` only.
 */
export async function main(args: string[]): Promise<number> {
  await compile();
  // They are made from what was just built, so they cannot be imported earlier.
  const { documents } = await import('../docs/documents.mts');
  const checks = args.includes('--check');
  let failed = false;
  for (const { path, text: raw, breaks } of await documents()) {
    const file = join(root, path);
    // Prettier has nothing to say about some kinds of files, such as those of variables.
    const { inferredParser } = await getFileInfo(file);
    const text = inferredParser ? await format(raw, { ...(await resolveConfig(file)), filepath: file }) : raw;
    const before = existsSync(file) ? readFileSync(file, 'utf8') : undefined;
    if (before === text) continue;
    const broken = (before !== undefined && breaks?.(before)) || [];
    if (broken.length > 0 && !args.includes('--breaking')) {
      console.log(
        `${path}: this breaks callers. Add beside what is there, or say that it may: \`npm run docs -- --breaking\`.`,
      );
      for (const change of broken) console.log(`  ${change}`);
      failed = true;
    } else if (checks) {
      console.log(`${path} is stale: run \`npm run docs\` and commit it.`);
      failed = true;
    } else {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
      console.log(`Written: ${path}`);
    }
  }
  return failed ? 1 : 0;
}
