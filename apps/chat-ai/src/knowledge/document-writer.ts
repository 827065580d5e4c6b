import { Inject, Injectable } from '@nestjs/common';
import { Clock, LOG, type Log } from '@switchboard/service-kit';
import { createHash } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { countTokens } from '../models/tokens';
import { passageText } from './citations';
import { KnowledgeJobs } from './knowledge.jobs';
import { PassageIndex } from './passage-index';
import type { Chunk, SplitDocument } from './split-document';
import { isSuspicious } from './suspicious';

/** More would make every search slow; the files that do not fit are named in the log. */
const MOST_PASSAGES = 20_000;
const LONGEST_NUMBER = 99;

/** Where a document is from: a file of the bot's folder, or what staff have added. */
export interface DocumentOrigin {
  readonly botId: string;
  readonly source: string;
  readonly entryId: string | null;
  /** Of what it was made of. */
  readonly hash: string;
  readonly notes: readonly string[];
}

/** Writes documents into the knowledge base of a bot, as passages that are searched. */
@Injectable()
export class DocumentWriter {
  constructor(
    private readonly clock: Clock,
    private readonly index: PassageIndex,
    private readonly jobs: KnowledgeJobs,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /** Writes a document in place of those of the same origin; `finish` has to follow, once for all of a transaction. */
  async replace(tx: EntityManager, origin: DocumentOrigin, documents: readonly SplitDocument[]): Promise<void> {
    await this.remove(tx, origin);
    for (const document of documents) await this.write(tx, origin, document);
  }

  async remove(tx: EntityManager, { botId, source, entryId }: Omit<DocumentOrigin, 'hash' | 'notes'>): Promise<void> {
    await (entryId
      ? tx.query('DELETE FROM knowledge_documents WHERE entry_id = $1', [entryId])
      : tx.query('DELETE FROM knowledge_documents WHERE bot_id = $1 AND source = $2 AND entry_id IS NULL', [
          botId,
          source,
        ]));
  }

  /**
   * Brings the search and the size of the base in line with its documents. Waits for whoever does so for the same bot: each would
   * not count what the other has written.
   */
  async finish(tx: EntityManager, botId: string): Promise<void> {
    await tx.query(`SELECT pg_advisory_xact_lock(hashtext('knowledge base'), hashtext($1))`, [botId]);
    await this.index.refreshGrams(tx, botId);
    await tx.query(
      `INSERT INTO knowledge_bases (bot_id, passages, tokens, synonyms, loaded_at)
       SELECT $1, count(*), coalesce(sum(tokens), 0), '', $2 FROM knowledge_chunks WHERE bot_id = $1
       ON CONFLICT (bot_id) DO UPDATE SET
         passages = excluded.passages, tokens = excluded.tokens, loaded_at = excluded.loaded_at`,
      [botId, this.clock.now()],
    );
    await this.jobs.request(tx, botId);
  }

  private async write(tx: EntityManager, origin: DocumentOrigin, document: SplitDocument): Promise<void> {
    const { botId, source, entryId, hash, notes } = origin;
    const { title, locale, chunks } = document;
    const [{ others }] = (await tx.query('SELECT count(*)::int AS others FROM knowledge_chunks WHERE bot_id = $1', [
      botId,
    ])) as [{ others: number }];
    const kept = chunks.slice(0, Math.max(0, MOST_PASSAGES - others));
    const isCut = kept.length < chunks.length;
    if (isCut) this.log.warn({ botId, source }, 'the knowledge base is full; a document is cut');
    const id = uuidv7();
    await tx.query(
      `INSERT INTO knowledge_documents (id, bot_id, entry_id, source, title, locale, hash, notes, loaded_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
      [id, botId, entryId, source, title, locale, hash, isCut ? [...notes, 'text_cut'] : notes, this.clock.now()],
    );
    await this.addPassages(tx, { botId, documentId: id, source, title }, kept);
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
}
