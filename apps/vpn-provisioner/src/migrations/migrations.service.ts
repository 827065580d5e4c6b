import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import {
  type Actor,
  AuditEntryAppendRequested,
  ChangeMigration,
  type ListMigrations,
  PlanMigration,
  type PreviewMigration,
  type ReadMigration,
  type RouteDefinition,
} from '@switchboard/contracts';
import {
  type AnswerOf,
  auditEntry,
  Clock,
  Cursors,
  DomainError,
  type IfMatch,
  type RequestOf,
} from '@switchboard/service-kit';
import { DataSource, type EntityManager, In } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { PlacementsService } from '../accesses/placements.service';
import { place } from '../placement/placement';
import { Server } from '../servers/server.entity';
import { ServerHealth } from '../servers/server-health.entity';
import { ServersService } from '../servers/servers.service';
import { MigrationQueue } from './migration-queue';
import { MIGRATION_TRANSITIONS, type MigrationState } from './migration.states';
import { ServerMigration } from './server-migration.entity';

class MigrationNotFound extends DomainError {
  constructor() {
    super(
      'vpn-provisioner.migration_not_found',
      { en: 'There is no such migration.', ru: 'Такого переноса нет.' },
      404,
    );
  }
}

class TargetsRefused extends DomainError {
  constructor() {
    const texts = {
      en: 'People are moved to other servers that are in service.',
      ru: 'Переносить можно только на другие серверы, которые в работе.',
    };
    super('vpn-provisioner.migration_targets_refused', texts, 422);
  }
}

class StateRefused extends DomainError {
  constructor(state: string) {
    const texts = {
      en: 'A migration that is as far as this one cannot become that.',
      ru: 'На этой стадии перенос так изменить нельзя.',
    };
    super('vpn-provisioner.migration_state_refused', texts, 409, { state });
  }
}

class InTheWay extends DomainError {
  constructor(migrationId: string) {
    const texts = { en: 'People of this server are being moved already.', ru: 'Людей с этого сервера уже переносят.' };
    super('vpn-provisioner.migration_in_the_way', texts, 409, { migrationId });
  }
}

type View = AnswerOf<typeof ReadMigration>;
type Planned = RequestOf<typeof PlanMigration>['body'];
type Preview = AnswerOf<typeof PreviewMigration>;

/** In which people are under way, or may be. One at a time for each server. */
const OPEN: readonly MigrationState[] = ['running', 'paused', 'rolling-back'];

/** What staff see and decide of migrations; who is moved when is the business of MoversService. */
@Injectable()
export class MigrationsService {
  constructor(
    private readonly db: DataSource,
    private readonly servers: ServersService,
    private readonly placements: PlacementsService,
    private readonly queue: MigrationQueue,
    private readonly outbox: Outbox,
    private readonly cursors: Cursors,
    private readonly clock: Clock,
  ) {}

  async list(request: RequestOf<typeof ListMigrations>): Promise<AnswerOf<typeof ListMigrations>> {
    const { serverId, state } = request.query;
    const query = this.db.manager.createQueryBuilder(ServerMigration, 'm').where('true');
    if (serverId) query.andWhere('m.fromServerId = :serverId', { serverId });
    if (state) query.andWhere('m.state = :state', { state });
    const { data, page } = await this.cursors.select(request, query, ['id']);
    return { data: await this.described(this.db.manager, data), page };
  }

  async read(id: string, tx: EntityManager = this.db.manager): Promise<View> {
    const found = await tx.findOneBy(ServerMigration, { id });
    if (!found) throw new MigrationNotFound();
    return (await this.described(tx, [found]))[0]!;
  }

