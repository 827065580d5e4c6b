import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Backups of the installation, and what came of restoring them on trial. */
export class CreateBackups1764650000000 implements MigrationInterface {
  readonly name = 'CreateBackups1764650000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE backups (
        id          uuid PRIMARY KEY,
        state       text NOT NULL CHECK (state IN ('running', 'done', 'failed', 'expired')),
        cause       text NOT NULL,
        by          text,
        parts       jsonb NOT NULL,
        rows        bigint NOT NULL,
        bytes       bigint NOT NULL,
        started_at  timestamptz NOT NULL,
        finished_at timestamptz,
        off_site_at timestamptz,
        error       text,
        CHECK ((state = 'running') = (finished_at IS NULL))
      )`);
    // Two at once would read and write the same for nothing.
    await db.query(`CREATE UNIQUE INDEX one_running_backup ON backups ((true)) WHERE state = 'running'`);
    await db.query(`
      CREATE TABLE backup_trials (
        id          uuid PRIMARY KEY,
        backup_id   uuid NOT NULL REFERENCES backups ON DELETE CASCADE,
        state       text NOT NULL CHECK (state IN ('running', 'passed', 'failed')),
        rows        bigint,
        differing   jsonb NOT NULL,
        error       text,
        started_at  timestamptz NOT NULL,
        finished_at timestamptz,
        CHECK ((state = 'running') = (finished_at IS NULL))
      )`);
    await db.query('CREATE INDEX backup_trials_of_backup ON backup_trials (backup_id, id)');
    await db.query(`CREATE UNIQUE INDEX one_running_trial ON backup_trials ((true)) WHERE state = 'running'`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE backup_trials, backups');
  }
}
