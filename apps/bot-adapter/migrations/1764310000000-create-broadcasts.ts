import { personalTable } from '@switchboard/service-kit';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What is written to many people at once, who is to have it, and who wants none of it. */
export class CreateBroadcasts1764310000000 implements MigrationInterface {
  readonly name = 'CreateBroadcasts1764310000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      ALTER TABLE contacts
        ADD COLUMN news         boolean NOT NULL DEFAULT true, -- wants news from the bot
        ADD COLUMN quiet_from   text, -- has none of it from then on
        ADD COLUMN quiet_to     text,
        ADD COLUMN time_zone    text, -- of these
        ADD COLUMN start_hashes text[] NOT NULL DEFAULT '{}' -- of what links have said by which the person came
    `);
    await db.query('CREATE INDEX contacts_by_person ON contacts (bot_id, user_id)');
    // Sent to many: it goes after everything else.
    await db.query('ALTER TABLE deliveries ADD COLUMN bulk boolean NOT NULL DEFAULT false');
    await db.query(`
      CREATE TABLE broadcasts (
        id         uuid PRIMARY KEY,
        bot_id     text NOT NULL,
        title      text NOT NULL,
        text       jsonb NOT NULL, -- by language
        buttons    jsonb NOT NULL,
        campaign   text,
        segment    jsonb NOT NULL,
        state      text NOT NULL,
        start_at   timestamptz,
        at_most    integer, -- people, by what was approved
        laid       integer NOT NULL DEFAULT 0, -- recipients so far
        laid_after uuid, -- the person up to whom the segment was gone through
        is_laid    boolean NOT NULL DEFAULT false, -- all of it was
        is_cut     boolean NOT NULL DEFAULT false, -- there were more than at_most
        created_by text NOT NULL,
        created_at timestamptz NOT NULL,
        started_at timestamptz,
        ended_at   timestamptz,
        results    jsonb, -- once it is over
        revision   integer NOT NULL
      )`);
    await db.query('CREATE INDEX broadcasts_of_bot ON broadcasts (bot_id, id)');
    await db.query(
      `CREATE INDEX broadcasts_at_work ON broadcasts (state) WHERE state IN ('scheduled', 'running') OR (results IS NULL AND ended_at IS NOT NULL)`,
    );
    await db.query(`
      CREATE TABLE broadcast_recipients (
        broadcast_id uuid NOT NULL REFERENCES broadcasts ON DELETE CASCADE,
        user_id      uuid NOT NULL,
        state        text NOT NULL CHECK (state IN ('waiting', 'queued', 'sent', 'failed', 'skipped')),
        reason       text,
        due_at       timestamptz NOT NULL,
        cause_id     uuid, -- of the delivery
        PRIMARY KEY (broadcast_id, user_id)
      )`);
    await personalTable(db, 'broadcast_recipients');
    await db.query('CREATE INDEX broadcast_recipients_of_person ON broadcast_recipients (user_id)');
    await db.query(
      `CREATE INDEX broadcast_recipients_due ON broadcast_recipients (broadcast_id, due_at, user_id) WHERE state = 'waiting'`,
    );
    await db.query(
      `CREATE INDEX broadcast_recipients_queued ON broadcast_recipients (broadcast_id) WHERE state = 'queued'`,
    );
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE broadcast_recipients, broadcasts');
    await db.query('ALTER TABLE deliveries DROP COLUMN bulk');
    await db.query(
      'ALTER TABLE contacts DROP COLUMN news, DROP COLUMN quiet_from, DROP COLUMN quiet_to, DROP COLUMN time_zone, DROP COLUMN start_hashes',
    );
  }
}
