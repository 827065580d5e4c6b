import { Inject, Injectable } from '@nestjs/common';
import { isInfrastructureError, Outbox } from '@switchboard/bus';
import { TrafficUsed } from '@switchboard/contracts';
import { Clock, LOG, type Log } from '@switchboard/service-kit';
import { Gauge, Registry } from 'prom-client';
import { DataSource, type EntityManager, In, Not, TypeORMError } from 'typeorm';
import { AccessKey } from '../accesses/access-key.entity';
import { AccessQueue } from '../accesses/access-queue';
import { countUsage } from '../accesses/access.rules';
import { Access } from '../accesses/access.entity';
import { aboutOf, AccessesService } from '../accesses/accesses.service';
import type { SeenUser } from '../panels/panel';
import { panelErrorOf, PanelsService } from '../panels/panels.service';
import { Server } from '../servers/server.entity';
import { TrafficService } from '../traffic/traffic.service';

/** Rows that are held for some milliseconds. */
const AT_ONCE = 200;
const TOLD_PERCENTS = [80, 100] as const;
/** So old may be what is said of the time of the last count, of whoever uses nothing. */
const NOTED_EVERY_MS = 60 * 60_000;

interface Counted {
  readonly access: Access;
  readonly key: AccessKey;
  /** What came on top since the counter was read last. */
  readonly bytes: number;
  /** Whether the rows say something else than before. */
  readonly isRead: boolean;
  readonly isNoted: boolean;
}

/**
 * Reads the counters of panels. What was read last of each is kept with the key, and only what came on top is counted: so a run that
 * was broken off is made up for by the next one, and what was used at a server stays counted when the person has left it.
 */
@Injectable()
export class UsageCounting {
  private readonly countedAt: Gauge<'server'>;

  constructor(
    private readonly db: DataSource,
    private readonly panels: PanelsService,
    private readonly accesses: AccessesService,
    private readonly queue: AccessQueue,
    private readonly traffic: TrafficService,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
    registry: Registry,
    @Inject(LOG) private readonly log: Log,
  ) {
    this.countedAt = new Gauge({
      name: 'vpn_usage_counted_timestamp_seconds',
      help: 'When the traffic of all people of a server was counted last, by this process.',
      labelNames: ['server'],
      registers: [registry],
    });
  }

  async servers(): Promise<string[]> {
    const servers = await this.db.manager.find(Server, { select: { id: true }, where: { state: Not('retired') } });
    return servers.map(({ id }) => id);
  }

  /** Of a panel that does not answer its health is told elsewhere; it is asked again with the next slot. */
  async count(serverId: string, signal: AbortSignal): Promise<void> {
    const server = await this.db.manager.findOneBy(Server, { id: serverId });
    if (!server || server.state === 'retired') return;
    try {
      let waiting: SeenUser[] = [];
      for await (const seen of this.panels.of(server).list(signal)) {
        waiting.push(seen);
        if (waiting.length < AT_ONCE) continue;
        await this.countUsers(server, waiting);
        waiting = [];
      }
      await this.countUsers(server, waiting);
      this.countedAt.set({ server: server.name }, this.clock.now().getTime() / 1000);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof TypeORMError || isInfrastructureError(error)) throw error;
      this.log.warn({ err: error, server: server.name, reason: panelErrorOf(error) }, 'traffic was not counted');
    }
  }

  private countUsers(server: Server, seen: readonly SeenUser[]): Promise<void> {
    const { counts = 'total' } = this.panels.definition(server.panelKind);
    const shown = new Map(seen.map(({ name, usedBytes }) => [name, Math.round(usedBytes)]));
    return this.db.transaction(async (tx) => {
      const accesses = await this.hold(tx, [...shown.keys()]);
      const keys = await tx.findBy(AccessKey, { serverId: server.id, accessId: In([...accesses.keys()]) });
      const now = this.clock.now();
      const counted = keys.map((key): Counted => {
        const access = accesses.get(key.accessId)!;
        const { panelUsedBytes, panelUsedAt } = key;
        const isOld = !access.usedAt || now.getTime() - access.usedAt.getTime() > NOTED_EVERY_MS;
        const bytes = countUsage(access, key, shown.get(access.panelUser)!, now, counts);
        const isRead = panelUsedAt === null || panelUsedBytes !== key.panelUsedBytes;
        return { access, key, bytes, isRead, isNoted: isOld || bytes > 0 };
      });
      await this.write(tx, counted);
      for (const { access } of counted) await this.judge(tx, access);
    });
  }

  /** Whoever changes an access or its keys holds its row; those that hold several, in one order. */
  private async hold(tx: EntityManager, panelUsers: readonly string[]): Promise<Map<string, Access>> {
    const accesses = await tx
      .createQueryBuilder(Access, 'access')
      .where('access.panelUser = ANY(:panelUsers)', { panelUsers })
      .orderBy('access.id')
      .setLock('pessimistic_write')
      .getMany();
    return new Map(accesses.map((access) => [access.id, access]));
  }

  private async write(tx: EntityManager, counted: readonly Counted[]): Promise<void> {
    const now = this.clock.now();
    const keys = counted.filter(({ isRead }) => isRead).map(({ key }) => key);
    await tx.query(
      `UPDATE access_keys SET panel_used_bytes = read.bytes, panel_used_at = $3
       FROM unnest($1::uuid[], $2::bigint[]) AS read (id, bytes) WHERE access_keys.id = read.id`,
      [keys.map(({ id }) => id), keys.map(({ panelUsedBytes }) => panelUsedBytes), now],
    );
    const accesses = counted.filter(({ isNoted }) => isNoted).map(({ access }) => access);
    await tx.query(
      `UPDATE accesses SET used_bytes = read.bytes, used_at = $3
       FROM unnest($1::uuid[], $2::bigint[]) AS read (id, bytes) WHERE accesses.id = read.id`,
      [accesses.map(({ id }) => id), accesses.map(({ usedBytes }) => usedBytes), now],
    );
    await this.traffic.add(
      tx,
      counted.map(({ access: { id, userId, botId }, bytes }) => ({ accessId: id, userId, botId, bytes })),
    );
  }

  /** Says when most of it is used, and ends what is used up until there is more. */
  private async judge(tx: EntityManager, access: Access): Promise<void> {
    const { limitBytes, usedBytes, enabled } = access;
    if (limitBytes === null || !enabled) return;
    const percent = TOLD_PERCENTS.findLast((one) => usedBytes * 100 >= limitBytes * one);
    if (percent === undefined) return;
    if (await this.isNews(tx, access, percent)) await this.outbox.add(tx, TrafficUsed({ ...aboutOf(access), percent }));
    if (percent < 100) return;
    await this.accesses.suspend(tx, access, 'traffic_used');
    await this.queue.settle(tx, access.id);
  }

  /** Once a period, and of a limit that was raised within it once more. */
  private async isNews(tx: EntityManager, access: Access, percent: number): Promise<boolean> {
    const noted = await tx.query<unknown[]>(
      `INSERT INTO traffic_budgets AS known (subscription_id, user_id, revision, counted_from, told_percent, told_limit)
       VALUES ($1, $2, 0, $3, $4, $5)
       ON CONFLICT (subscription_id) DO UPDATE SET told_percent = $4, told_limit = $5
         WHERE known.told_percent < $4 OR known.told_limit IS DISTINCT FROM $5 RETURNING 1`,
      [access.subscriptionId, access.userId, access.periodStart, percent, access.limitBytes],
    );
    return noted.length > 0;
  }
}