  /** As it would go if it went on now, with nobody else coming meanwhile. */
  async preview(asked: RequestOf<typeof PreviewMigration>['query']): Promise<Preview> {
    const { fromServerId, toServerIds = null, people = null } = asked;
    const tx = this.db.manager;
    await this.checkTargets(tx, fromServerId, toServerIds);
    const { candidates } = await this.placements.seats(tx, false);
    const accesses = await tx.query<{ region: string | null; servers: string[] }[]>(
      `SELECT a.region, (SELECT array_agg(o.server_id) FROM access_keys o WHERE o.access_id = a.id AND o.state <> 'leaving'
         AND o.server_id <> $1) AS servers
       FROM access_keys k JOIN accesses a ON a.id = k.access_id WHERE k.server_id = $1 AND k.occupies AND k.state = 'serving' ORDER BY k.id LIMIT $2`,
      [fromServerId, people],
    );
    const counts = new Map(candidates.map((one) => [one.id, one.people]));
    const targets = new Map<string, number>();
    let withoutRoom = 0;
    for (const { region, servers } of accesses) {
      const present = servers ?? [];
      const chosen = place(
        candidates.map((one) => ({
          ...one,
          people: counts.get(one.id)!,
          isUp: one.isUp && one.id !== fromServerId,
          isClosed: toServerIds ? !toServerIds.includes(one.id) : false,
        })),
        { region, servers: present.length + 1, present },
      );
      const target = chosen.find((id) => !present.includes(id));
      if (target === undefined) withoutRoom += 1;
      else {
        counts.set(target, counts.get(target)! + 1);
        targets.set(target, (targets.get(target) ?? 0) + 1);
      }
    }
    return {
      ...{ people: accesses.length, withoutRoom },
      targets: [...targets].map(([serverId, n]) => ({ serverId, people: n })),
    };
  }

  async plan(tx: EntityManager, actor: Actor, asked: Planned): Promise<View> {
    await this.checkTargets(tx, asked.fromServerId, asked.toServerIds);
    const migration = tx.create(ServerMigration, {
      ...asked,
      ...{ id: uuidv7(), kind: 'planned', state: 'planned', createdBy: `${actor.kind}:${actor.id}`, total: 0 },
      ...{ createdAt: this.clock.now(), endedAt: null, revision: 1 },
    });
    await tx.insert(ServerMigration, migration);
    await this.audit(tx, actor, PlanMigration, migration, { after: factsOf(migration) });
    return this.read(migration.id, tx);
  }

  /** Starts, pauses, goes on, rolls back or gives up. */
  async change(tx: EntityManager, actor: Actor, id: string, state: MigrationState, seen: IfMatch): Promise<View> {
    const migration = await tx.findOne(ServerMigration, { where: { id }, lock: { mode: 'pessimistic_write' } });
    if (!migration) throw new MigrationNotFound();
    seen.check(migration.revision);
    if (!MIGRATION_TRANSITIONS[migration.state].includes(state)) throw new StateRefused(migration.state);
    if (OPEN.includes(state) && !OPEN.includes(migration.state)) await this.refuseSecond(tx, migration.fromServerId);
    const before = factsOf(migration);
    if (state === 'running' && migration.state === 'planned') migration.total = await this.openMoves(tx, migration);
    const endedAt = state === 'cancelled' ? this.clock.now() : null;
    Object.assign(migration, { state, endedAt, revision: migration.revision + 1 });
    await tx.save(ServerMigration, migration);
    if (state === 'running' || state === 'rolling-back') await this.queue.add(tx, id);
    await this.audit(tx, actor, ChangeMigration, migration, { before, after: factsOf(migration) });
    return this.read(id, tx);
  }

  /** A server is down: everybody whom it serves is moved. A planned migration that is under way gives way. */
  async beginFailover(tx: EntityManager, fromServerId: string): Promise<void> {
    const health = await tx.findOneByOrFail(ServerHealth, { serverId: fromServerId });
    if (health.state !== 'down') return;
    const [open] = await tx.find(ServerMigration, {
      where: { fromServerId, state: In([...OPEN]) },
      lock: { mode: 'pessimistic_write' },
    });
    const isFailover = open?.kind === 'failover';
    // Staff have their reasons.
    if (isFailover && open.state === 'paused') return;
    const goesOn = isFailover && open.state === 'running';
    const failover = goesOn ? open : await this.openFailover(tx, fromServerId, open);
    const added = await this.openMoves(tx, failover);
    if (added > 0) await tx.update(ServerMigration, { id: failover.id }, { total: failover.total + added });
    await this.queue.add(tx, failover.id);
  }

