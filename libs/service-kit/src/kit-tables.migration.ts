import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The tables of the kit, the same in every service's own schema. */
export class KitTables1764000000100 implements MigrationInterface {
  readonly name = 'KitTables1764000000100';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE schedules (
        job               text PRIMARY KEY,
        known_since       timestamptz NOT NULL DEFAULT now(),
        last_slot         timestamptz,
        claimed_at        timestamptz,
        last_success_slot timestamptz,
        last_success_at   timestamptz
      )`);
    await db.query(`
      CREATE TABLE leaders (
        name  text PRIMARY KEY,
        token bigint NOT NULL,
        since timestamptz NOT NULL
      )`);
    await db.query(`
      CREATE TABLE key_checks (
        key         text PRIMARY KEY,
        fingerprint text NOT NULL,
        since       timestamptz NOT NULL DEFAULT now()
      )`);
    await db.query(`
      CREATE TABLE known_experiments (
        id          smallint PRIMARY KEY CHECK (id = 1),
        experiments jsonb NOT NULL,
        known_at    timestamptz NOT NULL
      )`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE known_experiments, key_checks, leaders, schedules');
  }
}
