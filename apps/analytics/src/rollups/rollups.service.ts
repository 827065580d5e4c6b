import { Injectable } from '@nestjs/common';
import { DomainError } from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { activityOf, addActivity, addMeasures, addPeople, anonymousMeasures, measuresOf } from './measures.sql';

/** Not all events of these days are here any more: what was counted of them is all there is. */
export class EventsNotKept extends DomainError {
  constructor(since: string) {
    super('analytics.events_not_kept', `Days before ${since} cannot be counted anew`, 409, { since });
  }
}

interface Rebuilding {
  readonly signal?: AbortSignal;
  /** Changes the events of a day in the transaction in which they are counted anew. */
  readonly before?: (tx: EntityManager, begin: Date, end: Date) => Promise<unknown>;
}

const DAY_MS = 86_400_000;

/** $1 and $2 are the first moment of a day and of the next one. */
const WITHIN = 'at >= $1 AND at < $2';
const ALL_WIDTHS = 'minutes IN (5, 15, 1440)';
const COUNT_ANEW = `
  WITH event AS MATERIALIZED (
    SELECT type, occurred_at, user_id, bot_id, platform, props, false AS anonymous FROM events
    WHERE occurred_at >= $1 AND occurred_at < $2
  ), activity AS MATERIALIZED (${activityOf('event')}
  ), measure AS (${measuresOf('event')} UNION ALL ${anonymousMeasures(WITHIN)}
  ), active AS (${addActivity('activity')}
  ), met AS (${addPeople('activity')}
  )
  ${addMeasures('measure')}`;

/** What was counted of events: the same again, for doubt, and gone when its time is over. */
@Injectable()
export class RollupsService {
  constructor(private readonly db: DataSource) {}

  /**
   * Counts days anew, each in a transaction that nobody stores anything beside.
   * @param from first and last day of UTC, as `2026-11-27`
   * @throws EventsNotKept
   */
  async rebuild(from: string, to: string, { signal, before }: Rebuilding = {}): Promise<number> {
    const [{ since }] = await this.db.query<[{ since: string }]>(
      'SELECT countable_since::text AS since FROM rollup_state',
    );
    // `-infinity` sorts before all days.
    if (from < since) throw new EventsNotKept(since);
    let days = 0;
    for (let day = Date.parse(from); day <= Date.parse(to); day += DAY_MS, days++) {
      signal?.throwIfAborted();
      await this.db.transaction((tx) => this.rebuildDay(tx, new Date(day), before));
    }
    return days;
  }

  private async rebuildDay(tx: EntityManager, day: Date, before: Rebuilding['before']): Promise<void> {
    const within = [day, new Date(day.getTime() + DAY_MS)] as const;
    // Alone with the tables of events: see `consenting`, which whoever stores asks first.
    await tx.query(`SELECT pg_advisory_xact_lock(hashtext(current_schema()), hashtext('consents'))`);
    await before?.(tx, ...within);
    await tx.query(`DELETE FROM measures WHERE ${ALL_WIDTHS} AND ${WITHIN}`, [...within]);
    await tx.query('DELETE FROM active_people WHERE day = $1', [day.toISOString().slice(0, 10)]);
    await tx.query(COUNT_ANEW, [...within]);
  }

  /** From now on days before this one are never counted anew. */
  async countableSince(tx: EntityManager, day: string): Promise<void> {
    await tx.query('UPDATE rollup_state SET countable_since = greatest(countable_since, $1)', [day]);
    // They are there only to count such days anew.
    await tx.query('DELETE FROM anonymous_measures WHERE at < $1::date', [day]);
  }

  /** Deletes measures of `minutes` that are older than a time. */
  async forgetMeasures(minutes: 5 | 15, before: Date): Promise<void> {
    await this.db.query('DELETE FROM measures WHERE minutes = $1 AND at < $2', [minutes, before]);
  }

  async forgetActivity(before: Date): Promise<void> {
    await this.db.query('DELETE FROM active_people WHERE day < $1', [before.toISOString().slice(0, 10)]);
  }
}
