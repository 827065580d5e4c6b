import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import {
  Clock,
  CONFIG,
  LOG,
  type Log,
  type PeriodicTask,
  PeriodicTasks,
  type RunningTask,
} from '@switchboard/service-kit';
import { LockSession } from '@switchboard/bus';
import { createHash } from 'node:crypto';
import { type FSWatcher, watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Gauge, Registry } from 'prom-client';
import { DataSource, type EntityManager } from 'typeorm';
import type { PostgresDataSourceOptions } from 'typeorm/driver/postgres/PostgresDataSourceOptions';
import { v7 as uuidv7 } from 'uuid';
import { AssistantsService } from '../assistants/assistants.service';
import { type ChatAiConfig, KNOWLEDGE_CHECK_SECONDS } from '../chat-ai.config';
import { countTokens } from '../models/tokens';
import { passageText } from './citations';
import { DocumentReader, ReaderLost } from '../documents/document-reader';
import { type FileProblem, LIMITS, type ReadResult } from '../documents/read-result';
import { KnowledgeJobs } from './knowledge.jobs';
import { hashOf, type KnowledgeFile, type KnowledgeFolder, listFolder, readSynonyms } from './knowledge-folder';
import { PassageIndex } from './passage-index';
import { type Chunk, splitDocument } from './split-document';
import { isSuspicious } from './suspicious';

/** Raised when files are to be read again because their readers, or how tokens are counted, have changed. */
const READERS_VERSION = '1';
/** The start waits for short texts, not for a shelf of books. */
const START_WAITS_MS = 5000;
/** A base that no process has found in line for so many looks shows a folder that nobody sees any more. */
const LOOKS_UNTIL_ABANDONED = 3;
/** Programs write a file in several steps. */
const SETTLE_MS = 300;
/** More would make every search slow; the files that do not fit are named in the log. */
const MOST_PASSAGES = 20_000;
const LONGEST_NUMBER = 99;

