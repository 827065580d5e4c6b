import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The tables of the event backbone, the same in every service's own schema. */
export class BusTables1764000000000 implements MigrationInterface {
  readonly name = 'BusTables1764000000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE outbox (
        id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        event_id   uuid NOT NULL,
        type       text NOT NULL,
        subject    text NOT NULL,
        envelope   text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now()
      ) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000)`);
    await db.query(`
      CREATE TABLE inbox (
        consumer text NOT NULL,
        event_id uuid NOT NULL,
        PRIMARY KEY (event_id, consumer)
      ) PARTITION BY RANGE (event_id)`);
    await db.query(`
      CREATE TABLE parked_events (
        id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        consumer     text NOT NULL,
        event_id     uuid NOT NULL,
        type         text NOT NULL,
        subject      text NOT NULL,
        envelope     text NOT NULL,
        state        text NOT NULL CHECK (state IN ('retrying', 'dead', 'discarded')),
        attempts     integer NOT NULL DEFAULT 0,
        due_at       timestamptz,
        error        text NOT NULL,
        reason       text NOT NULL,
        parked_at    timestamptz NOT NULL DEFAULT now(),
        UNIQUE (consumer, event_id)
      )`);
    await db.query(`CREATE INDEX parked_events_due ON parked_events (due_at, id) WHERE state = 'retrying'`);
    await db.query(`CREATE INDEX parked_events_lane ON parked_events (consumer, subject, id) WHERE state = 'retrying'`);
    await db.query(`CREATE INDEX parked_events_dead ON parked_events (consumer, reason, id) WHERE state = 'dead'`);
    await db.query(`
      -- Notes events of one group; returns those that are new, and whether they wait behind a failed one of their subject.
      -- A function, because each of its statements sees what was committed before it began: whoever had to wait for a lock
      -- sees what its holder has left.
      CREATE FUNCTION take_events(in_group text, slots integer[], ids uuid[], subjects text[])
      RETURNS TABLE (taken uuid, waits boolean) LANGUAGE plpgsql AS $$
      BEGIN
        PERFORM pg_advisory_xact_lock(hashtext(current_schema()), hashtext(in_group || slot)) FROM unnest(slots) AS slot;
        RETURN QUERY
          WITH fresh AS (
            INSERT INTO inbox (consumer, event_id) SELECT in_group, unnest(ids)
            ON CONFLICT DO NOTHING RETURNING event_id
          )
          SELECT fresh.event_id, cardinality(slots) > 0 AND EXISTS (
            SELECT FROM parked_events p
            WHERE p.consumer = in_group AND p.subject = events.subject AND p.state = 'retrying')
          FROM unnest(ids, subjects) AS events (id, subject) JOIN fresh ON fresh.event_id = events.id;
      END $$`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP FUNCTION take_events');
    await db.query('DROP TABLE parked_events');
    await db.query('DROP TABLE inbox');
    await db.query('DROP TABLE outbox');
  }
}
