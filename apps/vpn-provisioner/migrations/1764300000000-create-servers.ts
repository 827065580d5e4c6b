import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Servers, what is believed of their health, and whether anything can be served at all. */
export class CreateServers1764300000000 implements MigrationInterface {
  readonly name = 'CreateServers1764300000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE servers (
        id                 uuid PRIMARY KEY,
        name               text NOT NULL,
        region             text NOT NULL,
        capacity           integer NOT NULL CHECK (capacity >= 0),
        weight             double precision NOT NULL CHECK (weight > 0),
        monthly_cost_minor bigint NOT NULL,
        currency           text NOT NULL,
        panel_kind         text NOT NULL,
        url                text NOT NULL,
        settings           jsonb NOT NULL,
        secrets            text,
        endpoints          jsonb NOT NULL,
        parallel_calls     integer NOT NULL CHECK (parallel_calls > 0),
        state              text NOT NULL,
        revision           integer NOT NULL,
        created_at         timestamptz NOT NULL,
        changed_at         timestamptz NOT NULL
      )`);
    await db.query(`CREATE UNIQUE INDEX servers_by_name ON servers (name) WHERE state <> 'retired'`);
    await db.query(`CREATE UNIQUE INDEX servers_by_panel ON servers (url) WHERE state <> 'retired'`);
    await db.query(`
      CREATE TABLE server_health (
        server_id     uuid PRIMARY KEY REFERENCES servers ON DELETE CASCADE,
        state         text NOT NULL,
        against       integer NOT NULL,
        falls         integer NOT NULL,
        fell_at       timestamptz,
        since         timestamptz NOT NULL,
        epoch         integer NOT NULL,
        cleaned_epoch integer NOT NULL,
        probed_at     timestamptz,
        latency_ms    integer,
        online_users  integer,
        cpu           real,
        memory        real,
        version       text,
        error         text
      )`);
    await db.query(`
      CREATE TABLE health_samples (
        server_id    uuid NOT NULL REFERENCES servers ON DELETE CASCADE,
        at           timestamptz NOT NULL,
        probes       integer NOT NULL,
        failures     integer NOT NULL,
        latency_ms   integer,
        online_users integer,
        cpu          real,
        memory       real,
        PRIMARY KEY (server_id, at)
      )`);
    await db.query('CREATE INDEX health_samples_by_time ON health_samples (at)');
    await db.query(`
      CREATE TABLE maintenance (
        id         smallint PRIMARY KEY CHECK (id = 1),
        by_staff   boolean NOT NULL,
        automatic  boolean NOT NULL,
        changed_at timestamptz NOT NULL,
        revision   integer NOT NULL
      )`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE maintenance, health_samples, server_health, servers');
  }
}
