import { Injectable } from '@nestjs/common';
import type { MoveReason } from '@switchboard/contracts';
import { Clock, traceOfNow } from '@switchboard/service-kit';
import { type EntityManager, In } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { z } from 'zod';
import type { Candidate } from '../placement/placement';
import type { Access } from './access.entity';
import { AccessKey } from './access-key.entity';
import { AccessMove } from './access-move.entity';
import { type Assignment, assign } from './assignment';
import { Latency } from './latency.entity';

const DAY_MS = 86_400_000;
/** Older ones say little of where somebody is. */
const MEASURED_WITHIN_MS = 30 * DAY_MS;
/** So long a user that is no longer served stays at its panel: who comes back soon is served at once. */
export const KEEP_DISABLED_MS = 7 * DAY_MS;
/** So long that of who was moved: for what went wrong with the move. */
export const KEEP_MOVED_MS = DAY_MS;

/** Who waits is first. */
export const KEY_PRIORITY = { wanted: 0, moved: 1, disabled: 2, removed: 3 } as const;

/** A panel that has refused, or has shown so often something else than it was asked for, is asked no more where there is another. */
const DISAGREED_TIMES = 3;
export const isGivenUp = ({ error, attempts }: Pick<AccessKey, 'error' | 'attempts'>): boolean =>
  error === 'refused' || (error === 'disagrees' && attempts >= DISAGREED_TIMES);

export interface PlacementOptions {
  readonly reason: z.output<typeof MoveReason>;
  /** Nobody is left there, where another server has room. */
  readonly leave?: string;
  /** Nobody is sent elsewhere. */
  readonly only?: readonly string[] | null;
  readonly migrationId?: string;
}

/** The servers as they are now. Held until the transaction ends, so that nobody else takes the last place. */
export interface Seats {
  readonly candidates: readonly Candidate[];
  readonly taken: Map<string, number>;
}

/** Chooses the servers of accesses, whose rows the caller has locked. */
@Injectable()
export class PlacementsService {
  constructor(private readonly clock: Clock) {}

  /** @param locked false to look only */
  async seats(tx: EntityManager, locked = true): Promise<Seats> {
    // Whoever waits for a lock sees what those have placed who held it before.
    const candidates = await tx.query<Candidate[]>(
      `SELECT s.id, s.region, s.capacity, s.weight, p.people, h.latency_ms AS "latencyMs", h.state = 'up' AS "isUp",
         s.state = 'draining' AS "isDraining"
       FROM servers s JOIN server_health h ON h.server_id = s.id JOIN server_people p ON p.server_id = s.id
       WHERE s.state <> 'retired' ORDER BY s.id ${locked ? 'FOR NO KEY UPDATE OF s, p' : ''}`,
    );
    return { candidates, taken: new Map(candidates.map(({ id, people }) => [id, people])) };
  }

  /** @returns the servers whose panels are to be asked now */
  async place(
    tx: EntityManager,
    accesses: readonly Access[],
    options: PlacementOptions,
    seats?: Seats,
  ): Promise<Set<string>> {
    const ids = accesses.map(({ id }) => id);
    const keys = Map.groupBy(await tx.findBy(AccessKey, { accessId: In(ids) }), ({ accessId }) => accessId);
    const moves = Map.groupBy(
      await tx.findBy(AccessMove, { accessId: In(ids), state: In(['waiting', 'preparing']) }),
      ({ accessId }) => accessId,
    );
    const measured = await this.measured(tx, ids);
    const assigned = (some: readonly Access[], { candidates, taken }: Seats) =>
      some.map((access) => {
        const held = keys.get(access.id) ?? [];
        const assignment = assign(
          candidates.map((one) => ({
            ...one,
            people: taken.get(one.id) ?? 0,
            latencyMs: latencyOf(one, candidates, measured.get(access.id)),
            isClosed: options.only ? !options.only.includes(one.id) : false,
          })),
          {
            region: access.region,
            servers: access.serverCount,
            keys: held.map((key) => ({ ...key, isRefused: isGivenUp(key) })),
            moves: (moves.get(access.id) ?? []).map(({ id, fromServerId, toServerId }) => ({
              ...{ id, from: fromServerId, to: toServerId },
            })),
            leave: options.leave,
          },
        );
        for (const id of assignment.add) taken.set(id, (taken.get(id) ?? 0) + 1);
        for (const id of assignment.drop) {
          if (held.some(({ serverId, occupies }) => serverId === id && occupies)) taken.set(id, taken.get(id)! - 1);
        }
        // A key that was not counted while its person was not served is, from now on.
        const isBack = held.some(
          ({ serverId, state, occupies }) => state !== 'leaving' && !occupies && !assignment.drop.includes(serverId),
        );
        return { access, assignment, isChange: isBack || isChange(assignment) };
      });
    if (seats) return this.write(tx, assigned(accesses, seats), options);
    // Whoever has what they want, or finds no room anywhere, holds up nobody: they look without a lock.
    const changed = assigned(accesses, await this.seats(tx, false)).filter(({ isChange }) => isChange);
    if (changed.length === 0) return new Set();
    return this.write(
      tx,
      assigned(
        changed.map(({ access }) => access),
        await this.seats(tx),
      ),
      options,
    );
  }

