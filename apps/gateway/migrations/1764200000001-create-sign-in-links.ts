import { personalTable } from '@switchboard/service-kit';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateSignInLinks1764200000001 implements MigrationInterface {
  readonly name = 'CreateSignInLinks1764200000001';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      -- Links that sign in once, by e-mail or out of a bot.
      CREATE TABLE sign_in_links (
        id           uuid PRIMARY KEY,
        kind         text NOT NULL CHECK (kind IN ('email', 'link-email', 'bot')),
        user_id      uuid, -- whom it signs in, or to whom the address is added; who asks for one by e-mail need not be known
        email_hash   text,
        email        text, -- encrypted
        locale       text NOT NULL,
        return_to    text NOT NULL,
        browser_hash text, -- of the browser that asked for it
        asked_by     text, -- keyed hash of the network or the person that asked for it
        created_at   timestamptz NOT NULL,
        expires_at   timestamptz NOT NULL,
        used_at      timestamptz
      );
      CREATE INDEX sign_in_links_of_address ON sign_in_links (email_hash, created_at);
      CREATE INDEX sign_in_links_created ON sign_in_links (created_at);

      -- Attempts to sign in elsewhere that have come back: each counts once.
      CREATE TABLE spent_attempts (
        id       uuid PRIMARY KEY,
        spent_at timestamptz NOT NULL
      );
    `);
    await personalTable(db, 'sign_in_links');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE spent_attempts, sign_in_links');
  }
}
