import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Whose access is to rest, and what payments knows of it: neither is lost when the channel cannot be asked. */
export class TimeMembers1764353000000 implements MigrationInterface {
  readonly name = 'TimeMembers1764353000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query('ALTER TABLE shop_members ADD COLUMN rests_at timestamptz, ADD COLUMN told_at timestamptz');
    await db.query(`CREATE INDEX shop_members_inside ON shop_members (bot_id, checked_at) WHERE is_member`);
    await db.query(
      `CREATE INDEX shop_members_outside ON shop_members (bot_id, checked_at) WHERE NOT is_member AND (rests OR rests_at IS NOT NULL)`,
    );
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP INDEX shop_members_outside, shop_members_inside');
    await db.query('ALTER TABLE shop_members DROP COLUMN told_at, DROP COLUMN rests_at');
  }
}
