import { Injectable } from '@nestjs/common';
import type {
  Actor,
  ChooseMyServer,
  ListMyAccesses,
  ListPersonAccesses,
  ListRegions,
  ReadVpnStatus,
} from '@switchboard/contracts';
import { type AnswerOf, asActor, Clock, DomainError, type RequestOf } from '@switchboard/service-kit';
import { DataSource, type EntityManager, In, MoreThan } from 'typeorm';
import { Access } from '../accesses/access.entity';
import { AccessKey } from '../accesses/access-key.entity';
import { AccessMove } from '../accesses/access-move.entity';
import { AccessQueue } from '../accesses/access-queue';
import { AccessesService, AccessNotFound } from '../accesses/accesses.service';
import { Latency } from '../accesses/latency.entity';
import { latencyOf, PlacementsService } from '../accesses/placements.service';
import { MaintenanceService } from '../health/maintenance.service';
import { type Candidate, fastestFirst, hasRoom } from '../placement/placement';
import { Server } from '../servers/server.entity';
import { regionName } from './regions';

type MyAccess = AnswerOf<typeof ListMyAccesses>['data'][number];
type PersonAccess = AnswerOf<typeof ListPersonAccesses>['data'][number];
type State = MyAccess['state'];

/** What another feature knows of accesses: their link, devices or traffic. */
export type AccessPart = (
  tx: EntityManager,
  accesses: readonly Access[],
) => Promise<ReadonlyMap<string, Partial<Pick<MyAccess, 'link' | 'devices' | 'traffic'>>>>;

class NoCapacity extends DomainError {
  constructor(region: string) {
    const texts = { en: 'There is no room in this region now.', ru: 'В этом регионе сейчас нет свободных мест.' };
    super('vpn-provisioner.no_capacity', texts, 409, { region });
  }
}

interface NamedServer extends Candidate {
  readonly name: string;
}

const loadOf = (servers: readonly Candidate[]): number => {
  const sum = (name: 'people' | 'capacity') => servers.reduce((total, server) => total + server[name], 0);
  return sum('capacity') === 0 ? 100 : Math.min(100, Math.round((100 * sum('people')) / sum('capacity')));
};

/** What people see of their accesses, and change of them by themselves; and the same for whoever helps them. */
@Injectable()
export class OwnAccessesService {
  private readonly parts: AccessPart[] = [];

  constructor(
    private readonly db: DataSource,
    private readonly accesses: AccessesService,
    private readonly placements: PlacementsService,
    private readonly maintenance: MaintenanceService,
    private readonly queue: AccessQueue,
    private readonly clock: Clock,
  ) {}

  /** Features that stand above call it when they are made. */
  addPart(part: AccessPart): void {
    this.parts.push(part);
  }

  async list({ actor, query }: RequestOf<typeof ListMyAccesses>): Promise<MyAccess[]> {
    const { botId, subscriptionId } = query;
    const where = { userId: actor.id, ...(botId && { botId }), ...(subscriptionId && { subscriptionId }) };
    // Not in the name of the person, who sees nobody else; and before that, or each would hold a connection and wait for another.
    const servers = await this.serversNow(this.db.manager);
    return asActor(this.db, actor, async (tx) => {
      const found = await tx.find(Access, { where: { ...where, serverCount: MoreThan(0) }, order: { id: 'ASC' } });
      return this.described(tx, found, servers);
    });
  }

  /** In the service's name: placement sees everybody. */
  async choose(tx: EntityManager, { actor, params, body }: RequestOf<typeof ChooseMyServer>): Promise<MyAccess> {
    const access = await this.accesses.lockOf(tx, actor.id, params.accessId);
    const { region } = body;
    if (region !== null && region !== access.region) await this.refuseFull(tx, access, region);
    access.region = region;
    await this.queue.sync(tx, await this.accesses.settle(tx, access, { reason: 'chosen' }));
    return (await this.described(tx, [access], await this.serversNow(tx)))[0]!;
  }

  async reportLatencies(
    actor: Actor,
    accessId: string,
    measured: readonly { serverId: string; ms: number }[],
  ): Promise<void> {
    const servers = await this.db.manager.findBy(Server, { id: In(measured.map(({ serverId }) => serverId)) });
    const known = measured.filter(({ serverId }) => servers.some(({ id }) => id === serverId));
    const rows = [...new Map(known.map((one) => [one.serverId, one])).values()].map((one) => ({
      ...{ ...one, accessId, userId: actor.id, measuredAt: this.clock.now() },
    }));
    await asActor(this.db, actor, async (tx) => {
      if (!(await tx.existsBy(Access, { id: accessId, userId: actor.id }))) throw new AccessNotFound();
      await tx.upsert(Latency, rows, ['accessId', 'serverId']);
      // The order of the servers in the link.
      await tx.increment(Access, { id: accessId }, 'linkVersion', 1);
    });
  }

  async regions(): Promise<AnswerOf<typeof ListRegions>> {
    const { maintenance, regions } = await this.status();
    return { data: regions.map((region) => ({ ...region, name: regionName(region.id) })), maintenance };
  }

