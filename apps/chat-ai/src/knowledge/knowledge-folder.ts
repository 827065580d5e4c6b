import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { LIMITS } from '../documents/read-result';

/** Not a document: what the owner's customers call things. */
const SYNONYMS_FILE = 'synonyms.txt';
const SYNONYMS_BYTES = 64 * 1024;
/** Each is looked at again and again, and a search looks through the passages of all. */
const MOST_FILES = 2000;

export interface KnowledgeFile {
  readonly path: string;
  /** The path inside the folder, with slashes. */
  readonly source: string;
  readonly size: number;
  /** Differs when the file was written or replaced. */
  readonly version: string;
}

export interface KnowledgeFolder {
  readonly files: readonly KnowledgeFile[];
  readonly synonyms: KnowledgeFile | undefined;
  /** Names of files that are not read because there are too many, in the same order. */
  readonly leftOut: readonly string[];
  /** Differs when anything in the folder does. */
  readonly version: string;
}

/** What a process finds in a folder. */
export interface FolderView {
  /** Of names and dates. */
  readonly folder: string;
  /** By source. */
  readonly hashes: ReadonlyMap<string, string>;
  readonly synonyms: string;
  /** Of what the files hold: the same for each process that sees the same files, on whatever disk. */
  readonly version: string;
}

/**
 * What lies in a folder and below, in the order of names. Hidden names are left out: editors and Office keep drafts
 * under such, and a mounted ConfigMap keeps all its files once more.
 */
export async function listFolder(folder: string): Promise<KnowledgeFolder> {
  const names = (await readdir(folder, { recursive: true }))
    .filter((name) => name.split(sep).every((part) => !/^[.~]|~$/.test(part)))
    .sort();
  const synonyms = names.includes(SYNONYMS_FILE) ? await fileAt(folder, SYNONYMS_FILE) : undefined;
  const files: KnowledgeFile[] = [];
  const leftOut: string[] = [];
  for (const name of names) {
    if (name === SYNONYMS_FILE) continue;
    const file = await fileAt(folder, name);
    if (!file) continue;
    if (files.length < MOST_FILES) files.push(file);
    else leftOut.push(file.source);
  }
  const seen = synonyms ? [...files, synonyms] : files;
  const version = [...seen.map(({ source, version }) => `${source} ${version}`), `+ ${leftOut.length}`].join('\n');
  return { files, synonyms, leftOut, version };
}

/** Undefined for a folder. */
async function fileAt(folder: string, name: string): Promise<KnowledgeFile | undefined> {
  const path = join(folder, name);
  const facts = await stat(path).catch(() => undefined); // removed since, or a link to nowhere
  if (!facts?.isFile()) return undefined;
  const version = `${facts.ino} ${facts.size} ${facts.mtimeMs} ${facts.ctimeMs}`;
  return { path, source: name.replaceAll('\\', '/'), size: facts.size, version };
}

/**
 * Reads a folder through.
 * @param salt whatever else the outcome of reading a file depends on
 */
export async function viewOf(
  { files, synonyms, version: folder }: KnowledgeFolder,
  salt: string,
  signal: AbortSignal,
): Promise<FolderView> {
  const hashes = new Map<string, string>();
  for (const file of files) {
    signal.throwIfAborted();
    hashes.set(file.source, await hashOf(file, salt));
  }
  const words = await readSynonyms(synonyms);
  const version = createHash('sha256')
    .update(JSON.stringify([...hashes, words]))
    .digest('hex');
  return { folder, hashes, synonyms: words, version };
}

/** Of a file's content. */
async function hashOf({ path, size }: KnowledgeFile, salt: string): Promise<string> {
  const hash = createHash('sha256').update(salt);
  // What is not read at all need not be hashed either.
  if (size > LIMITS.fileBytes) return hash.update(String(size)).digest('hex');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

async function readSynonyms(file: KnowledgeFile | undefined): Promise<string> {
  return file ? (await readFile(file.path, 'utf8')).slice(0, SYNONYMS_BYTES) : '';
}
