import { Inject, Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import {
  AccessDelayed,
  AccessGranted,
  AccessRevoked,
  type AccessRevokedReason,
  type EventOf,
  type SubscriptionActivated,
} from '@switchboard/contracts';
import { Clock, DomainError, LOG, type Log, PersonalData, traceOfNow, unlessErased } from '@switchboard/service-kit';
import { randomBytes, randomUUID } from 'node:crypto';
import { Counter, Registry } from 'prom-client';
import { type EntityManager, Not } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { z } from 'zod';
import type { Credentials } from '../panels/panel';
import { isServed, isUsedUp, vpnFeaturesOf } from './access.rules';
import { Access } from './access.entity';
import { AccessKey } from './access-key.entity';
import { PanelNames } from './panel-names';
import { KEEP_DISABLED_MS, KEY_PRIORITY, type PlacementOptions, PlacementsService } from './placements.service';

export class AccessNotFound extends DomainError {
  constructor() {
    super('vpn-provisioner.access_not_found', { en: 'There is no such access.', ru: 'Такого доступа нет.' }, 404);
  }
}

export type SubscriptionState = EventOf<typeof SubscriptionActivated>['data'];

const DAY_MS = 86_400_000;
/** Whoever comes back by then has their address and their names at panels as before. */
const KEEP_ENDED_DAYS = 400;
const KEEP_MOVES_DAYS = 90;
const KEEP_LATENCIES_DAYS = 30;

/** Whoever has paid is not kept waiting for longer without a word. */
export const DELAY_MS = 60_000;

/**
 * What people are owed. Everything that changes an access or its keys holds the row of the access, so that one thing happens after
 * the other; panels are asked by jobs (`KeysService`), which find in the rows what is to be done.
 */
@Injectable()
export class AccessesService {
  private readonly olderStates: Counter;

  constructor(
    private readonly placements: PlacementsService,
    private readonly names: PanelNames,
    private readonly personal: PersonalData,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
    registry: Registry,
    @Inject(LOG) private readonly log: Log,
  ) {
    this.olderStates = new Counter({
      name: 'vpn_older_states_total',
      help: 'States of subscriptions that count as old by their revision, and are of more time than is known.',
      registers: [registry],
    });
  }

  async lock(tx: EntityManager, id: string): Promise<Access | null> {
    return tx.findOne(Access, { where: { id }, lock: { mode: 'pessimistic_write' } });
  }

  /** @throws AccessNotFound also when it is another person's */
  async lockOf(tx: EntityManager, userId: string, id: string): Promise<Access> {
    const found = await tx.findOne(Access, { where: { id, userId }, lock: { mode: 'pessimistic_write' } });
    if (!found || found.serverCount === 0) throw new AccessNotFound();
    return found;
  }

  /**
   * A subscription is what this says, unless something newer is known of it. Of one that is over, too, something is kept: what is
   * older may come later.
   * @returns the access when something is to be done for it
   */
  async apply(tx: EntityManager, state: SubscriptionState): Promise<Access | undefined> {
    const { limitBytes, deviceLimit, serverCount } = vpnFeaturesOf(state.features);
    const access = await this.lockOrBegin(tx, state, serverCount);
    if (!access) return undefined;
    if (access.revision >= state.revision) {
      // More time than is known by a lower revision: mostly an older database of payments was restored.
      if (access.revision > state.revision && new Date(state.validUntil) > access.validUntil) this.olderStates.inc();
      return undefined;
    }
    const before = { ...access };
    const periodStart = new Date(state.periodStart);
    // After a pause the same period goes on, moved by the days of the pause.
    const isNewPeriod = before.status !== 'paused' && periodStart > before.periodStart;
    const region = state.region ?? null;
    Object.assign(access, {
      ...{ revision: state.revision, status: state.status, periodStart, limitBytes, deviceLimit, serverCount },
      ...{ validUntil: new Date(state.validUntil), servedUntil: new Date(state.servedUntil) },
      ...(region !== before.subscriptionRegion && { region, subscriptionRegion: region }),
    });
    if (isNewPeriod) await this.beginPeriod(tx, access);
    // There is more of it: a package was bought, or another plan.
    if (access.suspendedFor === 'traffic_used' && !isUsedUp(access)) access.suspendedFor = null;
    access.enabled = isServed(access, this.clock.now());
    const differs = (['enabled', 'limitBytes', 'deviceLimit', 'serverCount'] as const).some(
      (name) => access[name] !== before[name],
    );
    const isOther = differs || isNewPeriod || access.servedUntil.getTime() !== before.servedUntil.getTime();
    // For who is locked out and stays so panels need to know nothing.
    if (isOther && (before.enabled || access.enabled)) await this.bump(tx, access);
    await this.save(tx, access);
    // Payments may say of everybody what is known: they are not to be settled before those who buy just then.
    return isOther || region !== before.subscriptionRegion || access.owedSince !== null ? access : undefined;
  }

  /** Another period begins while the subscription goes on. The caller has the access settled afterwards. */
  async renewTraffic(tx: EntityManager, access: Access): Promise<void> {
    await this.beginPeriod(tx, access);
    access.enabled = isServed(access, this.clock.now());
    await this.bump(tx, access);
    await this.save(tx, access);
  }

  /** Traffic is counted from zero. The caller saves the access, and has it settled. */
  private async beginPeriod(tx: EntityManager, access: Access): Promise<void> {
    access.usedBytes = 0;
    if (access.suspendedFor === 'traffic_used') access.suspendedFor = null;
    // What was used since panels were read last was used before.
    await tx.update(AccessKey, { accessId: access.id }, { panelUsedAt: null });
  }

  /**
   * Panels lock the person out, or no more. The caller has the access settled afterwards (AccessesJobs.settle).
   * @param reason as AccessRevoked says it; null: the reason is gone
   */
  async suspend(tx: EntityManager, access: Access, reason: 'traffic_used' | 'misuse' | null): Promise<void> {
    if (access.suspendedFor === reason) return;
    access.suspendedFor = reason;
    await this.decide(tx, access);
    await this.save(tx, access);
  }

  /** Whoever knew the old ones is out as soon as the panels have the new ones. The caller has the access settled afterwards. */
  async renewCredentials(tx: EntityManager, access: Access): Promise<void> {
    access.credentials = await this.sealed(tx, access, newCredentials());
    await this.bump(tx, access);
    await this.save(tx, access);
  }

  async credentialsOf(tx: EntityManager, accesses: readonly Access[]): Promise<(Credentials | undefined)[]> {
    const all = await this.personal.decryptAll(
      tx,
      accesses.map((access) => ({ row: rowOf(access), values: { credentials: access.credentials } })),
    );
    return all.map(({ credentials }) => (credentials ? (JSON.parse(credentials) as Credentials) : undefined));
  }

  /**
   * Brings servers and keys into line with what is owed. May be done at any time and again.
   * @returns the servers whose panels are to be asked
   */
  async settle(tx: EntityManager, access: Access, options: PlacementOptions): Promise<Set<string>> {
    await this.decide(tx, access);
    if (access.enabled) {
      await this.placements.place(tx, [access], options);
      await tx.update(AccessKey, { accessId: access.id, state: Not('leaving') }, { occupies: true, removeAt: null });
    } else await this.close(tx, access);
    await this.markDue(tx, access);
    await this.tellIfThere(tx, access);
    await this.save(tx, access);
    return this.dueServers(tx, access.id);
  }

  /** Says that what is owed is there, or that nothing is served any more, when all panels have confirmed it. The caller saves the access. */
  async tellIfThere(tx: EntityManager, access: Access): Promise<void> {
    if (access.toldVersion >= access.version) return;
    const keys = await tx.findBy(AccessKey, { accessId: access.id });
    if (access.enabled) return this.tellGranted(tx, access, keys);
    // Of which nothing was ever confirmed, a panel may let in all the same.
    if (!keys.every(({ applied }) => applied?.enabled === false)) return;
    access.toldVersion = access.version;
    access.owedSince = null;
    if (access.grantedAt) await this.outbox.add(tx, AccessRevoked({ ...aboutOf(access), reason: reasonOf(access) }));
  }

  /** What is paid and not served for a minute is told to staff, once. */
  async tellIfDelayed(tx: EntityManager, accessId: string): Promise<void> {
    const access = await this.lock(tx, accessId);
    if (!access?.enabled || access.toldVersion >= access.version || access.delayedVersion >= access.version) return;
    const keys = await tx.countBy(AccessKey, { accessId, state: Not('leaving') });
    const reason = keys === 0 ? 'no_capacity' : 'panels_unavailable';
    this.log.warn({ accessId, reason }, 'access provisioning delayed');
    access.delayedVersion = access.version;
    await this.save(tx, access);
    await this.outbox.add(tx, AccessDelayed({ ...aboutOf(access), reason }));
  }

  async forgetOld(tx: EntityManager): Promise<void> {
    const before = (days: number) => new Date(this.clock.now().getTime() - days * DAY_MS);
    await tx.query(
      `DELETE FROM accesses a WHERE NOT enabled AND served_until < $1 AND NOT EXISTS (SELECT FROM access_keys k WHERE k.access_id = a.id)`,
      [before(KEEP_ENDED_DAYS)],
    );
    await tx.query('DELETE FROM access_moves WHERE ended_at < $1', [before(KEEP_MOVES_DAYS)]);
    await tx.query('DELETE FROM latencies WHERE measured_at < $1', [before(KEEP_LATENCIES_DAYS)]);
  }

  async save(tx: EntityManager, { id, ...rest }: Access): Promise<void> {
    await tx.update(Access, { id }, rest as never);
  }

  /** Panels are to hold something else from now on. */
  private async bump(tx: EntityManager, access: Access): Promise<void> {
    access.version += 1;
    access.linkVersion += 1;
    access.owedSince ??= this.clock.now();
    // Whatever kept a panel from the former version says little of this one.
    await tx.query(
      `UPDATE access_keys SET due_at = $2, attempts = 0, error = NULL
       WHERE access_id = $1 AND state <> 'leaving' AND due_at > $2`,
      [access.id, this.clock.now()],
    );
  }

  private async decide(tx: EntityManager, access: Access): Promise<void> {
    const enabled = isServed(access, this.clock.now());
    if (enabled === access.enabled) return;
    access.enabled = enabled;
    await this.bump(tx, access);
  }

  private async tellGranted(tx: EntityManager, access: Access, keys: readonly AccessKey[]): Promise<void> {
    const mine = keys.filter(({ state }) => state !== 'leaving');
    const there = mine.filter(({ appliedVersion }) => appliedVersion >= access.version);
    if (there.length === 0) return;
    const servers = await tx.query<{ id: string; region: string; up: boolean }[]>(
      `SELECT s.id, s.region, h.state = 'up' AS up FROM servers s JOIN server_health h ON h.server_id = s.id WHERE s.id = ANY($1)`,
      [mine.map(({ serverId }) => serverId)],
    );
    const of = (serverId: string) => servers.find(({ id }) => id === serverId)!;
    // A panel that is in trouble keeps nobody from what others serve already.
    const isComing = ({ appliedVersion, attempts, serverId }: AccessKey) =>
      appliedVersion < access.version && attempts === 0 && of(serverId).up;
    if (mine.some(isComing)) return;
    const now = this.clock.now();
    const first = access.grantedAt === null;
    Object.assign(access, { toldVersion: access.version, owedSince: null, grantedAt: access.grantedAt ?? now });
    await this.outbox.add(
      tx,
      AccessGranted({
        ...{ ...aboutOf(access), first, grantedAt: now.toISOString() },
        servers: there.map(({ serverId }) => ({ serverId, region: of(serverId).region })),
      }),
    );
  }

  /** Nobody is let in any more; who comes back within days finds their servers. */
  private async close(tx: EntityManager, { id: accessId }: Access): Promise<void> {
    const removeAt = new Date(this.clock.now().getTime() + KEEP_DISABLED_MS);
    await tx.query(
      `UPDATE access_keys SET occupies = false, remove_at = coalesce(remove_at, $2) WHERE access_id = $1 AND state <> 'leaving'`,
      [accessId, removeAt],
    );
    const [ended] = await tx.query<[{ serverId: string | null }[], number]>(
      `UPDATE access_moves SET state = 'dropped', ended_at = $2 WHERE access_id = $1 AND state IN ('waiting', 'preparing')
       RETURNING to_server_id AS "serverId"`,
      [accessId, this.clock.now()],
    );
    const targets = ended.flatMap(({ serverId }) => (serverId ? [{ accessId, serverId }] : []));
    await this.placements.leave(tx, targets);
  }

  private async markDue(tx: EntityManager, { id, version, enabled }: Access): Promise<void> {
    await tx.query(
      `UPDATE access_keys SET due_at = $3, asked = asked + 1, attempts = 0, priority = $4, traceparent = $5
       WHERE access_id = $1 AND state <> 'leaving' AND applied_version < $2
         AND (due_at IS NULL OR (due_at > $3 AND error IS NULL))`,
      [id, version, this.clock.now(), enabled ? KEY_PRIORITY.wanted : KEY_PRIORITY.disabled, traceOfNow()],
    );
  }

  private async dueServers(tx: EntityManager, accessId: string): Promise<Set<string>> {
    const rows = await tx.query<{ id: string }[]>(
      'SELECT server_id AS id FROM access_keys WHERE access_id = $1 AND due_at <= $2',
      [accessId, this.clock.now()],
    );
    return new Set(rows.map(({ id }) => id));
  }

  private async lockOrBegin(tx: EntityManager, state: SubscriptionState, serverCount: number): Promise<Access | null> {
    const { subscriptionId, userId, botId } = state;
    const find = () => tx.findOne(Access, { where: { subscriptionId }, lock: { mode: 'pessimistic_write' } });
    const found = await find();
    // Nothing that is older can bring what the first revision does not.
    if (found || (serverCount === 0 && state.revision === 1)) return found;
    const id = uuidv7();
    const begun = { id, userId };
    const credentials = await unlessErased(this.sealed(tx, begun, newCredentials()));
    if (!credentials) return null;
    const now = this.clock.now();
    await tx
      .createQueryBuilder()
      .insert()
      .into(Access)
      .values({
        ...{
          ...begun,
          subscriptionId,
          botId,
          revision: 0,
          status: 'expired',
          periodStart: new Date(state.periodStart),
        },
        ...{ validUntil: now, servedUntil: now, limitBytes: null, deviceLimit: null, serverCount: 0 },
        ...{ region: null, subscriptionRegion: null, suspendedFor: null, usedBytes: 0, usedAt: null },
        ...{ panelUser: this.names.of(id), credentials, enabled: false, version: 0, toldVersion: 0 },
        ...{ delayedVersion: 0, owedSince: null, grantedAt: null, linkVersion: 0, createdAt: now },
      })
      // Another event of the same subscription may be applied at the same time.
      .orIgnore()
      .execute();
    return find();
  }

  private async sealed(tx: EntityManager, access: Pick<Access, 'id' | 'userId'>, plain: Credentials): Promise<string> {
    const { credentials } = await this.personal.encrypt(tx, rowOf(access), { credentials: JSON.stringify(plain) });
    return credentials;
  }
}

const rowOf = ({ id, userId }: Pick<Access, 'id' | 'userId'>) => ({ table: 'accesses', id, userId });

/** Remnawave takes no longer passwords than of 32 characters. */
const newCredentials = (): Credentials => ({ uuid: randomUUID(), password: randomBytes(24).toString('base64url') });

export const aboutOf = ({ id, subscriptionId, userId, botId, revision }: Access) => ({
  ...{ accessId: id, subscriptionId, userId, botId, revision },
});

function reasonOf({ suspendedFor, status }: Access): z.output<typeof AccessRevokedReason> {
  if (status === 'paused' || status === 'ended') return status;
  return suspendedFor ?? 'expired';
}
