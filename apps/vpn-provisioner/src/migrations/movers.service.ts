import { Injectable } from '@nestjs/common';
import { Clock } from '@switchboard/service-kit';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource, type EntityManager, In } from 'typeorm';
import { Access } from '../accesses/access.entity';
import { AccessMove } from '../accesses/access-move.entity';
import { AccessQueue } from '../accesses/access-queue';
import { PlacementsService } from '../accesses/placements.service';
import { ServerHealth } from '../servers/server-health.entity';
import { ServerMigration } from './server-migration.entity';

/** So many are given a server in one transaction: few enough that whoever buys meanwhile does not wait. */
const BATCH = 100;
/** Whoever is just being served otherwise is looked at again. */
const AGAIN_AFTER_MS = 200;

interface Pass {
  /** Behind the last one that was looked at; null: there are no more. */
  readonly after: string | null;
  readonly skipped: number;
}

const NOTHING: Pass = { after: null, skipped: 0 };
const NIL = '00000000-0000-0000-0000-000000000000';

/** Moves the people of a migration, or moves them back. What was done stands in the rows: it may be left and taken up anywhere. */
@Injectable()
export class MoversService {
  constructor(
    private readonly db: DataSource,
    private readonly placements: PlacementsService,
    private readonly queue: AccessQueue,
    private readonly clock: Clock,
  ) {}

  async run(migrationId: string, signal: AbortSignal): Promise<void> {
    for (let skipped = 1; skipped > 0;) {
      skipped = 0;
      for (let after: string | null = NIL; after !== null;) {
        signal.throwIfAborted();
        const pass: Pass = await this.db.transaction((tx) => this.step(tx, migrationId, after!));
        after = pass.after;
        skipped += pass.skipped;
      }
      if (skipped > 0) await sleep(AGAIN_AFTER_MS, undefined, { signal });
    }
    await this.db.transaction((tx) => this.finish(tx, migrationId));
  }

  private async step(tx: EntityManager, id: string, after: string): Promise<Pass> {
    const migration = await this.lock(tx, id);
    if (migration?.state === 'running') return this.forward(tx, migration, after);
    if (migration?.state === 'rolling-back') return this.back(tx, migration, after);
    return NOTHING;
  }

  private async forward(tx: EntityManager, migration: ServerMigration, after: string): Promise<Pass> {
    const { id, kind, fromServerId, toServerIds } = migration;
    const health = await tx.findOneByOrFail(ServerHealth, { serverId: fromServerId });
    if (kind === 'failover' && health.state === 'up') await this.dropWaiting(tx, id);
    // What is being put right takes nobody, and may be there again in a moment.
    if (kind === 'failover' && health.state !== 'down') return NOTHING;
    const batch = await tx.query<{ id: string }[]>(
      // Whoever was on the way to a server that is down now has no move from it, and goes elsewhere all the same.
      `SELECT access_id AS id FROM access_moves WHERE migration_id = $1 AND state = 'waiting' AND access_id > $2
       UNION SELECT access_id FROM access_keys WHERE server_id = $3 AND state = 'preparing' AND occupies AND $4 AND access_id > $2
       ORDER BY id LIMIT ${BATCH}`,
      [id, after, fromServerId, kind === 'failover'],
    );
    const ids = batch.map((one) => one.id);
    const accesses = await this.hold(tx, ids);
    // Whoever has left the server by themselves since.
    await tx.query(
      `UPDATE access_moves m SET state = 'dropped', ended_at = $3
       WHERE migration_id = $1 AND state = 'waiting' AND access_id = ANY($2) AND NOT EXISTS (
         SELECT FROM access_keys k WHERE k.access_id = m.access_id AND k.server_id = m.from_server_id AND k.state = 'serving')`,
      [id, ids, this.clock.now()],
    );
    const reason = kind === 'failover' ? 'server_down' : 'planned';
    const options = { reason, leave: fromServerId, only: toServerIds, migrationId: id } as const;
    const served = accesses.filter(({ enabled }) => enabled);
    await this.queue.sync(tx, await this.placements.place(tx, served, options));
    return { after: ids.length < BATCH ? null : ids.at(-1)!, skipped: ids.length - accesses.length };
  }

