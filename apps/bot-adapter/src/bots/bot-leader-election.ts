import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { LOG, type Log } from '@switchboard/service-kit';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource, type QueryRunner } from 'typeorm';
import { BotsService } from './bots.service';

const LOOK_EVERY_MS = 2000;

type OnLead = (botId: string, signal: AbortSignal) => Promise<void>;

/**
 * Of several processes one leads a bot: it alone polls for updates and shows previews. Who holds the bot's advisory
 * lock leads; when its connection is lost the lock is free, and another process takes over within seconds.
 */
@Injectable()
export class BotLeaderElection implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly led = new Map<string, { lead: AbortController; work: Promise<unknown>[] }>();
  private readonly followers: OnLead[] = [];
  private readonly stopping = new AbortController();
  private runner: QueryRunner | undefined;
  private loop: Promise<void> | undefined;

  constructor(
    private readonly bots: BotsService,
    private readonly db: DataSource,
    @Inject(LOG) private readonly log: Log,
  ) {}

  has(botId: string): boolean {
    return this.led.has(botId);
  }

  /** `work` begins whenever this process comes to lead a bot, and ends when its signal is aborted. */
  onLead(work: OnLead): void {
    this.followers.push(work);
  }

  onApplicationBootstrap(): void {
    this.loop = this.keepLooking();
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.loop;
    await this.release();
  }

  private async keepLooking(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      try {
        await this.look();
      } catch (error) {
        this.log.warn({ err: error }, 'the leads of bots are lost');
        await this.release();
      }
      await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  private async look(): Promise<void> {
    this.runner ??= this.db.createQueryRunner();
    // Also tells whether the connection that holds the locks is still there.
    await this.runner.query('SELECT 1');
    for (const { id } of this.bots.all()) {
      if (this.led.has(id)) continue;
      const [row] = (await this.runner.query(
        `SELECT pg_try_advisory_lock(hashtext('bot lead'), hashtext(current_schema() || '.' || $1)) AS got`,
        [id],
      )) as { got: boolean }[];
      if (row?.got) this.begin(id);
    }
  }

  private begin(botId: string): void {
    const lead = new AbortController();
    const work = this.followers.map((follow) => follow(botId, lead.signal));
    this.led.set(botId, { lead, work });
  }

  private async release(): Promise<void> {
    const led = [...this.led.values()];
    this.led.clear();
    for (const { lead } of led) lead.abort();
    await Promise.allSettled(led.flatMap(({ work }) => work));
    const { runner } = this;
    this.runner = undefined;
    // The pool may give the connection to others, who must not inherit the locks.
    await runner?.query('SELECT pg_advisory_unlock_all()').catch(() => undefined);
    await runner?.release().catch(() => undefined);
  }
}
