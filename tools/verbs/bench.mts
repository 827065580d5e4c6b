import { globSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from '../local/workspace.mts';

interface Benchmark {
  main(args: string[]): Promise<number>;
  /** One line for the list. */
  about: string;
  /** Its options, with their defaults. */
  usage: string;
}

const folder = join(root, 'tools', 'bench');

/** `npm run bench -- <name> [options]`; a benchmark is a file of tools/bench with one dot in its name. */
export async function main([name, ...args]: string[]): Promise<number> {
  const names = globSync('*.mts', { cwd: folder })
    .map((file) => basename(file, '.mts'))
    .filter((known) => !known.includes('.'))
    .sort();
  if (name && names.includes(name)) {
    const benchmark = await load(name);
    if (!args.includes('--help')) return benchmark.main(args);
    console.log(`npm run bench -- ${name} ${benchmark.usage}\n${benchmark.about}`);
    return 0;
  }
  console.error(`${name ? `There is no benchmark "${name}"` : 'Say what to measure'}: npm run bench -- <name>`);
  for (const known of names) console.error(`  ${known.padEnd(10)} ${(await load(known)).about}`);
  return 2;
}

const load = (name: string) => import(pathToFileURL(join(folder, `${name}.mts`)).href) as Promise<Benchmark>;
