import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const tools = __dirname;

/** What a file loads as soon as it is loaded. Types load nothing, and `import()` comes later. */
function loads(file: string): string[] {
  // What stands in a template is imported by what is written from it.
  const text = readFileSync(file, 'utf8').replaceAll(/`[^`]*`/g, '``');
  return [...text.matchAll(/^(?:import|export)\s+(?!type\s)(?:[^'"]*?\s+from\s+)?['"]([^'"]+)['"]/gm)].map(
    ([, path]) => path!,
  );
}

/** The way from a file to a package of ours, which is there once it is built; undefined when there is none. */
function wayToBuilt(file: string, seen = new Set<string>()): string[] | undefined {
  if (seen.has(file)) return undefined;
  seen.add(file);
  const here = relative(tools, file);
  for (const path of loads(file)) {
    if (path.startsWith('@switchboard/')) return [here, path];
    const next = join(dirname(file), path);
    if (!path.startsWith('.') || !existsSync(next)) continue;
    const way = wayToBuilt(next, seen);
    if (way) return [here, ...way];
  }
  return undefined;
}

it.each(globSync('verbs/*.mts', { cwd: tools }))('%s can be loaded before anything is built', (verb) => {
  expect(wayToBuilt(join(tools, verb))).toBeUndefined();
});
