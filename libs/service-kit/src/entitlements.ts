import { type Features, type FeatureValue, ReadEntitlements } from '@switchboard/contracts';
import { LRUCache } from 'lru-cache';
import type { BotsRegistry } from './bots-registry';
import type { Clock } from './clock';
import type { CallResult, ServiceClient } from './http/service-client';
import type { Log } from './log';

/** What a person may have of a bot. */
export interface Entitled {
  /** How what they pay for is called; null when that is nothing. */
  readonly level: string | null;
  /** What is absent is as the service has it for everybody. */
  readonly features: Features;
  /** As much as models may cost until it is paid; absent where nothing is paid by use. */
  readonly modelUse?: CallResult<typeof ReadEntitlements>['modelUse'];
}

/** A change is in force everywhere within five seconds, of which one is left for the answer. */
const FRESH_MS = 4000;
/** As far as this process remembers, an outage takes nothing away from people that they have paid for: one that starts meanwhile knows what is free alone. */
const KEPT_MS = 24 * 3_600_000;
const MOST_KEPT = 50_000;
/** Somebody waits for an answer of a bot: for each try, and in all. */
const TIMEOUT_MS = 1000;
const LONGEST_MS = 2000;

const NOTHING: Entitled = { level: null, features: {} };

interface Known {
  readonly paid: Entitled;
  /** When payments said so; undefined when it never has. */
  readonly saidAt: number | undefined;
  /** When it was asked last, in vain or not. */
  readonly askedAt: number;
}

/**
 * What people may have of a bot, by what they pay for: asked of payments while it is used, and kept for seconds. While payments does
 * not answer, what it said last holds for a day, and after that what is free.
 *
 * A bot that sells something says in `freeFeatures` what is free. A plan brings its own values of some features; the others hold for
 * those who pay as well. Without `freeFeatures` nobody is held to what they pay for, and payments is not asked.
 *
 * ```ts
 * const perDay = await this.entitlements.feature(userId, botId, FEATURES.chatBudget);
 * ```
 */
export class Entitlements {
  private readonly known = new LRUCache<string, Known>({ max: MOST_KEPT });
  private readonly asking = new Map<string, Promise<Entitled>>();
  private isAway = false;

  constructor(
    private readonly services: ServiceClient,
    private readonly bots: BotsRegistry,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  async of(userId: string, botId: string): Promise<Entitled> {
    const free = this.bots.find(botId)?.freeFeatures;
    if (!free) return NOTHING;
    const { features, ...paid } = await this.paidBy(userId, botId);
    return { ...paid, features: { ...free, ...features } };
  }

  /** How much of one thing; undefined where neither a plan nor what is free speaks of it. */
  async feature(userId: string, botId: string, name: string): Promise<FeatureValue | undefined> {
    return (await this.of(userId, botId)).features[name];
  }

  private paidBy(userId: string, botId: string): Promise<Entitled> {
    const key = `${botId} ${userId}`;
    const known = this.known.get(key);
    if (known && this.passedSince(known.askedAt) < FRESH_MS) return Promise.resolve(known.paid);
    const asking = this.asking.get(key) ?? this.ask(key, userId, botId).finally(() => this.asking.delete(key));
    this.asking.set(key, asking);
    return asking;
  }

  private async ask(key: string, userId: string, botId: string): Promise<Entitled> {
    const askedAt = this.clock.now().getTime();
    try {
      const limits = { timeoutMs: TIMEOUT_MS, signal: AbortSignal.timeout(LONGEST_MS) };
      const { level, features, modelUse } = await this.services.call(
        ReadEntitlements,
        { params: { userId }, query: { botId } },
        limits,
      );
      if (this.isAway) this.log.info('payments tells again what people may have');
      this.isAway = false;
      return this.keep(key, { paid: { level, features, modelUse }, saidAt: askedAt, askedAt });
    } catch (error) {
      if (!this.isAway)
        this.log.warn({ err: error }, 'payments does not tell what people may have; what it said last holds for a day');
      this.isAway = true;
      const known = this.known.get(key);
      const holds = known?.saidAt !== undefined && this.passedSince(known.saidAt) < KEPT_MS;
      return this.keep(key, holds ? { ...known, askedAt } : { paid: NOTHING, saidAt: undefined, askedAt });
    }
  }

  private keep(key: string, known: Known): Entitled {
    this.known.set(key, known);
    return known.paid;
  }

  /** Endless where the clock has gone back. */
  private passedSince(time: number): number {
    const passed = this.clock.now().getTime() - time;
    return passed < 0 ? Infinity : passed;
  }
}
