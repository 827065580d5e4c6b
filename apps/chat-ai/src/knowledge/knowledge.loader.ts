import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import {
  Clock,
  CONFIG,
  Jobs,
  LOG,
  type Log,
  type PeriodicTask,
  PeriodicTasks,
  type RunningTask,
} from '@switchboard/service-kit';
import { createHash } from 'node:crypto';
import { type FSWatcher, watch } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Gauge, Registry } from 'prom-client';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { AssistantsService } from '../assistants/assistants.service';
import { type ChatAiConfig, KNOWLEDGE_CHECK_SECONDS } from '../chat-ai.config';
import { countTokens } from '../models/tokens';
import { passageText } from './citations';
import { DocumentReader } from './documents/document-reader';
import type { FileProblem } from './documents/read-result';
import { EmbedKnowledge } from './knowledge.jobs';
import { hashOf, type KnowledgeFile, type KnowledgeFolder, listFolder, readSynonyms } from './knowledge-folder';
import { PassageIndex } from './passage-index';
import { PassageVectors } from './passage-vectors';
import { type Chunk, splitDocument } from './split-document';
import { isSuspicious } from './suspicious';

/** Raised when files are to be read again because their readers, or how tokens are counted, have changed. */
const READERS_VERSION = '1';
/** The start waits for short texts, not for a shelf of books. */
const START_WAITS_MS = 5000;
/** Programs write a file in several steps. */
const SETTLE_MS = 300;
/** More would make every search slow; the files that do not fit are named in the log. */
const MOST_PASSAGES = 20_000;
const LONGEST_NUMBER = 99;

export const LookAtKnowledge: PeriodicTask = {
  name: 'look-at-knowledge',
  everyMs: KNOWLEDGE_CHECK_SECONDS * 1000,
  purpose: 'Looks for changes in the knowledge folders of the bots.',
};

/**
 * Keeps the knowledge bases in line with the assistants' folders: at the start, when a folder says that it has changed,
 * when a bot's description does, and every now and then, because not every disk says so. The folders are this process's own view of a disk, so the
 * look at them is no scheduled job; what is found changed is loaded by one process only.
 */
@Injectable()
export class KnowledgeLoader implements OnModuleInit, OnModuleDestroy {
  private readonly suspicious: Gauge<'bot'>;
  private readonly unread: Gauge<'bot'>;
  private readonly stopping = new AbortController();
  private readonly watchers = new Map<string, FSWatcher>();
  /** What was loaded of each bot's folder, to see at a glance that nothing has changed. */
  private readonly loaded = new Map<string, string>();
  private checks: Promise<void> = Promise.resolve();
  private task: RunningTask | undefined;
  private soon: NodeJS.Timeout | undefined;

  constructor(
    private readonly db: DataSource,
    private readonly clock: Clock,
    private readonly assistants: AssistantsService,
    private readonly index: PassageIndex,
    private readonly vectors: PassageVectors,
    private readonly jobs: Jobs,
    private readonly tasks: PeriodicTasks,
    @Inject(CONFIG) private readonly config: ChatAiConfig,
    @Inject(LOG) private readonly log: Log,
    @Inject(Registry) registry: Registry,
  ) {
    this.suspicious = new Gauge({
      name: 'knowledge_suspicious_chunks',
      help: 'Passages of the knowledge base that look like orders to a model.',
      labelNames: ['bot'],
      registers: [registry],
    });
    this.unread = new Gauge({
      name: 'knowledge_unread_files',
      help: 'Files of the knowledge folder that could not be read.',
      labelNames: ['bot'],
      registers: [registry],
    });
  }

  async onModuleInit(): Promise<void> {
    this.assistants.onChange(({ before, after }) => {
      // Not waited for: other changes of bots shall not wait until a shelf of books is read.
      if (before?.knowledgeFolder !== after?.knowledgeFolder) void this.check();
    });
    const first = this.check();
    const everyMs = this.config.CHAT_AI_KNOWLEDGE_CHECK_SECONDS * 1000;
    this.task = this.tasks.start(LookAtKnowledge, { everyMs, firstAfterMs: everyMs, run: () => this.look() });
    await Promise.race([first, sleep(START_WAITS_MS, undefined, { ref: false })]);
  }

  async onModuleDestroy(): Promise<void> {
    this.stopping.abort();
    clearTimeout(this.soon);
    for (const watcher of this.watchers.values()) watcher.close();
    await this.checks;
    await this.task?.stop();
  }

  /** Looks at every folder and loads what has changed; one look at a time. */
  check(): Promise<void> {
    return this.look().catch((error: unknown) => {
      if (!this.stopping.signal.aborted) this.log.error({ err: error }, 'the knowledge folders were not checked');
    });
  }

  private look(): Promise<void> {
    const look = this.checks.then(() => this.checkAll());
    this.checks = look.catch(() => undefined);
    return look;
  }

  private async checkAll(): Promise<void> {
    if (this.stopping.signal.aborted) return;
    const bots = this.assistants.all().filter(({ knowledgeFolder }) => knowledgeFolder !== undefined);
    this.watch(bots.map(({ knowledgeFolder }) => knowledgeFolder!));
    await this.forgetOthers(bots.map(({ botId }) => botId));
    for (const { botId, knowledgeFolder } of bots) {
      if (this.stopping.signal.aborted) return;
      try {
        await this.bringUpToDate(botId, await listFolder(knowledgeFolder!));
      } catch (error) {
        if (this.stopping.signal.aborted) return;
        // What was read earlier is better than nothing, and than not starting at all.
        this.log.error({ err: error, botId }, 'the knowledge folder cannot be loaded; what is known stays');
      }
    }
  }