  private async back(tx: EntityManager, migration: ServerMigration, after: string): Promise<Pass> {
    const { id, fromServerId } = migration;
    await this.dropWaiting(tx, id);
    const batch = await tx.query<Pick<AccessMove, 'id' | 'accessId'>[]>(
      `SELECT id, access_id AS "accessId" FROM access_moves
       WHERE migration_id = $1 AND state IN ('preparing', 'moved') AND reason <> 'rolled_back' AND id > $2 ORDER BY id LIMIT ${BATCH}`,
      [id, after],
    );
    const ids = [...new Set(batch.map(({ accessId }) => accessId))];
    const accesses = await this.hold(tx, ids);
    // Read once they are held: a panel may have confirmed one since, who would be taken off both servers.
    const mine = await tx.findBy(AccessMove, {
      ...{ id: In(batch.map((move) => move.id)), accessId: In(accesses.map((access) => access.id)) },
      state: In(['preparing', 'moved']),
    });
    const begun = mine.filter(({ state }) => state === 'preparing');
    // Before anybody leaves one of them: in the order of all who hold servers.
    await this.placements.seats(tx);
    await this.placements.leave(
      tx,
      begun.map(({ accessId, toServerId }) => ({ accessId, serverId: toServerId! })),
    );
    const servers = new Set(begun.map(({ toServerId }) => toServerId!));
    const moved = Map.groupBy(
      mine.filter(({ state }) => state === 'moved'),
      ({ toServerId }) => toServerId!,
    );
    for (const [toServerId, moves] of moved) {
      const served = await tx.query<{ id: string }[]>(
        `SELECT access_id AS id FROM access_keys WHERE access_id = ANY($1) AND server_id = $2 AND state <> 'leaving'`,
        [moves.map(({ accessId }) => accessId), toServerId],
      );
      const there = accesses.filter((access) => access.enabled && served.some((one) => one.id === access.id));
      const options = { reason: 'rolled_back', leave: toServerId, only: [fromServerId], migrationId: id } as const;
      for (const serverId of await this.placements.place(tx, there, options)) servers.add(serverId);
    }
    await this.markRolledBack(tx, migration, mine);
    await this.queue.sync(tx, servers);
    return { after: batch.length < BATCH ? null : batch.at(-1)!.id, skipped: ids.length - accesses.length };
  }

  /** Those who are on their way back, and those who are not where they were moved to any more. The others found no room. */
  private async markRolledBack(
    tx: EntityManager,
    { id }: ServerMigration,
    moves: readonly AccessMove[],
  ): Promise<void> {
    await tx.query(
      `UPDATE access_moves m SET state = 'rolled-back', ended_at = $2 WHERE m.id = ANY($1) AND (
         m.state = 'preparing'
         OR EXISTS (SELECT FROM access_moves b WHERE b.migration_id = $3 AND b.access_id = m.access_id AND b.reason = 'rolled_back')
         OR NOT EXISTS (SELECT FROM access_keys k WHERE k.access_id = m.access_id AND k.server_id = m.to_server_id AND k.occupies))`,
      [moves.map((move) => move.id), this.clock.now(), id],
    );
  }

  private async finish(tx: EntityManager, id: string): Promise<void> {
    const migration = await this.lock(tx, id);
    if (migration?.state !== 'running' && migration?.state !== 'rolling-back') return;
    const [{ isOpen }] = (await tx.query(
      `SELECT EXISTS (SELECT FROM access_moves WHERE migration_id = $1
           AND (state IN ('waiting', 'preparing') OR ($2 AND state = 'moved' AND reason <> 'rolled_back')))
         OR ($3 AND EXISTS (SELECT FROM access_keys k JOIN server_health h ON h.server_id = k.server_id
           WHERE k.server_id = $4 AND k.occupies AND h.state = 'down')) AS "isOpen"`,
      [id, migration.state === 'rolling-back', migration.kind === 'failover', migration.fromServerId],
    )) as [{ isOpen: boolean }];
    if (isOpen) return;
    const state = migration.state === 'running' ? 'done' : 'rolled-back';
    const change = { state, endedAt: this.clock.now(), revision: migration.revision + 1 } as const;
    await tx.update(ServerMigration, { id }, change);
  }

  private async dropWaiting(tx: EntityManager, id: string): Promise<void> {
    await tx.update(AccessMove, { migrationId: id, state: 'waiting' }, { state: 'dropped', endedAt: this.clock.now() });
  }

  private lock(tx: EntityManager, id: string): Promise<ServerMigration | null> {
    return tx.findOne(ServerMigration, { where: { id }, lock: { mode: 'pessimistic_write' } });
  }

  /** Those that nobody else changes just now. */
  private async hold(tx: EntityManager, ids: readonly string[]): Promise<Access[]> {
    return tx.find(Access, {
      where: { id: In([...ids]) },
      order: { id: 'ASC' },
      lock: { mode: 'pessimistic_write', onLocked: 'skip_locked' },
    });
  }
}
