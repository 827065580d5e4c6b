import { personalTable } from '@switchboard/service-kit';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who is moved from which server to which, why, and what panels were found to hold that nobody is owed. */
export class CreateMoves1764300200000 implements MigrationInterface {
  readonly name = 'CreateMoves1764300200000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE server_migrations (
        id             uuid PRIMARY KEY,
        kind           text NOT NULL,
        from_server_id uuid NOT NULL REFERENCES servers,
        to_server_ids  uuid[],
        people         integer,
        state          text NOT NULL,
        created_by     text NOT NULL,
        reason         text,
        total          integer NOT NULL,
        created_at     timestamptz NOT NULL,
        ended_at       timestamptz,
        revision       integer NOT NULL
      )`);
    await db.query(`
      CREATE UNIQUE INDEX server_migrations_open ON server_migrations (from_server_id)
      WHERE state IN ('running', 'paused', 'rolling-back')`);
    await db.query(`
      CREATE TABLE access_moves (
        id             uuid PRIMARY KEY,
        access_id      uuid NOT NULL REFERENCES accesses ON DELETE CASCADE,
        user_id        uuid NOT NULL,
        migration_id   uuid REFERENCES server_migrations,
        from_server_id uuid NOT NULL REFERENCES servers,
        to_server_id   uuid REFERENCES servers,
        state          text NOT NULL,
        reason         text NOT NULL,
        created_at     timestamptz NOT NULL,
        ended_at       timestamptz
      )`);
    await personalTable(db, 'access_moves');
    await db.query('CREATE INDEX access_moves_of_person ON access_moves (user_id)');
    await db.query('CREATE INDEX access_moves_of_migration ON access_moves (migration_id, state)');
    await db.query(`
      CREATE UNIQUE INDEX access_moves_open ON access_moves (access_id, from_server_id)
      WHERE state IN ('waiting', 'preparing')`);
    await db.query(`
      CREATE TABLE drift_reports (
        id        uuid PRIMARY KEY,
        server_id uuid NOT NULL REFERENCES servers ON DELETE CASCADE,
        at        timestamptz NOT NULL,
        seen      integer NOT NULL,
        repaired  integer NOT NULL,
        orphans   integer NOT NULL,
        strangers integer NOT NULL
      )`);
    await db.query('CREATE INDEX drift_reports_of_server ON drift_reports (server_id, at)');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE drift_reports, access_moves, server_migrations');
  }
}
