import { personalTable } from '@switchboard/service-kit';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who is outside of the channel that a bot asks for, whatever they have; and what rests because its person wants it to. */
export class KeepMemberships1764330100000 implements MigrationInterface {
  readonly name = 'KeepMemberships1764330100000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE memberships (
        user_id    uuid NOT NULL,
        bot_id     text NOT NULL,
        is_member  boolean NOT NULL,
        changed_at timestamptz NOT NULL,
        PRIMARY KEY (user_id, bot_id)
      )`);
    await personalTable(db, 'memberships');
    await db.query(`
      INSERT INTO memberships (user_id, bot_id, is_member, changed_at)
      SELECT user_id, bot_id, false, min(paused_at) FROM subscriptions
      WHERE rests_for_channel AND status = 'paused' GROUP BY user_id, bot_id`);
    await db.query('ALTER TABLE subscriptions ADD COLUMN rests_for_person boolean NOT NULL DEFAULT false');
    await db.query(
      `UPDATE subscriptions SET rests_for_person = true WHERE status = 'paused' AND NOT rests_for_channel`,
    );
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('ALTER TABLE subscriptions DROP COLUMN rests_for_person');
    await db.query('DROP TABLE memberships');
  }
}
