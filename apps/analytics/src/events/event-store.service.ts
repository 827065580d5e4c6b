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
import type { EventRow, ReadEvent } from './read-event';

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

/** Given as a list each, which takes Postgres a third of the time of rows as JSON. */
const COLUMNS: readonly (readonly [keyof EventRow, type: string])[] = [
  ['event_id', 'uuid'],
  ['occurred_at', 'timestamptz'],
  ['user_id', 'uuid'],
  ['session_id', 'uuid'],
  ['version', 'smallint'],
  ['tz_offset', 'smallint'],
  ['type', 'text'],
  ['source', 'text'],
  ['subject', 'text'],
  ['bot_id', 'text'],
  ['platform', 'text'],
  ['app_version', 'text'],
  ['locale', 'text'],
  ['experiments', 'jsonb'],
];
const NAMES = COLUMNS.map(([name]) => name).join(', ');

/**
 * Keeps and counts in one statement, so that whatever is counted was kept for the first time. The rows that all batches share,
 * those of the present minutes, are changed last.
 */
const STORE = `
  WITH input AS MATERIALIZED (
    SELECT input.*, NOT of_person OR coalesce(given, false) AS kept
    FROM ROWS FROM (jsonb_array_elements($2::jsonb), unnest($3::boolean[]), unnest($4::boolean[]),
      ${COLUMNS.map(([, type], i) => `unnest($${i + 5}::${type}[])`).join(', ')}
    ) AS input (props, of_person, of_everybody, ${NAMES}) LEFT JOIN consents USING (user_id)
  ), fresh AS (
    INSERT INTO events (${NAMES}, received_at, props) SELECT ${NAMES}, $1::timestamptz, props FROM input WHERE kept
    ON CONFLICT DO NOTHING
    RETURNING type, occurred_at, user_id, bot_id, platform, props
  ), counted AS (
    SELECT type, occurred_at, bot_id, platform, props, false AS anonymous FROM fresh
    UNION ALL SELECT type, occurred_at, bot_id, platform, props, true FROM input WHERE NOT kept AND of_everybody
  ), activity AS (${activityOf('fresh')}
  ), measure AS (${measuresOf('counted')}
  ), active AS (${addActivity('activity')}
  ), met AS (${addPeople('activity')}
  ), without_event AS (${addAnonymousMeasures('measure')}
  ), added AS (${addMeasures('measure')}
  )
  SELECT (SELECT count(*) FROM fresh)::integer AS stored, (count(*) FILTER (WHERE kept))::integer AS kept,
    (count(*) FILTER (WHERE NOT kept AND of_everybody))::integer AS counted
  FROM input`;

/** What was counted of the events stays counted, and can be counted anew without them. */
const FORGET = `
  WITH gone AS (
    DELETE FROM events WHERE user_id = $1 RETURNING type, occurred_at, bot_id, platform, props, true AS anonymous
  ), measure AS (${measuresOf('gone')})
  ${addAnonymousMeasures('measure')}`;

/** Deletes what a feature keeps of a person beside the events. */
export type ForgetStep = (tx: EntityManager, userId: string) => Promise<unknown>;

/** The event store: what happened, of people who have consented and of what is nobody's. */
@Injectable()
export class EventStore {
  private readonly steps: ForgetStep[] = [];

  constructor(
    private readonly partitions: EventPartitions,
    private readonly clock: Clock,
  ) {}

  /**
   * Keeps events and counts them. One that is kept already changes nothing. To be called late in a transaction, because others
   * wait for it who count something in the same minutes.
   */
  async store(tx: EntityManager, events: readonly ReadEvent[]): Promise<Stored> {
    await this.partitions.ensure(events.map(({ row }) => new Date(row.occurred_at)));
    await this.consenting(tx, []);
    const rows = events.map(({ row }) => row);
    const [{ stored, kept, counted }] = await tx.query<[{ stored: number; kept: number; counted: number }]>(STORE, [
      this.clock.now(),
      JSON.stringify(rows.map(({ props }) => props)),
      events.map(({ isOfPerson }) => isOfPerson),
      rows.map(({ type }) => isCountedOfEverybody(type)),
      ...COLUMNS.map(([name]) => listOf(rows, name)),
    ]);
    return { stored, known: kept - stored, counted, dropped: events.length - kept - counted };
  }

  /**
   * Brings rows of `events` back that were kept once, and counts nothing. Those that are there stay as they are; those of people
   * who no longer consent do not come back.
   * @returns how many were not there
   */
  async restore(tx: EntityManager, rows: readonly object[]): Promise<number> {
    const [{ restored }] = await tx.query<[{ restored: number }]>(
      `WITH former AS (
         SELECT * FROM json_populate_recordset(NULL::events, $1::json)
       ), restored AS (
         INSERT INTO events SELECT * FROM former
         WHERE user_id IS NULL OR user_id IN (SELECT consenting((SELECT array_agg(DISTINCT user_id) FROM former)))
         ON CONFLICT DO NOTHING RETURNING 1
       ) SELECT count(*)::integer AS restored FROM restored`,
      [JSON.stringify(rows)],
    );
    return restored;
  }

  /**
   * Of these people, those who consent, until the end of `tx`: whoever takes it back waits for that, as does whoever counts anew.
   * So it is asked before anything is stored, also of nobody.
   */
  async consenting(tx: EntityManager, events: readonly { row: Pick<EventRow, 'user_id'> }[]): Promise<Set<string>> {
    const people = new Set(events.flatMap(({ row }) => row.user_id ?? []));
    const rows = await tx.query<{ user_id: string }[]>('SELECT consenting($1) AS user_id', [[...people]]);
    return new Set(rows.map(({ user_id }) => user_id));
  }

  /** Features that keep something of people who have consented call it when they are made. */
  alsoForget(step: ForgetStep): void {
    this.steps.push(step);
  }

  /**
   * Deletes all that is kept of a person's doings, and what is quarantined. Consent must have been taken back in `tx` before, so
   * that nothing comes after it. Counts stay: they name nobody.
   */
  async forget(tx: EntityManager, userId: string): Promise<void> {
    await tx.query(FORGET, [userId]);
    for (const table of ['quarantined_events', 'active_people', 'people'])
      await tx.query(`DELETE FROM ${table} WHERE user_id = $1`, [userId]);
    for (const step of this.steps) await step(tx, userId);
  }
}

/** Nothing in place of a list of nothing, as of what only pages have. */
function listOf(rows: readonly EventRow[], name: keyof EventRow): unknown[] | null {
  return rows.some((row) => row[name] !== undefined) ? rows.map((row) => row[name]) : null;
}
