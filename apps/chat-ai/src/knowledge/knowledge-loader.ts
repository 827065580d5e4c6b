import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { Clock, LOG, type Log } from '@switchboard/service-kit';
import { Gauge, Registry } from 'prom-client';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { AssistantsService } from '../assistants/assistants.service';
import { type KnowledgeFile, readKnowledge } from './knowledge-files';
import { searchable } from './searchable';
import { splitDocument } from './split-document';
import { isSuspicious } from './suspicious';

/** Brings the knowledge base in line with the assistants' folders when the service starts. */
@Injectable()
export class KnowledgeLoader implements OnModuleInit {
  private readonly suspicious: Gauge<'bot'>;

  constructor(
    private readonly db: DataSource,
    private readonly clock: Clock,
    private readonly assistants: AssistantsService,
    @Inject(LOG) private readonly log: Log,
    @Inject(Registry) registry: Registry,
  ) {
    this.suspicious = new Gauge({
      name: 'knowledge_suspicious_chunks',
      help: 'Passages of the knowledge base that look like orders to a model.',
      labelNames: ['bot'],
      registers: [registry],
    });
  }

  async onModuleInit(): Promise<void> {
    for (const { botId, knowledgeFolder } of this.assistants.all()) {
      if (knowledgeFolder) await this.load(botId, knowledgeFolder);
    }
  }

  /** Changed and new files are read again and deleted ones forgotten, all at once. */
  private async load(botId: string, folder: string): Promise<void> {
    let files: KnowledgeFile[];
    try {
      files = await readKnowledge(folder);
    } catch (error) {
      // What was read earlier is better than nothing, and than not starting at all.
      this.log.error({ err: error, botId }, 'the knowledge folder cannot be read; what is known stays');
      return;
    }
    await this.db.transaction(async (tx) => {
      // Processes that start together take turns; the later ones find nothing changed.
      await tx.query('SELECT pg_advisory_xact_lock(hashtext($1), hashtext($2))', ['knowledge', botId]);
      const known = await tx.query<{ source: string; hash: string }[]>(
        'SELECT source, hash FROM knowledge_documents WHERE bot_id = $1',
        [botId],
      );
      const hashes = new Map(known.map(({ source, hash }) => [source, hash]));
      const present = files.map(({ source }) => source);
      await tx.query('DELETE FROM knowledge_documents WHERE bot_id = $1 AND NOT source = ANY($2)', [botId, present]);
      const changed = files.filter(({ source, hash }) => hashes.get(source) !== hash);
      for (const file of changed) await this.replace(tx, botId, file);
      if (changed.length > 0) this.log.info({ botId, documents: changed.length }, 'knowledge loaded');
    });
    await this.countSuspicious(botId);
  }

  private async replace(tx: EntityManager, botId: string, { source, content, hash }: KnowledgeFile): Promise<void> {
    const { title, locale, chunks } = splitDocument(source, content);
    const id = uuidv7();
    await tx.query('DELETE FROM knowledge_documents WHERE bot_id = $1 AND source = $2', [botId, source]);
    await tx.query('INSERT INTO knowledge_documents VALUES ($1, $2, $3, $4, $5, $6, $7)', [
      id,
      botId,
      source,
      title,
      locale,
      hash,
      this.clock.now(),
    ]);
    for (const [position, { heading, text }] of chunks.entries()) {
      const suspicious = isSuspicious(`${heading}\n${text}`);
      if (suspicious) this.log.warn({ botId, source, heading }, 'a passage looks like orders to a model');
      await tx.query(
        `INSERT INTO knowledge_chunks VALUES ($1, $2, $3, $4, $5, $6, $7,
           setweight(to_tsvector('russian', $8), 'A') || to_tsvector('russian', $9))`,
        [uuidv7(), id, botId, position, heading, text, suspicious, searchable(`${title} ${heading}`), searchable(text)],
      );
    }
  }

  private async countSuspicious(botId: string): Promise<void> {
    const [row] = await this.db.query<{ n: number }[]>(
      'SELECT count(*)::int AS n FROM knowledge_chunks WHERE bot_id = $1 AND suspicious',
      [botId],
    );
    this.suspicious.set({ bot: botId }, row!.n);
  }
}
