import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Accounts of the shop that are connected by a page of their channel, and comments that were answered in private. */
export class CreateConnections1764610000000 implements MigrationInterface {
  readonly name = 'CreateConnections1764610000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE channel_connections (
        id              uuid PRIMARY KEY,
        bot_id          text NOT NULL,
        kind            text NOT NULL, -- of the channel
        account         text NOT NULL, -- the channel's own id
        title           text NOT NULL,
        username        text,
        access_token    text, -- encrypted; none of one that was disconnected
        scopes          text[] NOT NULL,
        state           text NOT NULL CHECK (state IN ('connected', 'refresh-failing', 'needs-reauth', 'disconnected')),
        failure         text, -- why it is not connected
        obtained_at     timestamptz NOT NULL,
        refreshed_at    timestamptz,
        next_refresh_at timestamptz,
        expires_at      timestamptz,
        connected_by    text NOT NULL,
        created_at      timestamptz NOT NULL,
        revision        integer NOT NULL
      )`);
    await db.query(
      `CREATE UNIQUE INDEX channel_connections_of_account ON channel_connections (kind, account) WHERE state <> 'disconnected'`,
    );
    await db.query(
      `CREATE UNIQUE INDEX channel_connections_of_bot ON channel_connections (bot_id) WHERE state <> 'disconnected'`,
    );
    await db.query(`
      CREATE TABLE connection_attempts (
        id            uuid PRIMARY KEY,
        state_hash    text NOT NULL UNIQUE, -- keyed, of what the page of the channel brings back
        kind          text NOT NULL,
        bot_id        text NOT NULL,
        staff_id      text NOT NULL, -- who began, and is to end it
        return_to     text NOT NULL,
        expires_at    timestamptz NOT NULL,
        used_at       timestamptz,
        connection_id uuid -- what came of it
      )`);
    await db.query(`
      CREATE TABLE comment_replies (
        bot_id       text NOT NULL,
        comment_hash text NOT NULL, -- keyed, of the channel's id
        noticed_at   timestamptz NOT NULL,
        replied_at   timestamptz,
        PRIMARY KEY (bot_id, comment_hash)
      )`);
    await db.query('CREATE INDEX comment_replies_sent ON comment_replies (bot_id, replied_at)');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE comment_replies; DROP TABLE connection_attempts; DROP TABLE channel_connections');
  }
}
