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
import { type FSWatcher, watch } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Gauge, Registry } from 'prom-client';
import { DataSource } from 'typeorm';
import type { PostgresDataSourceOptions } from 'typeorm/driver/postgres/PostgresDataSourceOptions';
import { AssistantsService } from '../assistants/assistants.service';
import { type ChatAiConfig, KNOWLEDGE_CHECK_SECONDS } from '../chat-ai.config';
import { type FolderView, type KnowledgeFolder, listFolder, viewOf } from './knowledge-folder';
import { KnowledgeWriter } from './knowledge.writer';
import { indexedAs, PassageIndex } from './passage-index';

/** The start waits for short texts, not for a shelf of books. */
const START_WAITS_MS = 5000;
/** A disk that is not mounted is an empty folder: that all files are gone is believed when it has lasted so long. */
const EMPTY_IS_BELIEVED_AFTER_MS = 60 * 60_000;
/** A base that no process has found in line for so many looks shows a folder that nobody sees any more. */
const LOOKS_UNTIL_ABANDONED = 3;
/** Programs write a file in several steps. */
const SETTLE_MS = 300;

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
  private readonly emptied: Gauge<'bot'>;
  private readonly stopping = new AbortController();
  private readonly watchers = new Map<string, FSWatcher>();
  /** What this process has found in each bot's folder and brought into line, to see at a glance that nothing has changed. */
  private readonly views = new Map<string, FolderView>();
  /** Since when this process has found nothing in the folders of bots of which files are known. */
  private readonly emptySince = new Map<string, number>();
  private checks: Promise<void> = Promise.resolve();
  private task: RunningTask | undefined;
  private soon: NodeJS.Timeout | undefined;

  constructor(
    private readonly db: DataSource,
    private readonly assistants: AssistantsService,
    private readonly index: PassageIndex,
    private readonly writer: KnowledgeWriter,
    private readonly tasks: PeriodicTasks,
    private readonly clock: Clock,
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
      help: 'Files of the knowledge folder that could not be read, or are too many to be.',
      labelNames: ['bot'],
      registers: [registry],
    });
    this.emptied = new Gauge({
      name: 'knowledge_folder_emptied',
      help: '1 while the knowledge folder is found empty though files of it are known, which stay known for an hour.',
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
    for (const bot of this.emptySince.keys()) if (!botIds.includes(bot)) this.noteFilled(bot);
    const isGone = `seen_at < now() - interval '1 day'`;
    const gone = await this.db.query<{ bot_id: string }[]>(
      `SELECT bot_id FROM knowledge_bases WHERE ${isGone} AND NOT bot_id = ANY($1)`,
      [botIds],
    );
    for (const { bot_id: botId } of gone) {
      if (await this.writer.forget(botId, isGone))
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
    const known = this.views.get(botId);
    const isChanged = known?.folder !== folder.version;
    const view = isChanged ? await viewOf(folder, indexedAs(this.index), this.stopping.signal) : known;
    const state = await this.stateOf(botId, view);
    if (state === 'current') {
      this.noteFilled(botId);
      this.views.set(botId, view);
      if (isChanged) await this.count(botId, folder);
      return;
    }
    if (folder.files.length > 0) this.noteFilled(botId);
    else if (!(await this.isEmptyForGood(botId, state))) return;
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
        (await this.stateOf(botId, view)) === 'current' ||
        (await this.writer.load(botId, folder, view, AbortSignal.any([this.stopping.signal, lock.lost])));
      if (isLoaded) this.views.set(botId, view);
    } finally {
      await lock.close();
    }
    await this.count(botId, folder);
  }

  /** Whether the files that are known of a folder without any are to be forgotten. */
  private async isEmptyForGood(botId: string, state: 'of others' | 'old'): Promise<boolean> {
    const [known] = await this.db.query<unknown[]>(
      'SELECT FROM knowledge_documents WHERE bot_id = $1 AND entry_id IS NULL LIMIT 1',
      [botId],
    );
    if (!known) return true;
    const now = this.clock.now().getTime();
    const since = this.emptySince.get(botId);
    if (since === undefined) {
      this.emptySince.set(botId, now);
      this.emptied.set({ bot: botId }, 1);
      this.log.warn({ botId }, 'the knowledge folder is empty, as if not mounted; what is known stays for an hour');
      return false;
    }
    // Others see the files: then it is this process that does not.
    return state === 'old' && now - since >= EMPTY_IS_BELIEVED_AFTER_MS;
  }

  private noteFilled(botId: string): void {
    if (this.emptySince.delete(botId)) this.emptied.remove({ bot: botId });
  }

  /** Of what is known: in line with the view, or as other living processes have it. Notes that it is in line. */
  private async stateOf(botId: string, { version }: FolderView): Promise<'current' | 'of others' | 'old'> {
    const [base] = await this.db.query<{ version: string | null; isAbandoned: boolean }[]>(
      `SELECT version, coalesce(seen_at < now() - make_interval(secs => $2), true) AS "isAbandoned"
       FROM knowledge_bases WHERE bot_id = $1`,
      [botId, LOOKS_UNTIL_ABANDONED * this.config.CHAT_AI_KNOWLEDGE_CHECK_SECONDS],
    );
    if (!base) return 'old';
    if (base.version !== version) return base.isAbandoned ? 'old' : 'of others';
    await this.db.query('UPDATE knowledge_bases SET seen_at = now() WHERE bot_id = $1', [botId]);
    return 'current';
  }

  private async count(botId: string, { leftOut }: KnowledgeFolder): Promise<void> {
    const [row] = await this.db.query<{ suspicious: number; unread: number }[]>(
      `SELECT (SELECT count(*)::int FROM knowledge_chunks WHERE bot_id = $1 AND suspicious) AS suspicious,
              (SELECT count(*)::int FROM knowledge_documents WHERE bot_id = $1 AND problem IS NOT NULL) AS unread`,
      [botId],
    );
    this.suspicious.set({ bot: botId }, row!.suspicious);
    this.unread.set({ bot: botId }, row!.unread + leftOut.length);
    if (leftOut.length > 0)
      this.log.warn(
        { botId, files: leftOut.length, first: leftOut[0], last: leftOut.at(-1) },
        'the knowledge folder holds more files than are read; these are left out',
      );
  }
}
