import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateModelListings1764100300000 implements MigrationInterface {
  readonly name = 'CreateModelListings1764100300000';

  async up(runner: QueryRunner): Promise<void> {
    // What servers say of the models in use, so that every replica can show it.
    await runner.query(`
      CREATE TABLE model_listings (
        server text NOT NULL,
        model text NOT NULL,
        listed boolean NOT NULL,
        -- Null when the server does not say.
        shutdown_date date,
        checked_at timestamptz NOT NULL,
        PRIMARY KEY (server, model)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE model_listings');
  }
}
