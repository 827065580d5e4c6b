import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who gave a dead letter up and why; and which events each group of this service has been bound to. */
export class DiscardsAndTopology1795200000000 implements MigrationInterface {
  readonly name = 'DiscardsAndTopology1795200000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      ALTER TABLE parked_events
        ADD COLUMN discarded_by text,
        ADD COLUMN discarded_why text,
        ADD COLUMN discarded_at timestamptz`);
    await db.query(`
      CREATE TABLE bus_topology (
        consumer text NOT NULL,
        type     text NOT NULL,
        heard_at timestamptz NOT NULL,
        PRIMARY KEY (consumer, type)
      )`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE bus_topology');
    await db.query(
      'ALTER TABLE parked_events DROP COLUMN discarded_by, DROP COLUMN discarded_why, DROP COLUMN discarded_at',
    );
  }
}