  private async openFailover(tx: EntityManager, fromServerId: string, open: ServerMigration | undefined) {
    const now = this.clock.now();
    if (open) {
      await tx.query(
        `UPDATE access_moves SET state = 'dropped', ended_at = $2 WHERE migration_id = $1 AND state = 'waiting'`,
        [open.id, now],
      );
      const ended = open.state === 'rolling-back' ? 'rolled-back' : 'done';
      await tx.update(ServerMigration, { id: open.id }, { state: ended, endedAt: now, revision: open.revision + 1 });
    }
    const failover = tx.create(ServerMigration, {
      ...{ id: uuidv7(), kind: 'failover', fromServerId, toServerIds: null, people: null, state: 'running' },
      ...{ createdBy: 'service', reason: null, total: 0, createdAt: now, endedAt: null, revision: 1 },
    });
    await tx.insert(ServerMigration, failover);
    return failover;
  }

  /** Everybody whom the server serves, and who is not on their way from it already. @returns how many */
  private async openMoves(tx: EntityManager, { id, fromServerId, kind, people }: ServerMigration): Promise<number> {
    const rows = await tx.query<unknown[]>(
      `INSERT INTO access_moves (id, access_id, user_id, migration_id, from_server_id, state, reason, created_at)
       SELECT gen_random_uuid(), k.access_id, k.user_id, $1, $2, 'waiting', $3, $4::timestamptz
       FROM access_keys k WHERE k.server_id = $2 AND k.occupies AND k.state = 'serving' ORDER BY k.id LIMIT $5
       ON CONFLICT (access_id, from_server_id) WHERE state IN ('waiting', 'preparing') DO NOTHING RETURNING 1`,
      [id, fromServerId, kind === 'failover' ? 'server_down' : 'planned', this.clock.now(), people],
    );
    return rows.length;
  }

  private async refuseSecond(tx: EntityManager, fromServerId: string): Promise<void> {
    const other = await tx.findOneBy(ServerMigration, { fromServerId, state: In([...OPEN]) });
    if (other) throw new InTheWay(other.id);
  }

  private async checkTargets(
    tx: EntityManager,
    fromServerId: string,
    toServerIds: readonly string[] | null,
  ): Promise<void> {
    await this.servers.find(fromServerId, tx);
    if (!toServerIds) return;
    const known = await tx.countBy(Server, { id: In([...toServerIds]), state: 'in-service' });
    if (known !== new Set(toServerIds).size || toServerIds.includes(fromServerId)) throw new TargetsRefused();
  }

  private async described(tx: EntityManager, migrations: readonly ServerMigration[]): Promise<View[]> {
    const rows = await tx.query<{ id: string; state: string; n: number }[]>(
      // Who is moved back again is counted as such once, and not by the way back as well.
      `SELECT migration_id AS id, state, count(*)::int AS n FROM access_moves
       WHERE migration_id = ANY($1) AND reason <> 'rolled_back' GROUP BY 1, 2`,
      [migrations.map(({ id }) => id)],
    );
    return migrations.map((migration) => {
      const count = (state: string) => rows.find((row) => row.id === migration.id && row.state === state)?.n ?? 0;
      const progress = {
        ...{ total: migration.total, waiting: count('waiting'), preparing: count('preparing'), moved: count('moved') },
        ...{ rolledBack: count('rolled-back'), dropped: count('dropped') },
      };
      return { ...migration, progress };
    });
  }

  private async audit(
    tx: EntityManager,
    actor: Actor,
    route: RouteDefinition,
    { id }: ServerMigration,
    change: { before?: Record<string, unknown>; after: Record<string, unknown> },
  ): Promise<void> {
    const entry = auditEntry(actor, route, { resourceType: 'migration', resourceId: id, ...change });
    await this.outbox.add(tx, AuditEntryAppendRequested(entry));
  }
}

const factsOf = ({ fromServerId, toServerIds, people, reason, state }: ServerMigration) => ({
  ...{ fromServerId, toServerIds, people, reason, state },
});
