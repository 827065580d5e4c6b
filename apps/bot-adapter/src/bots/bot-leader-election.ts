import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { BotsRegistry, LOG, type Log } from '@switchboard/service-kit';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';

/** How long a lead lasts that is not renewed; after a kill another process leads within this time and one renewal. */
const LEASE_MS = 6000;
const RENEW_EVERY_MS = 2000;
/** A leader stops this long before its lease ends, so that two never lead at once. */
const MARGIN_MS = 1000;
/** A question that is not answered for so long runs on a connection that was lost without a word. */
const ANSWER_WITHIN_MS = 3000;

type LeadWork = (botId: string, signal: AbortSignal) => Promise<void>;

interface Lead {
  readonly ending: AbortController;
  readonly work: Promise<unknown>[];
  expiry: NodeJS.Timeout;
}

/**
 * Of several processes one leads a bot: it alone polls for updates and shows previews. A lead is a row with a time by the
 * database's clock, renewed while its process lives; no lock of a session, which a host that vanished would keep for hours.
 */
@Injectable()
export class BotLeaderElection implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly holder = uuidv7();
  private readonly leads = new Map<string, Lead>();
  private readonly works: LeadWork[] = [];
  private readonly stopping = new AbortController();
  private loop: Promise<void> | undefined;

  constructor(
    private readonly bots: BotsRegistry,
    private readonly db: DataSource,
    @Inject(LOG) private readonly log: Log,
  ) {
    // Work that was begun for a bot as it was begins anew at the next renewal, when everyone has heard of the change.
    bots.onChange(({ id }) => this.end(id));
  }

  has(botId: string): boolean {
    return this.leads.has(botId);
  }

  /** `work` begins whenever this process comes to lead a bot, and ends when its signal is aborted. */
  onLead(work: LeadWork): void {
    this.works.push(work);
  }

  onApplicationBootstrap(): void {
    this.loop = this.keepRenewing();
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.loop;
    await Promise.all([...this.leads.keys()].map((botId) => this.end(botId)));
    await this.release().catch((error: unknown) =>
      this.log.debug({ err: error }, 'the leads of bots run out by themselves'),
    );
  }

  private async keepRenewing(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      try {
        await this.renew();
      } catch (error) {
        this.log.warn({ err: error }, 'leads of bots could not be renewed');
      }
      await sleep(RENEW_EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Takes every lead that is free, and prolongs those of this process. */
  private async renew(): Promise<void> {
    const askedAt = performance.now();
    const ids = this.bots.all().map(({ id }) => id);
    const rows = await this.ask<{ bot_id: string }[]>(
      `INSERT INTO bot_leaders AS lead (bot_id, holder, expires_at)
       SELECT id, $2::uuid, now() + $3 * interval '1 ms' FROM unnest($1::text[]) AS id
       ON CONFLICT (bot_id) DO UPDATE SET holder = EXCLUDED.holder, expires_at = EXCLUDED.expires_at
         WHERE lead.holder = EXCLUDED.holder OR lead.expires_at < now()
       RETURNING bot_id`,
      [ids, this.holder, LEASE_MS],
    );
    const held = new Set(rows.map((row) => row.bot_id));
    for (const botId of this.leads.keys()) if (!held.has(botId)) void this.end(botId);
    // Counted from before the question: by the database's clock the lease ends later than that.
    const remainingMs = askedAt + LEASE_MS - MARGIN_MS - performance.now();
    for (const botId of held) if (!this.stopping.signal.aborted) this.hold(botId, remainingMs);
  }

  private hold(botId: string, forMs: number): void {
    const lead = this.leads.get(botId);
    const expiry = setTimeout(() => {
      this.log.warn({ bot: botId }, 'the lead of a bot ran out');
      void this.end(botId);
    }, forMs);
    expiry.unref();
    if (lead) {
      clearTimeout(lead.expiry);
      lead.expiry = expiry;
      return;
    }
    const ending = new AbortController();
    this.leads.set(botId, { ending, expiry, work: this.works.map((work) => work(botId, ending.signal)) });
  }

  /** Ends the work of a lead. */
  private async end(botId: string): Promise<void> {
    const lead = this.leads.get(botId);
    if (!lead) return;
    this.leads.delete(botId);
    clearTimeout(lead.expiry);
    lead.ending.abort();
    await Promise.allSettled(lead.work);
  }

  private async release(): Promise<void> {
    await this.ask('DELETE FROM bot_leaders WHERE holder = $1', [this.holder]);
  }

  private async ask<T>(sql: string, parameters: unknown[]): Promise<T> {
    const answered = new AbortController();
    const silence = sleep(ANSWER_WITHIN_MS, undefined, { signal: answered.signal, ref: false }).then(() => {
      throw new Error('the database did not answer in time');
    });
    silence.catch(() => undefined);
    try {
      return (await Promise.race([this.db.query(sql, parameters), silence])) as T;
    } finally {
      answered.abort();
    }
  }
}
