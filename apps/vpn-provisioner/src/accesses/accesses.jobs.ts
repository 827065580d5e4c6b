import { Inject, Injectable } from '@nestjs/common';
import {
  Clock,
  defineJob,
  type JobRun,
  LOG,
  type Log,
  type PayloadOf,
  Runs,
  Scheduled,
  Slot,
} from '@switchboard/service-kit';
import { DataSource } from 'typeorm';
import { AccessQueue, SettleAccess, SyncKeys, TellDelay } from './access-queue';
import { AccessesService } from './accesses.service';
import { KeySyncService } from './key-sync.service';
import { KeysService } from './keys.service';

const TendAccesses = defineJob('tend-accesses', Slot);
const FindUnserved = defineJob('find-unserved-accesses', Slot);
const ForgetOldAccesses = defineJob('forget-old-accesses', Slot);

const UNREACHED_PAUSE_MS = 10_000;
const AT_ONCE = 1000;

@Injectable()
export class AccessesJobs {
  constructor(
    private readonly db: DataSource,
    private readonly accesses: AccessesService,
    private readonly keys: KeysService,
    private readonly keySync: KeySyncService,
    private readonly queue: AccessQueue,
    private readonly clock: Clock,
    @Inject(LOG) private readonly log: Log,
  ) {}

  @Runs(SettleAccess)
  async settle({ accessId }: PayloadOf<typeof SettleAccess>): Promise<void> {
    await this.db.transaction(async (tx) => {
      const access = await this.accesses.lock(tx, accessId);
      if (!access) return;
      await this.queue.sync(tx, await this.accesses.settle(tx, access, { reason: 'rebalanced' }));
    });
  }

  @Runs(SyncKeys)
  async sync({ serverId }: PayloadOf<typeof SyncKeys>, { signal }: JobRun): Promise<void> {
    const isReached = await this.keySync.drain(serverId, signal);
    const next = await this.keys.nextDue(serverId);
    if (!next) return;
    const inMs = next.getTime() - this.clock.now().getTime();
    await this.db.transaction((tx) =>
      this.queue.sync(tx, [serverId], Math.max(inMs, isReached ? 1 : UNREACHED_PAUSE_MS)),
    );
  }

  @Runs(TellDelay)
  async tellDelay({ accessId }: PayloadOf<typeof TellDelay>): Promise<void> {
    await this.db.transaction((tx) => this.accesses.tellIfDelayed(tx, accessId));
  }

  @Scheduled('* * * * *', TendAccesses, {
    purpose: 'Ends accesses whose time is over, looks for room for those without, and asks panels for what is late.',
    timeoutMs: 60_000,
  })
  async tend(): Promise<void> {
    const now = this.clock.now();
    // Those who were tried longest ago, so that who finds no room keeps nobody behind them from theirs.
    const owed = await this.db.query<{ id: string }[]>(
      `SELECT id FROM accesses WHERE owed_since IS NOT NULL ORDER BY enabled DESC, tried_at NULLS FIRST, owed_since LIMIT ${AT_ONCE}`,
    );
    // Others hold many as well, in the order of their ids; whoever is held is being looked after.
    await this.db.query(
      `UPDATE accesses SET tried_at = $2 WHERE id IN (SELECT id FROM accesses WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED)`,
      [owed.map(({ id }) => id), now],
    );
    const ids = await this.db.query<{ id: string }[]>(
      `SELECT id FROM ((SELECT id FROM accesses WHERE enabled AND served_until <= $1 ORDER BY served_until LIMIT ${AT_ONCE})
       UNION (SELECT a.id FROM accesses a, (SELECT count(*) AS n FROM server_health WHERE state = 'up') up
         WHERE a.enabled AND a.server_count > 1 AND least(a.server_count, up.n) >
           (SELECT count(*) FROM access_keys k WHERE k.access_id = a.id AND k.state <> 'leaving') LIMIT ${AT_ONCE})) AS due`,
      [now],
    );
    const servers = await this.db.query<{ id: string }[]>(
      `SELECT server_id AS id FROM access_keys WHERE due_at <= $1 UNION SELECT server_id FROM panel_removals WHERE due_at <= $1`,
      [now],
    );
    await this.db.transaction(async (tx) => {
      const all = new Set([...ids, ...owed].map(({ id }) => id));
      for (const id of [...all].sort()) await this.queue.settle(tx, id);
      await this.queue.sync(
        tx,
        servers.map(({ id }) => id),
      );
    });
  }

  /** There are none, unless something here is wrong: then nobody is to wait until it is found. */
  @Scheduled('27 * * * *', FindUnserved, {
    purpose: 'Looks for accesses that no server serves and of which nothing else knows, and has them served.',
    timeoutMs: 5 * 60_000,
  })
  async findUnserved(): Promise<void> {
    const [found] = await this.db.query<[{ id: string }[], number]>(
      `UPDATE accesses a SET version = version + 1, link_version = link_version + 1, owed_since = $1 WHERE enabled AND owed_since IS NULL AND served_until > $1
         AND NOT EXISTS (SELECT FROM access_keys k WHERE k.access_id = a.id AND k.state <> 'leaving') RETURNING id`,
      [this.clock.now()],
    );
    if (found.length === 0) return;
    this.log.error({ accesses: found.length }, 'accesses were served by no server');
    await this.tend();
  }

  @Scheduled('12 3 * * *', ForgetOldAccesses, {
    purpose: 'Forgets accesses that ended long ago, who was moved when, and what people have measured.',
    timeoutMs: 10 * 60_000,
  })
  async forgetOld(): Promise<void> {
    await this.accesses.forgetOld(this.db.manager);
  }
}
