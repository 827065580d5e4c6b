import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What new servers are made of, and those that are being made. */
export class CreateServerTemplates1764500000000 implements MigrationInterface {
  readonly name = 'CreateServerTemplates1764500000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE server_templates (
        region             text PRIMARY KEY,
        cloud_kind         text NOT NULL,
        cloud_settings     jsonb NOT NULL,
        plan               text NOT NULL,
        location           text NOT NULL,
        max_servers        integer NOT NULL CHECK (max_servers > 0),
        automatic          boolean NOT NULL,
        server_name        text NOT NULL,
        capacity           integer NOT NULL,
        monthly_cost_minor bigint NOT NULL,
        currency           text NOT NULL,
        panel_kind         text NOT NULL,
        panel_url          text NOT NULL,
        panel_settings     jsonb NOT NULL,
        endpoints          jsonb NOT NULL,
        secrets            text,
        changed_at         timestamptz NOT NULL
      )`);
    await db.query(`
      CREATE TABLE server_orders (
        id         uuid PRIMARY KEY REFERENCES capacity_proposals ON DELETE CASCADE,
        region     text NOT NULL,
        cloud_name text NOT NULL UNIQUE,
        state      text NOT NULL CHECK (state IN ('asked', 'making', 'starting', 'added', 'failed', 'removed')),
        asked_by   text NOT NULL,
        asked_at   timestamptz NOT NULL,
        address    text,
        failure    text,
        server_id  uuid UNIQUE REFERENCES servers ON DELETE SET NULL
      )`);
    await db.query('CREATE INDEX server_orders_of_region ON server_orders (region)');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE server_orders, server_templates');
  }
}
