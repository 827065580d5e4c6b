import { personalTable } from '@switchboard/service-kit';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What is compared, who has met it, and what has been found. */
export class CreateExperiments1764102000000 implements MigrationInterface {
  readonly name = 'CreateExperiments1764102000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE experiments (
        id                    uuid PRIMARY KEY,
        key                   text NOT NULL UNIQUE,
        place                 text NOT NULL,
        bot_id                text,
        plan                  jsonb NOT NULL,
        state                 text NOT NULL CHECK (state IN ('draft', 'running', 'decided', 'stopped')),
        decision              text,
        decided_arm           text,
        decided_why           text,
        decided_automatically boolean NOT NULL DEFAULT false,
        decided_by            text,
        told_advice           text,
        created_at            timestamptz NOT NULL,
        started_at            timestamptz,
        planned_end           timestamptz,
        ended_at              timestamptz,
        revision              integer NOT NULL
      )`);
    await db.query(`CREATE UNIQUE INDEX experiments_running ON experiments (place) WHERE state = 'running'`);
    await db.query(`
      CREATE TABLE exposures (
        experiment_id uuid NOT NULL REFERENCES experiments ON DELETE CASCADE,
        user_id       uuid NOT NULL,
        arm           text NOT NULL,
        channel       text NOT NULL,
        first_at      timestamptz NOT NULL,
        newcomer      boolean NOT NULL,
        in_two_arms   boolean NOT NULL,
        PRIMARY KEY (experiment_id, user_id)
      )`);
    await personalTable(db, 'exposures');
    await db.query('CREATE INDEX exposures_of_person ON exposures (user_id)');
    await db.query(`
      CREATE TABLE experiment_weights (
        experiment_id uuid NOT NULL REFERENCES experiments ON DELETE CASCADE,
        valid_from    timestamptz NOT NULL,
        weights       integer[] NOT NULL,
        PRIMARY KEY (experiment_id, valid_from)
      )`);
    await db.query(`
      CREATE TABLE experiment_results (
        experiment_id uuid PRIMARY KEY REFERENCES experiments ON DELETE CASCADE,
        computed_at   timestamptz NOT NULL,
        results       jsonb NOT NULL
      )`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE experiment_results, experiment_weights, exposures, experiments');
  }
}
