import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Reports that were wanted as files. */
export class CreateExports1764101300000 implements MigrationInterface {
  readonly name = 'CreateExports1764101300000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE exports (
        id          uuid PRIMARY KEY,
        owner       text NOT NULL,
        bots        text[],
        request     jsonb NOT NULL,
        state       text NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'failed', 'expired')),
        rows        integer,
        total_rows  integer,
        kept_from   date,
        problem     text,
        bytes       bigint,
        created_at  timestamptz NOT NULL,
        finished_at timestamptz,
        expires_at  timestamptz
      )`);
    await db.query('CREATE INDEX exports_of_owner ON exports (owner, id)');
    await db.query(`CREATE INDEX exports_expiring ON exports (expires_at) WHERE state = 'done'`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE exports');
  }
}