/** What a process finds in a folder. */
interface FolderView {
  /** Of names and dates. */
  readonly folder: string;
  /** By source. */
  readonly hashes: ReadonlyMap<string, string>;
  readonly synonyms: string;
  /** Of what the files hold: the same for each process that sees the same files, on whatever disk. */
  readonly version: string;
}

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
  /** What this process has found in each bot's folder and brought into line, to see at a glance that nothing has changed. */
  private readonly views = new Map<string, FolderView>();
  private checks: Promise<void> = Promise.resolve();
  private task: RunningTask | undefined;
  private soon: NodeJS.Timeout | undefined;

  constructor(
    private readonly db: DataSource,
    private readonly clock: Clock,
    private readonly assistants: AssistantsService,
    private readonly index: PassageIndex,
    private readonly jobs: KnowledgeJobs,
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

  /**
   * What is known of a bot is deleted when no process has seen its folder for a day. This process alone cannot tell: while a new
   * release is rolled out, the others may know of bots that it does not.
   */
  private async forgetOthers(botIds: readonly string[]): Promise<void> {
    for (const bot of this.views.keys()) {
      if (botIds.includes(bot)) continue;
      this.views.delete(bot);
      this.suspicious.remove({ bot });
      this.unread.remove({ bot });
    }
    const isGone = `seen_at < now() - interval '1 day'`;
    const gone = await this.db.query<{ bot_id: string }[]>(
      `SELECT bot_id FROM knowledge_bases WHERE ${isGone} AND NOT bot_id = ANY($1)`,
      [botIds],
    );
    for (const { bot_id: botId } of gone) {
      await this.db.transaction(async (tx) => {
        const asked = `DELETE FROM knowledge_bases WHERE bot_id = $1 AND ${isGone} RETURNING bot_id`;
        const [deleted] = await tx.query<[unknown[], number]>(asked, [botId]);
        if (deleted.length === 0) return;
        await tx.query('DELETE FROM knowledge_documents WHERE bot_id = $1', [botId]);
        await tx.query('DELETE FROM knowledge_grams WHERE bot_id = $1', [botId]);
        await tx.query('DELETE FROM knowledge_vectors WHERE bot_id = $1', [botId]);
        this.log.info({ botId }, 'the knowledge of a bot without a folder is removed');
      });
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
    const known = this.views.get(botId);
    const isChanged = known?.folder !== folder.version;
    const view = isChanged ? await this.viewOf(folder) : known;
    const state = await this.stateOf(botId, view);
    if (state === 'current') {
      this.views.set(botId, view);
      if (isChanged) await this.count(botId);
      return;
    }
    // Others have loaded what they see, as while a new release is rolled out: without a change here theirs stays.
    if (state === 'of others' && !isChanged) return;
    // A session of its own: the locks of a pooled one would outlive a host that is cut off (LockSession).
    const { url } = this.db.options as PostgresDataSourceOptions;
    const lock = await LockSession.open({ connectionString: url! }, `knowledge of ${botId}`);
    try {
      // One process reads; the others see at their next look that nothing is left to do.
      const [row] = await lock.query<{ held: boolean }>({
        text: `SELECT pg_try_advisory_lock(hashtext('knowledge'), hashtext($1)) AS held`,
        values: [botId],
      });
      if (!row!.held) return;
      const isLoaded =
        (await this.stateOf(botId, view)) === 'current' || (await this.load(botId, folder, view, lock.lost));
      if (isLoaded) this.views.set(botId, view);
    } finally {
      await lock.close();
    }
    await this.count(botId);
  }

  private async viewOf({ files, synonyms, version: folder }: KnowledgeFolder): Promise<FolderView> {
    const hashes = new Map<string, string>();
    for (const file of files) {
      this.stopping.signal.throwIfAborted();
      hashes.set(file.source, await hashOf(file, `${READERS_VERSION} ${this.index.version}`));
    }
    const words = await readSynonyms(synonyms);
    const version = createHash('sha256')
      .update(JSON.stringify([...hashes, words]))
      .digest('hex');
    return { folder, hashes, synonyms: words, version };
  }

  /** Of what is known: in line with the view, or as other living processes have it. Notes that it is in line. */
  private async stateOf(botId: string, { version }: FolderView): Promise<'current' | 'of others' | 'old'> {
    const [base] = await this.db.query<{ version: string | null; isAbandoned: boolean }[]>(
      `SELECT version, seen_at < now() - make_interval(secs => $2) AS "isAbandoned" FROM knowledge_bases WHERE bot_id = $1`,
      [botId, LOOKS_UNTIL_ABANDONED * this.config.CHAT_AI_KNOWLEDGE_CHECK_SECONDS],
    );
    if (!base) return 'old';
    if (base.version !== version) return base.isAbandoned ? 'old' : 'of others';
    await this.db.query('UPDATE knowledge_bases SET seen_at = now() WHERE bot_id = $1', [botId]);
    return 'current';
  }

  /**
   * Changed and new files are read and deleted ones forgotten. Each file changes at once, and all before the base is counted.
   * @returns whether every file was read or found to be unreadable
   */
  private async load(
    botId: string,
    { files }: KnowledgeFolder,
    view: FolderView,
    lockLost: AbortSignal,
  ): Promise<boolean> {
    const known = await this.db.query<{ source: string; hash: string }[]>(
      'SELECT source, hash FROM knowledge_documents WHERE bot_id = $1',
      [botId],
    );
    const hashes = new Map(known.map(({ source, hash }) => [source, hash]));
    const signal = AbortSignal.any([this.stopping.signal, lockLost]);
    const reader = new DocumentReader();
    const stop = () => void reader.close();
    signal.addEventListener('abort', stop, { once: true });
    let changed = 0;
    let isComplete = true;
    try {
      for (const file of files) {
        const hash = view.hashes.get(file.source)!;
        if (hashes.get(file.source) === hash) continue;
        signal.throwIfAborted();
        if (!(await this.replace(botId, file, hash, reader, signal))) isComplete = false;
        changed += 1;
      }
    } finally {
      signal.removeEventListener('abort', stop);
      await reader.close();
    }
    const gone = known.map(({ source }) => source).filter((source) => !view.hashes.has(source));
    await this.finish(botId, gone, view, isComplete);
    if (changed + gone.length > 0) this.log.info({ botId, changed, removed: gone.length }, 'knowledge loaded');
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

/** No content has this hash. */
const NOT_READ = '';

/** @throws ReaderLost */
async function readFileWith(reader: DocumentReader, { path, source, size }: KnowledgeFile): Promise<ReadResult> {
  if (size > LIMITS.fileBytes) return { problem: 'file_too_large' };
  return reader.read(source, await readFile(path));
}
