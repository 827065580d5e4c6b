import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Subscriptions that rest because their person has left the channel that the bot asks for. */
export class RestForChannel1764310000000 implements MigrationInterface {
  readonly name = 'RestForChannel1764310000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      ALTER TABLE subscriptions
        ADD COLUMN rests_for_channel boolean NOT NULL DEFAULT false,
        ADD COLUMN rests_as_trial    boolean NOT NULL DEFAULT false`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('ALTER TABLE subscriptions DROP COLUMN rests_as_trial, DROP COLUMN rests_for_channel');
  }
}
