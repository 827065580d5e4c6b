import { personalTable } from '@switchboard/service-kit';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What subscriptions are owed, by which servers it is served, and what people have measured to these. */
export class CreateAccesses1764300100000 implements MigrationInterface {
  readonly name = 'CreateAccesses1764300100000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE accesses (
        id                  uuid PRIMARY KEY,
        subscription_id     uuid NOT NULL UNIQUE,
        user_id             uuid NOT NULL,
        bot_id              text NOT NULL,
        revision            integer NOT NULL,
        status              text NOT NULL,
        period_start        timestamptz NOT NULL,
        valid_until         timestamptz NOT NULL,
        served_until        timestamptz NOT NULL,
        limit_bytes         bigint,
        device_limit        integer,
        server_count        integer NOT NULL,
        region              text,
        subscription_region text,
        suspended_for       text,
        used_bytes          bigint NOT NULL,
        used_at             timestamptz,
        panel_user          text NOT NULL UNIQUE,
        credentials         text NOT NULL,
        enabled             boolean NOT NULL,
        version             integer NOT NULL,
        told_version        integer NOT NULL,
        delayed_version     integer NOT NULL,
        owed_since          timestamptz,
        granted_at          timestamptz,
        link_version        integer NOT NULL,
        created_at          timestamptz NOT NULL
      )`);
    await personalTable(db, 'accesses');
    await db.query('CREATE INDEX accesses_of_person ON accesses (user_id, bot_id)');
    await db.query('CREATE INDEX accesses_owed ON accesses (owed_since) WHERE owed_since IS NOT NULL');
    await db.query('CREATE INDEX accesses_by_end ON accesses (served_until) WHERE enabled');
    await db.query(`
      CREATE TABLE access_keys (
        id               uuid PRIMARY KEY,
        access_id        uuid NOT NULL REFERENCES accesses ON DELETE CASCADE,
        server_id        uuid NOT NULL REFERENCES servers,
        user_id          uuid NOT NULL,
        state            text NOT NULL,
        occupies         boolean NOT NULL,
        applied_version  integer NOT NULL,
        applied          jsonb,
        access_url       text,
        panel_used_bytes bigint NOT NULL,
        panel_used_at    timestamptz,
        asked            integer NOT NULL,
        due_at           timestamptz,
        priority         smallint NOT NULL,
        attempts         integer NOT NULL,
        error            text,
        remove_at        timestamptz,
        created_at       timestamptz NOT NULL,
        UNIQUE (access_id, server_id)
      )`);
    await personalTable(db, 'access_keys');
    await db.query('CREATE INDEX access_keys_of_server ON access_keys (server_id, state, access_id)');
    await db.query(
      'CREATE INDEX access_keys_due ON access_keys (server_id, priority, due_at) WHERE due_at IS NOT NULL',
    );
    await db.query('CREATE INDEX access_keys_that_occupy ON access_keys (server_id) WHERE occupies');
    await db.query('CREATE INDEX access_keys_of_person ON access_keys (user_id)');
    await db.query(`
      CREATE TABLE panel_removals (
        server_id  uuid NOT NULL REFERENCES servers ON DELETE CASCADE,
        panel_user text NOT NULL,
        due_at     timestamptz NOT NULL,
        attempts   integer NOT NULL,
        PRIMARY KEY (server_id, panel_user)
      )`);
    await db.query(`
      CREATE TABLE latencies (
        access_id   uuid NOT NULL REFERENCES accesses ON DELETE CASCADE,
        server_id   uuid NOT NULL REFERENCES servers ON DELETE CASCADE,
        user_id     uuid NOT NULL,
        ms          integer NOT NULL,
        measured_at timestamptz NOT NULL,
        PRIMARY KEY (access_id, server_id)
      )`);
    await personalTable(db, 'latencies');
    await db.query('CREATE INDEX latencies_by_time ON latencies (measured_at)');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE latencies, panel_removals, access_keys, accesses');
  }
}
