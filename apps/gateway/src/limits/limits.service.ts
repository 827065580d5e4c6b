import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import {
  BlindIndex,
  CircuitBreaker,
  Clock,
  CONFIG,
  LOG,
  type Log,
  type PeriodicTask,
  PeriodicTasks,
  type RunningTask,
} from '@switchboard/service-kit';
import { LRUCache } from 'lru-cache';
import { Gauge, Registry } from 'prom-client';
import { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { LimitsConfig } from './limits.config';
import { MemoryCounters } from './memory-counters';
import { type Balance, type Charge, shareOf } from './rate-limit';
import { RedisCounters } from './redis-counters';

export const CountReplicas: PeriodicTask = {
  name: 'count-replicas',
  everyMs: 5000,
  purpose: 'Says that this process counts calls, and sees how many others do.',
};
/** A process that has said nothing for so long counts no more. */
const SILENT_MS = 3 * CountReplicas.everyMs;
const BREAK_AFTER = 3;
const MOST_REFUSED = 20_000;
const PROBE_EVERY_MS = 2000;

/**
 * Rate limits. With REDIS_URL all replicas count together; without it, and while Redis is away, each counts in memory and gives away
 * its part of every limit, so that all of them together stay within it.
 */
@Injectable()
export class LimitsService implements OnModuleInit, OnModuleDestroy {
  private readonly memory = new MemoryCounters();
  private readonly redis: RedisCounters | undefined;
  /** What this process has refused, and until when (ms) it would be refused again. */
  private readonly refused = new LRUCache<string, { readonly balance: Balance; readonly until: number }>({
    max: MOST_REFUSED,
  });
  private readonly breaker = new CircuitBreaker(BREAK_AFTER, PROBE_EVERY_MS);
  private readonly replica = uuidv7();
  private replicas = 1;
  private isAway = false;
  private task: RunningTask | undefined;
  private readonly away: Gauge;

  constructor(
    private readonly db: DataSource,
    private readonly clock: Clock,
    private readonly tasks: PeriodicTasks,
    @Inject(CONFIG) { REDIS_URL }: LimitsConfig,
    index: BlindIndex,
    registry: Registry,
    @Inject(LOG) private readonly log: Log,
  ) {
    this.redis = REDIS_URL ? new RedisCounters(REDIS_URL, (subject) => index.hash('limits', subject)) : undefined;
    this.away = new Gauge({
      name: 'gateway_limits_store_away',
      help: '1 while REDIS_URL is set and Redis does not answer: limits are counted in each process alone.',
      registers: [registry],
    });
  }

  onModuleInit(): void {
    this.redis?.open();
    this.task = this.tasks.start(CountReplicas, { run: () => this.countReplicas() });
  }

  async onModuleDestroy(): Promise<void> {
    await this.task?.stop();
    this.redis?.close();
    await this.db.query('DELETE FROM limit_replicas WHERE id = $1', [this.replica]).catch(() => undefined);
  }

  /** Pays for a call, or for nothing when one of its limits refuses it. */
  async pay(charges: readonly Charge[]): Promise<Balance[]> {
    const now = this.clock.now().getTime();
    const balances = await this.count(charges, now);
    for (const [i, balance] of balances.entries())
      if (!balance.allowed) this.refused.set(keyOf(charges[i]!), { balance, until: now + balance.resetMs });
    return balances;
  }

  /** Which of these were refused so lately that they would be again. Costs nothing and asks nobody. */
  refusedNow(charges: readonly Charge[]): Balance[] {
    const now = this.clock.now().getTime();
    return charges.flatMap((charge) => {
      const known = this.refused.get(keyOf(charge));
      const resetMs = known ? known.until - now : 0;
      // One that lasts longer than it was to last is of before the clock went back.
      return resetMs > 0 && resetMs < known!.balance.resetMs + 1 ? [{ ...known!.balance, resetMs }] : [];
    });
  }

  private async count(charges: readonly Charge[], now: number): Promise<Balance[]> {
    if (this.redis && this.breaker.admits()) {
      try {
        const balances = await this.redis.pay(charges);
        this.breaker.answered();
        this.say(false);
        return balances;
      } catch (error) {
        this.breaker.failed();
        this.say(true, error);
      }
    }
    const { replicas } = this;
    if (replicas === 1) return this.memory.pay(charges, now);
    const shared = charges.map((charge) => ({ ...charge, limit: shareOf(charge.limit, 1 / replicas) }));
    return this.memory.pay(shared, now);
  }

  private say(isAway: boolean, error?: unknown): void {
    if (isAway === this.isAway) return;
    this.isAway = isAway;
    this.away.set(isAway ? 1 : 0);
    if (isAway) this.log.error({ err: error }, 'Redis is unavailable: limits are counted in each process alone');
    else this.log.info('Redis is back: limits are counted together again');
  }

  /** By the clock of the database, which all replicas share. */
  private async countReplicas(): Promise<void> {
    const [row] = await this.db.query<{ count: number }[]>(
      `WITH said AS (
         INSERT INTO limit_replicas (id, seen_at) VALUES ($1, now()) ON CONFLICT (id) DO UPDATE SET seen_at = now()
       ), gone AS (
         DELETE FROM limit_replicas
         WHERE seen_at < now() - $2 * interval '1 millisecond' * 20 OR seen_at > now() + interval '1 minute'
       )
       SELECT count(*)::integer AS count FROM limit_replicas
       WHERE seen_at BETWEEN now() - $2 * interval '1 millisecond' AND now() + interval '1 minute' AND id <> $1`,
      [this.replica, SILENT_MS],
    );
    this.replicas = 1 + row!.count;
  }
}

const keyOf = ({ limit, subject }: Charge) => `${limit.name} ${subject}`;
