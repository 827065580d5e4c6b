import { personalTable } from '@switchboard/service-kit';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateAccess1764300000000 implements MigrationInterface {
  readonly name = 'CreateAccess1764300000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE limit_replicas (
        id      uuid PRIMARY KEY,
        seen_at timestamptz NOT NULL
      )`);
    await db.query(`
      CREATE TABLE sessions (
        id         uuid PRIMARY KEY,
        token_hash bytea UNIQUE CHECK (length(token_hash) = 32), -- null of an app, which has refresh tokens
        kind       text NOT NULL CHECK (kind IN ('person', 'staff')),
        subject_id uuid NOT NULL,
        amr        text[] NOT NULL,
        proven_at  timestamptz NOT NULL,
        device     text NOT NULL,
        sso_sid    text, -- of the session at the provider of the company, which ends this one
        created_at timestamptz NOT NULL,
        seen_at    timestamptz NOT NULL,
        expires_at timestamptz NOT NULL
      )`);
    await db.query(`CREATE INDEX sessions_of_subject ON sessions (subject_id, kind)`);
    await db.query(`CREATE INDEX sessions_expired ON sessions (expires_at)`);
    await db.query(`CREATE INDEX sessions_of_sso ON sessions (sso_sid) WHERE sso_sid IS NOT NULL`);
    await personalTable(db, 'sessions', 'subject_id');
    await db.query(`
      CREATE TABLE refresh_tokens (
        hash       bytea PRIMARY KEY CHECK (length(hash) = 32),
        session_id uuid NOT NULL REFERENCES sessions ON DELETE CASCADE,
        seed       bytea NOT NULL CHECK (length(seed) = 32), -- makes the next one, together with this one and a key
        issued_at  timestamptz NOT NULL,
        spent_at   timestamptz, -- whoever comes with it later has stolen it, or was robbed
        spent_by   text -- the kind of device, which may ask again when the answer was lost
      )`);
    await db.query(`CREATE INDEX refresh_tokens_of_session ON refresh_tokens (session_id)`);
    await db.query(`CREATE INDEX refresh_tokens_spent_at ON refresh_tokens (spent_at) WHERE spent_at IS NOT NULL`);
    await personalTable(db, 'refresh_tokens', { column: 'session_id', of: 'sessions' });
    await db.query(`
      CREATE TABLE signing_keys (
        kid         text PRIMARY KEY,
        public_key  jsonb NOT NULL,
        private_key text, -- encrypted; gone when it signs no more
        created_at  timestamptz NOT NULL,
        signs_from  timestamptz NOT NULL
      )`);
    await db.query(`
      CREATE TABLE staff (
        id                    uuid PRIMARY KEY,
        state                 text NOT NULL CHECK (state IN ('invited', 'active', 'suspended')),
        email_hash            text NOT NULL UNIQUE,
        email                 text NOT NULL,
        name                  text NOT NULL,
        password_hash         text,
        totp_secret           text,
        totp_step             bigint NOT NULL DEFAULT 0,
        recovery_hashes       text[] NOT NULL DEFAULT '{}',
        invitation_hash       text UNIQUE,
        invitation_expires_at timestamptz,
        sso_hash              text UNIQUE, -- of issuer and subject at the provider of the company
        revision              integer NOT NULL DEFAULT 1,
        signed_in_at          timestamptz,
        created_at            timestamptz NOT NULL
      )`);
    await db.query(`
      CREATE TABLE roles (
        name        text PRIMARY KEY CHECK (name ~ '^[a-z][a-z0-9-]{0,62}$'),
        scopes      text[] NOT NULL,
        is_built_in boolean NOT NULL
      )`);
    await db.query(`
      CREATE TABLE grants (
        id         uuid PRIMARY KEY,
        staff_id   uuid NOT NULL REFERENCES staff ON DELETE CASCADE,
        role       text NOT NULL REFERENCES roles,
        bot_id     text,
        until      timestamptz,
        granted_by uuid,
        granted_at timestamptz NOT NULL,
        source     text NOT NULL DEFAULT 'staff' CHECK (source IN ('staff', 'sso')), -- what the provider says changes the latter
        UNIQUE NULLS NOT DISTINCT (staff_id, role, bot_id)
      )`);
  }

  async down(db: QueryRunner): Promise<void> {
    for (const table of ['grants', 'roles', 'staff', 'signing_keys', 'refresh_tokens', 'sessions', 'limit_replicas'])
      await db.query(`DROP TABLE ${table}`);
  }
}
