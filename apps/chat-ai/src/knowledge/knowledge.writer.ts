import { Inject, Injectable } from '@nestjs/common';
import { Clock, LOG, type Log } from '@switchboard/service-kit';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { type DocumentReader, isReaderWanted, ReaderLost, withReader } from '../documents/document-reader';
import { type FileProblem, LIMITS, type ReadResult } from '../documents/read-result';
import { countTokens } from '../models/tokens';
import { passageText } from './citations';
import type { FolderView, KnowledgeFile, KnowledgeFolder } from './knowledge-folder';
import { KnowledgeJobs } from './knowledge.jobs';
import { PassageIndex } from './passage-index';
import { type Chunk, splitDocument } from './split-document';
import { isSuspicious } from './suspicious';

/** More would make every search slow; the files that do not fit are named in the log. */
const MOST_PASSAGES = 20_000;
const LONGEST_NUMBER = 99;

/** Writes what the files of a folder say into the knowledge base of a bot. */
@Injectable()
export class KnowledgeWriter {
  constructor(
    private readonly db: DataSource,
    private readonly clock: Clock,
    private readonly index: PassageIndex,
    private readonly jobs: KnowledgeJobs,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /**
   * Changed and new files are read and deleted ones forgotten. Each file changes at once, and all before the base is counted.
   * @returns whether every file was read or found to be unreadable
   */
  async load(botId: string, { files }: KnowledgeFolder, view: FolderView, signal: AbortSignal): Promise<boolean> {
    const known = await this.db.query<{ source: string; hash: string }[]>(
      'SELECT source, hash FROM knowledge_documents WHERE bot_id = $1',
      [botId],
    );
    const hashes = new Map(known.map(({ source, hash }) => [source, hash]));
    const changed = files.filter(({ source }) => hashes.get(source) !== view.hashes.get(source));
    const waiting = [...changed];
    let isComplete = true;
    while (waiting.length > 0) {
      await withReader(signal, async (reader) => {
        do {
          signal.throwIfAborted();
          const file = waiting.shift()!;
          const isDone = await this.replace(botId, file, view.hashes.get(file.source)!, reader, signal);
          if (!isDone) isComplete = false;
          // It may be a person's file, and an answer waits for it.
        } while (waiting.length > 0 && !isReaderWanted());
      });
    }
    const gone = known.map(({ source }) => source).filter((source) => !view.hashes.has(source));
    await this.finish(botId, gone, view, isComplete);
    if (changed.length + gone.length > 0)
      this.log.info({ botId, changed: changed.length, removed: gone.length }, 'knowledge loaded');
    return isComplete;
  }

  /**
   * A file that cannot be read any more keeps the text it had, and says why.
   * @returns false when its reader was lost: then the next look tries again
   */
  private async replace(
    botId: string,
    file: KnowledgeFile,
    hash: string,
    reader: DocumentReader,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { source } = file;
    const result = await readFileWith(reader, file).catch((error: unknown) => {
      signal.throwIfAborted();
      if (!(error instanceof ReaderLost)) throw error;
      this.log.warn({ err: error, botId, source }, 'a reader of files was lost; it is tried again');
      return undefined;
    });
    if (!result || 'problem' in result) {
      await this.noteProblem(botId, source, result ? hash : NOT_READ, result?.problem ?? 'reader_failed');
      return result !== undefined;
    }
    const { title, locale, chunks } = splitDocument(source, result.text);
    await this.db.transaction(async (tx) => {
      const [{ others }] = (await tx.query(
        `SELECT count(*)::int AS others FROM knowledge_chunks c JOIN knowledge_documents d ON d.id = c.document_id
         WHERE c.bot_id = $1 AND d.source <> $2`,
        [botId, source],
      )) as [{ others: number }];
      const kept = chunks.slice(0, Math.max(0, MOST_PASSAGES - others));
      const notes = kept.length < chunks.length ? [...result.notes, 'text_cut'] : result.notes;
      if (kept.length < chunks.length) this.log.warn({ botId, source }, 'the knowledge base is full; a file is cut');
      const id = uuidv7();
      await tx.query('DELETE FROM knowledge_documents WHERE bot_id = $1 AND source = $2', [botId, source]);
      await tx.query('INSERT INTO knowledge_documents VALUES ($1, $2, $3, $4, $5, $6, NULL, $7, $8)', [
        ...[id, botId, source, title, locale, hash, notes],
        this.clock.now(),
      ]);
      await this.addPassages(tx, { botId, documentId: id, source, title }, kept);
    });
    return true;
  }

  private async addPassages(
    tx: EntityManager,
    { botId, documentId, source, title }: { botId: string; documentId: string; source: string; title: string },
    chunks: readonly Chunk[],
  ): Promise<void> {
    const passages = chunks.map(({ heading, text }) => ({ chunkId: uuidv7(), title, heading, text }));
    const rows = passages.map(({ chunkId, heading, text }, position) => {
      const suspicious = isSuspicious(`${heading}\n${text}`);
      if (suspicious) this.log.warn({ botId, source, heading }, 'a passage looks like orders to a model');
      const shown = passageText({ title, heading, text }, LONGEST_NUMBER);
      const content_hash = `\\x${createHash('sha256').update(`${title}\n${heading}\n${text}`).digest('hex')}`;
      return { id: chunkId, position, heading, text, suspicious, tokens: countTokens(shown), content_hash };
    });
    await tx.query(
      `INSERT INTO knowledge_chunks (id, document_id, bot_id, position, heading, text, suspicious, tokens, content_hash)
       SELECT id, $1, $2, position, heading, text, suspicious, tokens, content_hash FROM json_to_recordset($3)
         AS c (id uuid, position int, heading text, text text, suspicious boolean, tokens int, content_hash bytea)`,
      [documentId, botId, JSON.stringify(rows)],
    );
    await this.index.add(tx, botId, passages);
  }

  private async noteProblem(botId: string, source: string, hash: string, problem: FileProblem): Promise<void> {
    this.log.warn({ botId, source, problem }, 'a file of the knowledge folder cannot be read');
    await this.db.query(
      `INSERT INTO knowledge_documents VALUES ($1, $2, $3, $3, 'en', $4, $5, '{}', $6)
       ON CONFLICT (bot_id, source) DO UPDATE SET hash = excluded.hash, problem = excluded.problem`,
      [uuidv7(), botId, source, hash, problem, this.clock.now()],
    );
  }

  private async finish(
    botId: string,
    gone: readonly string[],
    { synonyms, version }: FolderView,
    isComplete: boolean,
  ): Promise<void> {
    await this.db.transaction(async (tx) => {
      await tx.query('DELETE FROM knowledge_documents WHERE bot_id = $1 AND source = ANY($2)', [botId, gone]);
      await this.index.refreshGrams(tx, botId);
      await tx.query(
        `INSERT INTO knowledge_bases (bot_id, passages, tokens, synonyms, loaded_at, version, seen_at)
         SELECT $1, count(*), coalesce(sum(tokens), 0), $2, $3, $4, now() FROM knowledge_chunks WHERE bot_id = $1
         ON CONFLICT (bot_id) DO UPDATE SET passages = excluded.passages, tokens = excluded.tokens,
           synonyms = excluded.synonyms, loaded_at = excluded.loaded_at, version = excluded.version,
           seen_at = excluded.seen_at`,
        [botId, synonyms, this.clock.now(), isComplete ? version : null],
      );
      await this.jobs.request(tx, botId);
    });
  }
}

/** No content has this hash. */
const NOT_READ = '';

/** @throws ReaderLost */
async function readFileWith(reader: DocumentReader, { path, source, size }: KnowledgeFile): Promise<ReadResult> {
  if (size > LIMITS.fileBytes) return { problem: 'file_too_large' };
  return reader.read(source, await readFile(path));
}
