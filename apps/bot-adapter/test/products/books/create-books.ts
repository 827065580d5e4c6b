import { personalTable } from '@switchboard/service-kit';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** `npm run migration -- bot-adapter create-books` begins such a file in the service's folder of migrations. */
export class CreateBooks1764200000000 implements MigrationInterface {
  readonly name = 'CreateBooks1764200000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE books (
        id      uuid PRIMARY KEY,
        chat_id uuid NOT NULL,
        user_id uuid NOT NULL,
        title   text NOT NULL, -- encrypted
        year    integer NOT NULL
      );
      CREATE INDEX books_chat ON books (chat_id, id);
      CREATE INDEX books_user ON books (user_id);
    `);
    await personalTable(runner, 'books');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE books');
  }
}