  /** A bot that is gone, or has no folder any more, knows nothing. */
  private async forgetOthers(botIds: readonly string[]): Promise<void> {
    for (const bot of this.loaded.keys()) {
      if (botIds.includes(bot)) continue;
      this.loaded.delete(bot);
      this.suspicious.remove({ bot });
      this.unread.remove({ bot });
    }
    const gone = await this.db.query<{ bot_id: string }[]>(
      'SELECT bot_id FROM knowledge_bases WHERE NOT bot_id = ANY($1)',
      [botIds],
    );
    for (const { bot_id: botId } of gone) {
      await this.db.transaction(async (tx) => {
        await tx.query('DELETE FROM knowledge_documents WHERE bot_id = $1', [botId]);
        await tx.query('DELETE FROM knowledge_grams WHERE bot_id = $1', [botId]);
        await tx.query('DELETE FROM knowledge_vectors WHERE bot_id = $1', [botId]);
        await tx.query('DELETE FROM knowledge_bases WHERE bot_id = $1', [botId]);
      });
      this.log.info({ botId }, 'the knowledge of a bot without a folder is removed');
    }
  }

  private watch(folders: readonly string[]): void {
    for (const [folder, watcher] of this.watchers) {
      if (folders.includes(folder)) continue;
      watcher.close();
      this.watchers.delete(folder);
    }
    for (const folder of folders) {
      if (this.watchers.has(folder)) continue;
      try {
        const watcher = watch(folder, { recursive: true, persistent: false }, () => this.checkSoon());
        // The folder is gone, or the system watches too many already: the next check tries again.
        watcher.on('error', () => {
          watcher.close();
          this.watchers.delete(folder);
        });
        this.watchers.set(folder, watcher);
      } catch {
        // As above.
      }
    }
  }

  private checkSoon(): void {
    clearTimeout(this.soon);
    if (!this.stopping.signal.aborted) this.soon = setTimeout(() => void this.check(), SETTLE_MS);
  }

  private async bringUpToDate(botId: string, folder: KnowledgeFolder): Promise<void> {
    if (this.loaded.get(botId) === folder.version) return;
    const lock = this.db.createQueryRunner();
    try {
      // One process reads; the others see at their next look that nothing is left to do.
      const [{ held }] = (await lock.query(`SELECT pg_try_advisory_lock(hashtext('knowledge'), hashtext($1)) AS held`, [
        botId,
      ])) as [{ held: boolean }];
      if (!held) return;
      try {
        await this.load(botId, folder);
        this.loaded.set(botId, folder.version);
      } finally {
        await lock.query(`SELECT pg_advisory_unlock(hashtext('knowledge'), hashtext($1))`, [botId]);
      }
    } finally {
      await lock.release();
    }
    await this.count(botId);
  }

  /** Changed and new files are read and deleted ones forgotten. Each file changes at once, and all before the base is counted. */
  private async load(botId: string, { files, synonyms }: KnowledgeFolder): Promise<void> {
    const known = await this.db.query<{ source: string; hash: string }[]>(
      'SELECT source, hash FROM knowledge_documents WHERE bot_id = $1',
      [botId],
    );
    const hashes = new Map(known.map(({ source, hash }) => [source, hash]));
    const reader = new DocumentReader();
    let changed = 0;
    try {
      for (const file of files) {
        const hash = await hashOf(file, `${READERS_VERSION} ${this.index.version}`);
        if (hashes.get(file.source) === hash) continue;
        this.stopping.signal.throwIfAborted();
        await this.replace(botId, file, hash, reader);
        changed += 1;
      }
    } finally {
      await reader.close();
    }
    const present = new Set(files.map(({ source }) => source));
    const gone = known.map(({ source }) => source).filter((source) => !present.has(source));
    await this.finish(botId, gone, await readSynonyms(synonyms));
    if (changed + gone.length > 0) this.log.info({ botId, changed, removed: gone.length }, 'knowledge loaded');
  }

  /** A file that cannot be read any more keeps the text it had, and says why. */
  private async replace(botId: string, file: KnowledgeFile, hash: string, reader: DocumentReader): Promise<void> {
    const { source } = file;
    const result = await reader.read(file.path, file.size);
    if ('problem' in result) return this.noteProblem(botId, source, hash, result.problem);
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

  private async finish(botId: string, gone: readonly string[], synonyms: string): Promise<void> {
    await this.db.transaction(async (tx) => {
      await tx.query('DELETE FROM knowledge_documents WHERE bot_id = $1 AND source = ANY($2)', [botId, gone]);
      await this.index.refreshGrams(tx, botId);
      await tx.query(
        `INSERT INTO knowledge_bases (bot_id, passages, tokens, synonyms, loaded_at)
         SELECT $1, count(*), coalesce(sum(tokens), 0), $2, $3 FROM knowledge_chunks WHERE bot_id = $1
         ON CONFLICT (bot_id) DO UPDATE SET passages = excluded.passages, tokens = excluded.tokens,
           synonyms = excluded.synonyms, loaded_at = excluded.loaded_at`,
        [botId, synonyms, this.clock.now()],
      );
      if (this.vectors.isConnected)
        await this.jobs.add(tx, EmbedKnowledge, { botId }, { key: `embed-knowledge:${botId}` });
    });
  }

  private async count(botId: string): Promise<void> {
    const [row] = await this.db.query<{ suspicious: number; unread: number }[]>(
      `SELECT (SELECT count(*)::int FROM knowledge_chunks WHERE bot_id = $1 AND suspicious) AS suspicious,
              (SELECT count(*)::int FROM knowledge_documents WHERE bot_id = $1 AND problem IS NOT NULL) AS unread`,
      [botId],
    );
    this.suspicious.set({ bot: botId }, row!.suspicious);
    this.unread.set({ bot: botId }, row!.unread);
  }
}
