import { Inject, Injectable } from '@nestjs/common';
import { Clock, LOG, type Log } from '@switchboard/service-kit';
import { readFile } from 'node:fs/promises';
import { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { type DocumentReader, isReaderWanted, ReaderLost, withReader } from '../documents/document-reader';
import { type FileProblem, LIMITS, type ReadResult } from '../documents/read-result';
import { DocumentWriter } from './document-writer';
import type { FolderView, KnowledgeFile, KnowledgeFolder } from './knowledge-folder';
import { splitDocument } from './split-document';

/** Writes what the files of a folder say into the knowledge base of a bot. What staff have added is left alone. */
@Injectable()
export class KnowledgeWriter {
  constructor(
    private readonly db: DataSource,
    private readonly clock: Clock,
    private readonly documents: DocumentWriter,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /**
   * Changed and new files are read and deleted ones forgotten. Each file changes at once, and all before the base is counted.
   * @returns whether every file was read or found to be unreadable
   */
  async load(botId: string, { files }: KnowledgeFolder, view: FolderView, signal: AbortSignal): Promise<boolean> {
    const known = await this.db.query<{ source: string; hash: string }[]>(
      'SELECT source, hash FROM knowledge_documents WHERE bot_id = $1 AND entry_id IS NULL',
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

  /** What was read of a bot's folder, which no process sees any more. */
  async forget(botId: string, isGone: string): Promise<boolean> {
    return this.db.transaction(async (tx) => {
      const [left] = await tx.query<[unknown[], number]>(
        `UPDATE knowledge_bases SET seen_at = NULL, version = NULL, synonyms = '' WHERE bot_id = $1 AND ${isGone} RETURNING bot_id`,
        [botId],
      );
      if (left.length === 0) return false;
      await tx.query('DELETE FROM knowledge_documents WHERE bot_id = $1 AND entry_id IS NULL', [botId]);
      await this.documents.finish(tx, botId);
      const [rest] = await tx.query<unknown[]>('SELECT FROM knowledge_entries WHERE bot_id = $1 LIMIT 1', [botId]);
      if (rest) return true;
      await tx.query('DELETE FROM knowledge_bases WHERE bot_id = $1', [botId]);
      await tx.query('DELETE FROM knowledge_vectors WHERE bot_id = $1', [botId]);
      return true;
    });
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
    const origin = { botId, source, entryId: null, hash, notes: result.notes };
    await this.db.transaction((tx) => this.documents.replace(tx, origin, [splitDocument(source, result.text)]));
    return true;
  }

  private async noteProblem(botId: string, source: string, hash: string, problem: FileProblem): Promise<void> {
    this.log.warn({ botId, source, problem }, 'a file of the knowledge folder cannot be read');
    await this.db.query(
      `INSERT INTO knowledge_documents (id, bot_id, source, title, locale, hash, problem, notes, loaded_at)
       VALUES ($1, $2, $3, $3, 'en', $4, $5, '{}', $6)
       ON CONFLICT (bot_id, source) WHERE entry_id IS NULL DO UPDATE SET hash = excluded.hash, problem = excluded.problem`,
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
      await tx.query('DELETE FROM knowledge_documents WHERE bot_id = $1 AND source = ANY($2) AND entry_id IS NULL', [
        botId,
        gone,
      ]);
      await this.documents.finish(tx, botId);
      await tx.query('UPDATE knowledge_bases SET synonyms = $2, version = $3, seen_at = now() WHERE bot_id = $1', [
        botId,
        synonyms,
        isComplete ? version : null,
      ]);
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
