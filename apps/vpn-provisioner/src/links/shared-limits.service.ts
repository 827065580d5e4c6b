import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import {
  BlindIndex,
  CONFIG,
  LOG,
  type Log,
  type PeriodicTask,
  PeriodicTasks,
  type RunningTask,
} from '@switchboard/service-kit';
import { createClient } from 'redis';
import type { LinksConfig } from './links.config';
import { MINUTE_MS, RequestLimits } from './request-limits';

export const ShareLinkLimits: PeriodicTask = {
  name: 'share-link-limits',
  everyMs: 1000,
  purpose: 'Adds up in Redis what networks have asked of all processes.',
};
const CONNECT_WITHIN_MS = 2000;
const LONGEST_PAUSE_MS = 5000;
/** The client waits for the answer to several commands for as long as the connection seems to stand. */
const ANSWER_WITHIN_MS = 1000;

/**
 * How much each network has asked of all processes together, with REDIS_URL; without it, and while Redis is away, each counts what it was
 * asked itself. An address is answered from memory and waits for nobody, so what others have counted is known a second later.
 */
@Injectable()
export class SharedLimits implements OnModuleInit, OnModuleDestroy {
  readonly networks: RequestLimits;
  private readonly redis: ReturnType<typeof createClient> | undefined;
  private task: RunningTask | undefined;
  private isAway = false;
  private asked: Promise<unknown[]> | undefined;

  constructor(
    private readonly tasks: PeriodicTasks,
    private readonly index: BlindIndex,
    @Inject(CONFIG) { REDIS_URL: url, VPN_PROVISIONER_NETWORK_REQUESTS_PER_MINUTE: perMinute }: LinksConfig,
    @Inject(LOG) private readonly log: Log,
  ) {
    this.networks = new RequestLimits(perMinute);
    if (!url) return;
    const reconnectStrategy = (tries: number) => Math.min(100 * 2 ** tries, LONGEST_PAUSE_MS);
    const socket = { connectTimeout: CONNECT_WITHIN_MS, reconnectStrategy };
    this.redis = createClient({ url, socket, disableOfflineQueue: true });
    // Told where it is missed.
    this.redis.on('error', () => undefined);
  }

  onModuleInit(): void {
    void this.redis?.connect().catch(() => undefined);
    this.task = this.tasks.start(ShareLinkLimits, { run: () => this.share() });
  }

  async onModuleDestroy(): Promise<void> {
    // The task waits for what it has asked.
    if (this.redis?.isOpen) this.redis.destroy();
    await this.task?.stop();
  }

  private async share(): Promise<void> {
    const taken = this.networks.takeNew();
    const { minute, counts } = taken;
    if (!this.redis || counts.length === 0) return;
    const batch = this.redis.multi();
    for (const [network, cost] of counts) {
      // Of whom they are is nobody else's business.
      const key = `switchboard:vpn-links:${minute}:${this.index.hash('limits', network)}`;
      batch.incrBy(key, cost).pExpire(key, 2 * MINUTE_MS);
    }
    try {
      if (this.asked) throw new Error('Redis has not answered yet');
      this.asked = batch.exec().finally(() => (this.asked = undefined));
      const answers = await withinTime(this.asked);
      counts.forEach(([network], i) => this.networks.know(minute, network, Number(answers[2 * i])));
      this.isAway = false;
    } catch (error) {
      this.networks.giveBack(taken);
      if (!this.isAway)
        this.log.warn({ err: error }, 'Redis is away: what networks ask for is counted by each process');
      this.isAway = true;
    }
  }
}

async function withinTime<T>(answer: Promise<T>): Promise<T> {
  let watch: NodeJS.Timeout;
  const late = new Promise<never>((_, reject) => {
    watch = setTimeout(() => reject(new Error('Redis did not answer in time')), ANSWER_WITHIN_MS);
  });
  return Promise.race([answer, late]).finally(() => clearTimeout(watch));
}
