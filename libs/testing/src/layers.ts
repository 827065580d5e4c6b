import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

export interface Import {
  /** Paths from the folder of sources. */
  readonly from: string;
  readonly to: string;
}

const sourcesIn = (sources: string) =>
  globSync('**/*.ts', { cwd: sources }).filter((file) => !file.endsWith('.spec.ts'));

const folderOf = (file: string) => file.split('/')[0]!;
const isInFolder = (file: string) => file.includes('/');

/** What the sources of a service in folders import from each other, specs left out. */
export const importsOf = (sources: string): Import[] => allImportsOf(sources).filter(({ from }) => isInFolder(from));

function allImportsOf(sources: string): Import[] {
  return sourcesIn(sources).flatMap((from) =>
    [...readFileSync(join(sources, from), 'utf8').matchAll(/from '(\.[^']+)'/g)].map(([, path]) => ({
      from,
      to: relative(sources, join(sources, dirname(from), path!)),
    })),
  );
}

/**
 * What is wrong with the layers of a service: a folder that no layer names, one that is not there, and every import of a folder
 * that stands above. What must call upward is registered below, or said as an event. A file beside the folders is at the bottom or
 * at the top: what folders import may import none of them.
 * @param layers the folders of `sources` from the bottom to the top
 * @param allowed files beside the folders that are both for now, each with the reason
 */
export function layerProblems(
  sources: string,
  layers: readonly string[],
  allowed: Readonly<Record<string, string>> = {},
): string[] {
  const imports = allImportsOf(sources);
  const folders = new Set(sourcesIn(sources).filter(isInFolder).map(folderOf));
  const layerOf = (file: string) => layers.indexOf(folderOf(file));
  const atBottom = new Set(imports.filter(({ from, to }) => isInFolder(from) && !isInFolder(to)).map(({ to }) => to));
  const inBoth = imports.filter(({ from, to }) => atBottom.has(from.replace(/\.ts$/, '')) && isInFolder(to));
  return [
    ...[...folders].filter((folder) => !layers.includes(folder)).map((folder) => `${folder} is in no layer`),
    ...layers.filter((layer) => !folders.has(layer)).map((layer) => `there is no ${layer}`),
    ...imports
      .filter(({ from, to }) => isInFolder(from) && isInFolder(to) && layerOf(to) > layerOf(from))
      .map(({ from, to }) => `${from} imports ${to}, which stands above it`),
    ...inBoth
      .filter(({ from }) => !(from in allowed))
      .map(({ from, to }) => `${from} imports ${to}, and folders import it`),
    ...Object.keys(allowed)
      .filter((file) => !inBoth.some(({ from }) => from === file))
      .map((file) => `${file} need not be allowed any more`),
  ];
}

export interface TableRules {
  /** Tables that whatever stands above their folder may read, as facts of the whole service. */
  readonly readByAll?: readonly string[];
  /** `sign-in/local-sign-in.service.ts staff`: a file that touches a table of another folder for now, with the reason. */
  readonly allowed?: Readonly<Record<string, string>>;
}

interface TableUse {
  readonly file: string;
  readonly table: string;
  readonly writes: boolean;
}

const WRITES = /\b(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM|TRUNCATE)\s+(?:ONLY\s+)?"?([a-z_]+)/g;
const READS = /\b(?:FROM|JOIN)\s+(?:ONLY\s+)?"?([a-z_]+)/g;

/**
 * Every statement that names a table of another folder's entity: the folder's service is to be asked, so that one place knows what the rows
 * mean. Statements are found by their words, so a table whose name is put in (`${table}`) is not seen.
 * @param layers as for `layerProblems`
 */
export function tableProblems(
  sources: string,
  layers: readonly string[],
  { readByAll = [], allowed = {} }: TableRules = {},
): string[] {
  const files = sourcesIn(sources)
    .filter(isInFolder)
    .map((file) => ({ file, text: readFileSync(join(sources, file), 'utf8') }));
  const owners = new Map(
    files.flatMap(({ file, text }) =>
      [...text.matchAll(/@Entity\(\{ name: '([a-z_]+)'/g)].map(([, table]) => [table!, folderOf(file)] as const),
    ),
  );
  const uses = files.flatMap(({ file, text }) => usesIn(file, text));
  const foreign = uses.filter(({ file, table, writes }) => {
    const owner = owners.get(table);
    if (owner === undefined || owner === folderOf(file)) return false;
    return writes || !readByAll.includes(table) || layers.indexOf(owner) > layers.indexOf(folderOf(file));
  });
  const keyOf = ({ file, table }: TableUse) => `${file} ${table}`;
  return [
    ...new Set(
      foreign
        .filter((use) => !(keyOf(use) in allowed))
        .map(({ file, table, writes }) => `${file} ${writes ? 'changes' : 'reads'} ${table} of ${owners.get(table)}`),
    ),
    ...Object.keys(allowed)
      .filter((key) => !foreign.some((use) => keyOf(use) === key))
      .map((key) => `${key} need not be allowed any more`),
    ...readByAll.filter((table) => !owners.has(table)).map((table) => `there is no ${table}`),
  ];
}

function usesIn(file: string, text: string): TableUse[] {
  const written = [...text.matchAll(WRITES)].map(([, table]) => ({ file, table: table!, writes: true }));
  // What is deleted from is no reading.
  const read = [...text.replaceAll(WRITES, '').matchAll(READS)].map(([, table]) => ({
    file,
    table: table!,
    writes: false,
  }));
  return [...written, ...read];
}