  private async write(
    tx: EntityManager,
    all: readonly { readonly access: Access; readonly assignment: Assignment }[],
    { reason, migrationId }: PlacementOptions,
  ): Promise<Set<string>> {
    const now = this.clock.now();
    const added = all.flatMap(({ access, assignment: { add, moves, redirected } }) =>
      add.map((serverId) => {
        const isMove = moves.some(({ to }) => to === serverId) || redirected.some(({ to }) => to === serverId);
        const priority = isMove ? KEY_PRIORITY.moved : KEY_PRIORITY.wanted;
        return { id: uuidv7(), accessId: access.id, userId: access.userId, serverId, priority };
      }),
    );
    if (added.length > 0) {
      await tx.query(
        `INSERT INTO access_keys (id, access_id, user_id, server_id, state, occupies, applied_version, panel_used_bytes, asked,
           due_at, priority, attempts, created_at, traceparent)
         SELECT id, access_id, user_id, server_id, 'preparing', true, 0, 0, 1, $6::timestamptz, priority, 0, $6::timestamptz, $7
         FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::int[]) AS k (id, access_id, user_id, server_id, priority)
         ON CONFLICT (access_id, server_id) DO UPDATE SET state = 'preparing', occupies = true, asked = access_keys.asked + 1,
           applied_version = 0, due_at = excluded.due_at, traceparent = excluded.traceparent, priority = excluded.priority, attempts = 0, error = NULL, remove_at = NULL`,
        [...columnsOf(added, ['id', 'accessId', 'userId', 'serverId', 'priority']), now, traceOfNow()],
      );
    }
    const dropped = all.flatMap(({ access, assignment }) =>
      assignment.drop.map((serverId) => ({ accessId: access.id, serverId })),
    );
    await this.leave(tx, dropped);
    const opened = all.flatMap(({ access, assignment }) =>
      assignment.moves.map(({ from, to }) => ({
        ...{ id: uuidv7(), accessId: access.id, userId: access.userId, fromServerId: from, toServerId: to },
        ...{ migrationId: migrationId ?? null, state: 'preparing' as const, reason, createdAt: now, endedAt: null },
      })),
    );
    if (opened.length > 0) await tx.insert(AccessMove, opened);
    const redirected = all.flatMap(({ assignment }) => assignment.redirected);
    if (redirected.length > 0) {
      await tx.query(
        `UPDATE access_moves m SET to_server_id = r.server_id, state = 'preparing'
         FROM unnest($1::uuid[], $2::uuid[]) AS r (id, server_id) WHERE m.id = r.id`,
        columnsOf(redirected, ['id', 'to']),
      );
    }
    const ended = all.flatMap(({ assignment }) => assignment.ended);
    if (ended.length > 0) await tx.update(AccessMove, { id: In(ended) }, { state: 'dropped', endedAt: now });
    return new Set([...added, ...dropped].map(({ serverId }) => serverId));
  }

  /** Keys that are not to serve any more: out of the link at once, out of the panel as soon as it answers. */
  async leave(tx: EntityManager, keys: readonly Pick<AccessKey, 'accessId' | 'serverId'>[]): Promise<void> {
    if (keys.length === 0) return;
    const now = this.clock.now();
    await tx.query(
      `UPDATE access_keys k SET state = 'leaving', occupies = false, asked = asked + 1, due_at = $3, priority = $4, attempts = 0,
         error = NULL, remove_at = $5, traceparent = $6
       FROM unnest($1::uuid[], $2::uuid[]) AS l (access_id, server_id)
       WHERE k.access_id = l.access_id AND k.server_id = l.server_id`,
      [
        ...columnsOf(keys, ['accessId', 'serverId']),
        ...[now, KEY_PRIORITY.disabled, new Date(now.getTime() + KEEP_MOVED_MS), traceOfNow()],
      ],
    );
  }

  private async measured(tx: EntityManager, accessIds: readonly string[]) {
    const since = new Date(this.clock.now().getTime() - MEASURED_WITHIN_MS);
    const rows = await tx.findBy(Latency, { accessId: In([...accessIds]) });
    return Map.groupBy(
      rows.filter(({ measuredAt }) => measuredAt >= since),
      ({ accessId }) => accessId,
    );
  }
}

/**
 * How far a server is from a person: as they have measured it, else as others in its region; else as our own probes say, which stand
 * elsewhere and are compared only with each other.
 */
export function latencyOf(
  { id, region, latencyMs }: Pick<Candidate, 'id' | 'region' | 'latencyMs'>,
  servers: readonly Pick<Candidate, 'id' | 'region'>[],
  measured: readonly Pick<Latency, 'serverId' | 'ms'>[] | undefined,
): number | null {
  if (!measured?.length) return latencyMs;
  const own = measured.find(({ serverId }) => serverId === id);
  if (own) return own.ms;
  const neighbours = servers.filter((one) => one.region === region).map((one) => one.id);
  const near = measured.filter(({ serverId }) => neighbours.includes(serverId)).map(({ ms }) => ms);
  return near.length > 0 ? Math.min(...near) : null;
}

const isChange = ({ add, drop, moves, redirected, ended }: Assignment): boolean =>
  [add, drop, moves, redirected, ended].some(({ length }) => length > 0);

const columnsOf = <Row>(rows: readonly Row[], names: readonly (keyof Row)[]) =>
  names.map((name) => rows.map((row) => row[name]));