  async status(): Promise<AnswerOf<typeof ReadVpnStatus>> {
    const { candidates } = await this.placements.seats(this.db.manager, false);
    const regions = [...Map.groupBy(candidates, ({ region }) => region)].map(([id, servers]) => ({
      ...{ id, available: servers.some(hasRoom), load: loadOf(servers.filter(({ isUp }) => isUp)) },
    }));
    const { on } = await this.maintenance.read();
    return { maintenance: on, regions: regions.sort((a, b) => a.id.localeCompare(b.id)) };
  }

  /** For staff, and of their bots alone. */
  async ofPerson(userId: string, bots: readonly string[] | undefined): Promise<PersonAccess[]> {
    const where = { userId, ...(bots && { botId: In([...bots]) }) };
    const found = await this.db.manager.find(Access, { where, order: { id: 'ASC' } });
    return this.describedForStaff(this.db.manager, found);
  }

  async reissue(tx: EntityManager, accessId: string, bots: readonly string[] | undefined): Promise<PersonAccess> {
    const access = await this.accesses.lock(tx, accessId);
    if (!access || (bots && !bots.includes(access.botId))) throw new AccessNotFound();
    await this.accesses.renewCredentials(tx, access);
    await this.queue.settle(tx, access.id);
    return (await this.describedForStaff(tx, [access]))[0]!;
  }

  private async refuseFull(tx: EntityManager, { id: accessId }: Access, region: string): Promise<void> {
    const { candidates } = await this.placements.seats(tx);
    const present = await tx.findBy(AccessKey, { accessId, occupies: true });
    const isPossible = (one: Candidate) =>
      one.region === region && (hasRoom(one) || present.some(({ serverId }) => serverId === one.id));
    if (!candidates.some(isPossible)) throw new NoCapacity(region);
  }

  private async serversNow(tx: EntityManager): Promise<readonly NamedServer[]> {
    const { candidates } = await this.placements.seats(tx, false);
    const servers = await tx.findBy(Server, { id: In(candidates.map(({ id }) => id)) });
    return candidates.map((one) => ({ ...one, name: servers.find(({ id }) => id === one.id)?.name ?? '' }));
  }

  private async described(
    tx: EntityManager,
    accesses: readonly Access[],
    servers: readonly NamedServer[],
  ): Promise<MyAccess[]> {
    const ids = accesses.map(({ id }) => id);
    const keys = await tx.findBy(AccessKey, { accessId: In(ids), state: In(['preparing', 'serving']) });
    const moves = await tx.findBy(AccessMove, { accessId: In(ids), state: In(['waiting', 'preparing']) });
    const latencies = await tx.findBy(Latency, { accessId: In(ids) });
    const parts: Awaited<ReturnType<AccessPart>>[] = [];
    // One after the other: they share a connection.
    for (const part of this.parts) parts.push(await part(tx, accesses));
    return accesses.map((access) => {
      const mine = keys.filter(({ accessId, state }) => accessId === access.id && state === 'serving');
      const measured = latencies.filter(({ accessId }) => accessId === access.id);
      const shown = fastestFirst(
        servers
          .filter(({ id }) => mine.some(({ serverId }) => serverId === id))
          .map((one) => ({ ...one, latencyMs: latencyOf(one, servers, measured) })),
      );
      const isServed = shown.some(({ isUp }) => isUp);
      const isMoving = moves.some(({ accessId }) => accessId === access.id);
      return {
        ...{ id: access.id, subscriptionId: access.subscriptionId, botId: access.botId, link: null },
        state: stateOf(access, isServed, isMoving),
        servers: shown.map((one, i) => ({
          ...{ serverId: one.id, name: one.name, region: one.region, latencyMs: one.latencyMs },
          ...{ load: loadOf([one]), best: i === 0 && one.isUp },
        })),
        traffic: { usedBytes: access.usedBytes, limitBytes: access.limitBytes, resetsAt: null, asOf: access.usedAt },
        devices: { used: 0, limit: access.deviceLimit },
        ...Object.assign({}, ...parts.map((part) => part.get(access.id))),
      };
    });
  }

  private async describedForStaff(tx: EntityManager, accesses: readonly Access[]): Promise<PersonAccess[]> {
    const keys = await tx.findBy(AccessKey, { accessId: In(accesses.map(({ id }) => id)) });
    const servers = await tx.findBy(Server, { id: In(keys.map(({ serverId }) => serverId)) });
    return accesses.map((access) => {
      const mine = keys.filter(({ accessId }) => accessId === access.id);
      return {
        ...access,
        state: stateOf(
          access,
          mine.some(({ state }) => state === 'serving'),
          false,
        ),
        keys: mine.map(({ serverId, state, appliedVersion, dueAt, error }) => {
          const { name: server, region } = servers.find(({ id }) => id === serverId)!;
          const confirmed = appliedVersion >= access.version && (dueAt === null || state === 'leaving');
          return { serverId, server, region, state, confirmed, error };
        }),
      };
    });
  }
}

function stateOf({ enabled, status, suspendedFor }: Access, isServed: boolean, isMoving: boolean): State {
  if (status === 'paused') return 'paused';
  if (suspendedFor === 'traffic_used') return 'used-up';
  if (!enabled) return 'expired';
  if (isMoving) return 'moving';
  return isServed ? 'ready' : 'preparing';
}
