import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How busy regions were, and what follows from it for their servers. */
export class CreateForecasts1764400200000 implements MigrationInterface {
  readonly name = 'CreateForecasts1764400200000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE region_loads (
        region text NOT NULL,
        hour   timestamptz NOT NULL,
        people integer NOT NULL,
        online integer NOT NULL,
        PRIMARY KEY (region, hour)
      )`);
    await db.query('CREATE INDEX region_loads_by_time ON region_loads (hour)');
    await db.query(`
      CREATE TABLE capacity_proposals (
        id                 uuid PRIMARY KEY,
        region             text NOT NULL,
        kind               text NOT NULL,
        server_id          uuid REFERENCES servers ON DELETE CASCADE,
        expected_percent   integer NOT NULL,
        monthly_cost_minor bigint NOT NULL,
        currency           text NOT NULL,
        state              text NOT NULL,
        made_at            timestamptz NOT NULL,
        decided_at         timestamptz,
        decided_by         text
      )`);
    await db.query(`CREATE UNIQUE INDEX capacity_proposals_open ON capacity_proposals (region) WHERE state = 'open'`);
    await db.query('CREATE INDEX capacity_proposals_by_time ON capacity_proposals (made_at, id)');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE capacity_proposals, region_loads');
  }
}
