import { Inject, Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import { AccessMoved } from '@switchboard/contracts';
import { Clock, LOG, type Log, PersonalData } from '@switchboard/service-kit';
import { Counter, Registry } from 'prom-client';
import { DataSource, type EntityManager, In, LessThanOrEqual, Not } from 'typeorm';
import { type PanelUser, PanelRefused, type SeenUser } from '../panels/panel';
import { panelErrorOf } from '../panels/panels.service';
import { Server } from '../servers/server.entity';
import { TrafficService } from '../traffic/traffic.service';
import { Access } from './access.entity';
import { AccessKey } from './access-key.entity';
import { AccessMove } from './access-move.entity';
import { countUsage, panelUserOf } from './access.rules';
import { AccessQueue } from './access-queue';
import { aboutOf, AccessesService } from './accesses.service';
import { PanelRemoval } from './panel-removal.entity';
import { isGivenUp, KEY_PRIORITY, PlacementsService } from './placements.service';

/** What a panel is to be asked for a key, as that stood when it was looked up. */
export interface KeyTask {
  readonly key: Readonly<AccessKey>;
  /** Of the access. */
  readonly version: number;
  readonly name: string;
  /** Null: it is to be removed. */
  readonly user: PanelUser | null;
}

const SECOND_MS = 1000;
const LONGEST_PAUSE_MS = 60 * SECOND_MS;
/** Staff have to do something first. */
const REFUSED_PAUSE_MS = 600 * SECOND_MS;
/** A limit may be off by so much of the whole before a panel is asked for that alone. */
const LIMIT_TOLERANCE = 0.02;

/** What panels do not hold yet as they have to, and what comes of asking them. */
@Injectable()
export class KeysService {
  private readonly moves: Counter<'reason'>;
  private readonly failures: Counter<'server' | 'reason'>;

  constructor(
    private readonly db: DataSource,
    private readonly accesses: AccessesService,
    private readonly placements: PlacementsService,
    private readonly queue: AccessQueue,
    private readonly traffic: TrafficService,
    private readonly personal: PersonalData,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
    registry: Registry,
    @Inject(LOG) private readonly log: Log,
  ) {
    this.moves = new Counter({
      name: 'vpn_access_moves_total',
      help: 'Accesses that were moved from one server to another, by the reason.',
      labelNames: ['reason'],
      registers: [registry],
    });
    this.failures = new Counter({
      name: 'vpn_panel_failures_total',
      help: 'What panels were asked for an access and did not do; `disagrees`: they show something else than they were told.',
      labelNames: ['server', 'reason'],
      registers: [registry],
    });
  }

  /** What is due at a server, the most urgent first. */
  async due(serverId: string, limit: number): Promise<KeyTask[]> {
    const tx = this.db.manager;
    const now = this.clock.now();
    const keys = await tx.find(AccessKey, {
      where: { serverId, dueAt: LessThanOrEqual(now) },
      order: { priority: 'ASC', dueAt: 'ASC', id: 'ASC' },
      take: limit,
    });
    const accesses = await tx.findBy(Access, { id: In(keys.map(({ accessId }) => accessId)) });
    const credentials = await this.accesses.credentialsOf(tx, accesses);
    return keys.flatMap((key) => {
      const at = accesses.findIndex(({ id }) => id === key.accessId);
      const access = accesses[at];
      const ofPerson = credentials[at];
      // Of somebody who was erased meanwhile: what is left of them at panels stands in `panel_removals`.
      if (!access || !ofPerson) return [];
      const user = isToGo(key, access, now) ? null : { ...panelUserOf(access, key), credentials: ofPerson };
      return [{ key, version: access.version, name: access.panelUser, user }];
    });
  }

  /** When something is due at a server next. */
  async nextDue(serverId: string): Promise<Date | null> {
    const [row] = await this.db.query<{ at: Date | null }[]>(
      `SELECT least((SELECT min(due_at) FROM access_keys WHERE server_id = $1 AND due_at IS NOT NULL),
         (SELECT min(due_at) FROM panel_removals WHERE server_id = $1)) AS at`,
      [serverId],
    );
    return row!.at;
  }

  /**
   * The panel shows what it was asked for.
   * @returns servers whose panels are to be asked because of it
   */
  confirm(task: KeyTask, seen: SeenUser): Promise<ReadonlySet<string>> {
    return this.db.transaction(async (tx) => {
      const servers = new Set<string>();
      const held = await this.hold(tx, task);
      if (!held) return servers;
      const { access, key, isCurrent } = held;
      const { enabled, expiresAt, limitBytes, devices } = task.user!;
      // Its counter stands elsewhere than was thought, and the limit that it has confirmed is none that is owed.
      const isCountedAnew =
        limitBytes !== null &&
        (key.panelUsedAt === null ? seen.usedBytes > key.panelUsedBytes : seen.usedBytes < key.panelUsedBytes);
      const used = countUsage(access, key, seen.usedBytes, this.clock.now());
      await this.traffic.add(tx, [{ accessId: access.id, userId: access.userId, botId: access.botId, bytes: used }]);
      Object.assign(key, {
        ...{ appliedVersion: isCountedAnew ? key.appliedVersion : task.version, attempts: 0, error: null },
        applied: { enabled, expiresAt: expiresAt.toISOString(), limitBytes, devices },
      });
      if (seen.accessKey !== undefined) await this.keepAccessUrl(tx, key, seen.accessKey);
      const isDone = isCurrent && !isCountedAnew;
      if (isDone && enabled && key.state === 'preparing')
        for (const from of await this.takeOver(tx, access, key)) servers.add(from);
      if (isDone) this.rest(access, key);
      await this.saveKey(tx, key);
      if (used > 0) for (const other of await this.tighten(tx, access, key)) servers.add(other);
      await this.accesses.tellIfThere(tx, access);
      await this.accesses.save(tx, access);
      return servers;
    });
  }

  /** The panel has removed who had to go. */
  removed(task: KeyTask): Promise<void> {
    return this.db.transaction(async (tx) => {
      const held = await this.hold(tx, task);
      if (!held?.isCurrent) return;
      await tx.delete(AccessKey, { id: held.key.id });
      await this.accesses.tellIfThere(tx, held.access);
      await this.accesses.save(tx, held.access);
    });
  }

  /** The panel was not reached, or has not done what it was asked for. Where that will not change, another server is looked for. */
  failed(task: KeyTask, server: Server, error: unknown): Promise<void> {
    const reason = panelErrorOf(error);
    this.failures.inc({ server: server.name, reason });
    const facts = { err: error, server: server.name, accessId: task.key.accessId };
    if (reason === 'refused' || reason === 'disagrees')
      this.log.error(facts, 'a panel does not do what it was asked for');
    return this.db.transaction(async (tx) => {
      const held = await this.hold(tx, task);
      if (!held?.isCurrent) return;
      const { access, key } = held;
      const attempts = key.attempts + 1;
      const pauseMs = reason === 'refused' ? REFUSED_PAUSE_MS : Math.min(2 ** attempts * SECOND_MS, LONGEST_PAUSE_MS);
      Object.assign(key, { attempts, error: reason, dueAt: new Date(this.clock.now().getTime() + pauseMs) });
      await this.saveKey(tx, key);
      await this.accesses.tellIfThere(tx, access);
      await this.accesses.save(tx, access);
      if (access.enabled && key.state !== 'leaving' && isGivenUp(key)) await this.queue.settle(tx, access.id);
    });
  }

  /** Users of which nothing else is left here. One that is owed again meanwhile stays. */
  async dueRemovals(serverId: string, limit: number): Promise<PanelRemoval[]> {
    const isOwed = `EXISTS (SELECT FROM accesses a JOIN access_keys k ON k.access_id = a.id
      WHERE a.panel_user = r.panel_user AND k.server_id = r.server_id)`;
    await this.db.query(`DELETE FROM panel_removals r WHERE server_id = $1 AND ${isOwed}`, [serverId]);
    return this.db.query<PanelRemoval[]>(
      `SELECT server_id AS "serverId", panel_user AS "panelUser", due_at AS "dueAt", attempts FROM panel_removals r
       WHERE server_id = $1 AND due_at <= $2 AND NOT ${isOwed} ORDER BY due_at LIMIT $3`,
      [serverId, this.clock.now(), limit],
    );
  }

  async removalEnded({ serverId, panelUser, attempts }: PanelRemoval, error?: unknown): Promise<void> {
    const which = { serverId, panelUser };
    if (error === undefined) return void (await this.db.manager.delete(PanelRemoval, which));
    const pauseMs = error instanceof PanelRefused ? REFUSED_PAUSE_MS : LONGEST_PAUSE_MS;
    const dueAt = new Date(this.clock.now().getTime() + pauseMs);
    await this.db.manager.update(PanelRemoval, which, { dueAt, attempts: attempts + 1 });
  }

  /** The rows as they are now; nothing of it is current when somebody has wanted something else meanwhile. */
  private async hold(tx: EntityManager, { key: { id, accessId, asked }, version }: KeyTask) {
    const access = await this.accesses.lock(tx, accessId);
    const key = access && (await tx.findOneBy(AccessKey, { id }));
    if (!key) return undefined;
    return { access, key, isCurrent: key.asked === asked && access.version === version };
  }

  /** It is in the link from now on, and whatever it follows is no more. */
  private async takeOver(tx: EntityManager, access: Access, key: AccessKey): Promise<string[]> {
    key.state = 'serving';
    access.linkVersion += 1;
    const moves = await tx.findBy(AccessMove, { accessId: access.id, toServerId: key.serverId, state: 'preparing' });
    if (moves.length === 0) return [];
    await tx.update(AccessMove, { id: In(moves.map(({ id }) => id)) }, { state: 'moved', endedAt: this.clock.now() });
    const from = moves.map(({ fromServerId }) => fromServerId);
    const before = await tx.findBy(AccessKey, { accessId: access.id, serverId: In(from), state: Not('leaving') });
    await this.placements.leave(tx, before);
    const servers = await tx.findBy(Server, { id: In([key.serverId, ...from]) });
    const which = (serverId: string) => {
      const { id, region } = servers.find((server) => server.id === serverId)!;
      return { serverId: id, region };
    };
    for (const { fromServerId, reason } of moves) {
      // Where nobody was served yet, nobody is moved from.
      if (!before.some(({ serverId, state }) => serverId === fromServerId && state === 'serving')) continue;
      this.moves.inc({ reason });
      const said = { from: which(fromServerId), to: which(key.serverId), reason };
      await this.outbox.add(tx, AccessMoved({ ...aboutOf(access), ...said }));
    }
    return from;
  }

  /** Until it changes, or is to be removed. */
  private rest({ enabled }: Access, key: AccessKey): void {
    key.dueAt = enabled && key.state !== 'leaving' ? null : key.removeAt;
    if (key.dueAt) key.priority = KEY_PRIORITY.removed;
  }

  /** What was used here is not left for other servers. */
  private async tighten(tx: EntityManager, access: Access, { id }: AccessKey): Promise<string[]> {
    const { limitBytes } = access;
    if (limitBytes === null) return [];
    const others = await tx.findBy(AccessKey, { accessId: access.id, id: Not(id), state: Not('leaving') });
    const wrong = others.filter((key) => {
      const wanted = panelUserOf(access, key).limitBytes;
      return Math.abs((key.applied?.limitBytes ?? 0) - wanted!) > limitBytes * LIMIT_TOLERANCE;
    });
    for (const key of wrong)
      await tx.update(AccessKey, { id: key.id }, { dueAt: this.clock.now(), asked: key.asked + 1 });
    return wrong.map(({ serverId }) => serverId);
  }

  private async keepAccessUrl(tx: EntityManager, key: AccessKey, accessUrl: string): Promise<void> {
    const row = { table: 'access_keys', id: key.id, userId: key.userId };
    const { access_url: known } = await this.personal.tryDecrypt(tx, row, { access_url: key.accessUrl });
    if (known === accessUrl) return;
    key.accessUrl = (await this.personal.encrypt(tx, row, { access_url: accessUrl })).access_url;
  }

  private async saveKey(tx: EntityManager, { id, ...rest }: AccessKey): Promise<void> {
    await tx.update(AccessKey, { id }, rest as never);
  }
}

/** Whether a panel is to forget a user: it lets them in no more and nobody came back, or it never had them for all we know. */
function isToGo({ state, applied, removeAt }: AccessKey, { enabled }: Access, now: Date): boolean {
  if (state !== 'leaving' && enabled) return false;
  if (!applied) return state === 'leaving';
  return !applied.enabled && removeAt !== null && removeAt <= now;
}
