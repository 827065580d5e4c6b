import { personalTable } from '@switchboard/service-kit';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What people do not want to hear by e-mail. */
export class CreateMailSettings1764340000000 implements MigrationInterface {
  readonly name = 'CreateMailSettings1764340000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE mail_settings (
        user_id      uuid PRIMARY KEY,
        switched_off text[] NOT NULL DEFAULT '{}'
      )`);
    await personalTable(db, 'mail_settings');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE mail_settings');
  }
}
