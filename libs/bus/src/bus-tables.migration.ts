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
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE parked_events');
    await db.query('DROP TABLE inbox');
    await db.query('DROP TABLE outbox');
  }
}
