import { personalTable } from '@switchboard/service-kit';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Conversations that staff answer out of their group. */
export class CreateStaffGroup1764631000000 implements MigrationInterface {
  readonly name = 'CreateStaffGroup1764631000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE staff_group_tickets (
        ticket_id uuid PRIMARY KEY,
        user_id uuid NOT NULL,
        brand_id text NOT NULL,
        bot_id text NOT NULL, -- in whose chat the person wrote last
        assignee uuid, -- who has it in the console
        closed_at timestamptz
      )`);
    await personalTable(db, 'staff_group_tickets');
    await db.query(
      'CREATE INDEX staff_group_tickets_open ON staff_group_tickets (user_id, brand_id) WHERE closed_at IS NULL',
    );
    await db.query('CREATE INDEX staff_group_tickets_closed ON staff_group_tickets (closed_at)');
    await db.query(`
      CREATE TABLE staff_group_posts (
        cause_id uuid PRIMARY KEY, -- of the message in the group
        ticket_id uuid NOT NULL REFERENCES staff_group_tickets ON DELETE CASCADE,
        user_id uuid NOT NULL,
        posted_at timestamptz NOT NULL
      )`);
    await personalTable(db, 'staff_group_posts');
    await db.query('CREATE INDEX staff_group_posts_of_ticket ON staff_group_posts (ticket_id)');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE staff_group_posts, staff_group_tickets');
  }
}
