import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Of some charges that were booked before it was not kept that Telegram goes on charging: its lists are read once more. */
export class ReadStarListsAnew1764351000000 implements MigrationInterface {
  readonly name = 'ReadStarListsAnew1764351000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query('DELETE FROM star_lists');
  }

  async down(): Promise<void> {
    // They are read from a later time than before, which loses nothing.
  }
}
