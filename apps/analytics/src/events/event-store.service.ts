import { Injectable } from '@nestjs/common';
import { Clock } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { isCountedOfEverybody } from '../rollups/event-rules';
import {
  activityOf,
  addActivity,
  addAnonymousMeasures,
  addMeasures,
  addPeople,
  measuresOf,
} from '../rollups/measures.sql';
import { EventPartitions } from './event-partitions';
import { anonymous, type EventRow, type ReadEvent } from './read-event';

/** What became of events. */
export interface Stored {
  /** Kept for the first time. */
  readonly stored: number;
  /** Kept before. */
  readonly known: number;
  /** Only counted, because their person has not consented. */
  readonly counted: number;
  /** Not even that. */
  readonly dropped: number;
}

/**
 * Keeps and counts in one statement, so that whatever is counted was kept for the first time. The rows that all batches share,
 * those of the present minutes, are changed last.
 */
const STORE = `
  WITH input AS MATERIALIZED (
    SELECT * FROM json_to_recordset($1::json) AS input (kept boolean, event_id uuid, occurred_at timestamptz, user_id uuid,
      session_id uuid, version smallint, tz_offset smallint, type text, source text, subject text, bot_id text, platform text,
      app_version text, locale text, experiments jsonb, props jsonb)
  ), fresh AS (
    INSERT INTO events (event_id, occurred_at, received_at, user_id, session_id, version, tz_offset, type, source, subject,
      bot_id, platform, app_version, locale, experiments, props)
    SELECT event_id, occurred_at, $2::timestamptz, user_id, session_id, version, tz_offset, type, source, subject,
      bot_id, platform, app_version, locale, experiments, props FROM input WHERE kept
    ON CONFLICT DO NOTHING
    RETURNING type, occurred_at, user_id, bot_id, platform, props
  ), counted AS (
    SELECT type, occurred_at, bot_id, platform, props, false AS anonymous FROM fresh
    UNION ALL SELECT type, occurred_at, bot_id, platform, props, true FROM input WHERE NOT kept
  ), activity AS (${activityOf('fresh')}
  ), measure AS (${measuresOf('counted')}
  ), active AS (${addActivity('activity')}
  ), met AS (${addPeople('activity')}
  ), without_event AS (${addAnonymousMeasures('measure')}
  ), added AS (${addMeasures('measure')}
  )
  SELECT count(*)::integer AS stored FROM fresh`;

/** What was counted of the events stays counted, and can be counted anew without them. */
const FORGET = `
  WITH gone AS (
    DELETE FROM events WHERE user_id = $1 RETURNING type, occurred_at, bot_id, platform, props, true AS anonymous
  ), measure AS (${measuresOf('gone')})
  ${addAnonymousMeasures('measure')}`;

/** The event store: what happened, of people who have consented and of what is nobody's. */
@Injectable()
export class EventStore {
  constructor(
    private readonly partitions: EventPartitions,
    private readonly clock: Clock,
  ) {}

  /**
   * Keeps events and counts them. One that is kept already changes nothing. To be called late in a transaction, because others
   * wait for it who count something in the same minutes.
   */
  async store(tx: EntityManager, events: readonly ReadEvent[]): Promise<Stored> {
    const consenting = await this.consenting(tx, events);
    const mayBeKept = ({ row, isOfPerson }: ReadEvent) => !isOfPerson || consenting.has(row.user_id ?? '');
    const kept = events.filter(mayBeKept).map(({ row }) => row);
    const counted = events
      .filter((event) => !mayBeKept(event) && isCountedOfEverybody(event.row.type))
      .map(({ row }) => anonymous(row));
    const dropped = events.length - kept.length - counted.length;
    if (dropped === events.length) return { stored: 0, known: 0, counted: 0, dropped };
    await this.partitions.ensure(kept.map(({ occurred_at: time }) => new Date(time)));
    const input = [...kept.map((row) => ({ kept: true, ...row })), ...counted.map((row) => ({ kept: false, ...row }))];
    const [{ stored }] = await tx.query<[{ stored: number }]>(STORE, [JSON.stringify(input), this.clock.now()]);
    return { stored, known: kept.length - stored, counted: counted.length, dropped };
  }

  /**
   * Of these people, those who consent, until the end of `tx`: whoever takes it back waits for that, as does whoever counts anew.
   * So it is asked also where nobody is named.
   */
  async consenting(tx: EntityManager, events: readonly { row: Pick<EventRow, 'user_id'> }[]): Promise<Set<string>> {
    const people = new Set(events.flatMap(({ row }) => row.user_id ?? []));
    const rows = await tx.query<{ user_id: string }[]>('SELECT consenting($1) AS user_id', [[...people]]);
    return new Set(rows.map(({ user_id }) => user_id));
  }

  /**
   * Deletes all that is kept of a person's doings, and what is quarantined. Consent must have been taken back in `tx` before, so
   * that nothing comes after it. Counts stay: they name nobody.
   */
  async forget(tx: EntityManager, userId: string): Promise<void> {
    await tx.query(FORGET, [userId]);
    for (const table of ['quarantined_events', 'active_people', 'people'])
      await tx.query(`DELETE FROM ${table} WHERE user_id = $1`, [userId]);
  }
}
