import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

export interface Import {
  /** Paths from the folder of sources. */
  readonly from: string;
  readonly to: string;
}

/** What the sources of a service import from each other, specs left out. */
export function importsOf(sources: string): Import[] {
  const files = globSync('*/**/*.ts', { cwd: sources }).filter((file) => !file.endsWith('.spec.ts'));
  return files.flatMap((from) =>
    [...readFileSync(join(sources, from), 'utf8').matchAll(/from '(\.[^']+)'/g)].map(([, path]) => ({
      from,
      to: relative(sources, join(sources, dirname(from), path!)),
    })),
  );
}

/**
 * What is wrong with the layers of a service: a folder that no layer names, one that is not there, and every import of a folder
 * that stands above. What must call upward is registered below, or said as an event.
 * @param layers the folders of `sources` from the bottom to the top
 */
export function layerProblems(sources: string, layers: readonly string[]): string[] {
  const folders = new Set(globSync('*/**/*.ts', { cwd: sources }).map((file) => file.split('/')[0]!));
  const layerOf = (file: string) => layers.indexOf(file.split('/')[0]!);
  return [
    ...[...folders].filter((folder) => !layers.includes(folder)).map((folder) => `${folder} is in no layer`),
    ...layers.filter((layer) => !folders.has(layer)).map((layer) => `there is no ${layer}`),
    ...importsOf(sources)
      .filter(({ from, to }) => to.includes('/') && layerOf(to) > layerOf(from))
      .map(({ from, to }) => `${from} imports ${to}, which stands above it`),
  ];
}
