import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What currencies are worth, for reports that add them up. */
export class CreateRates1764101000000 implements MigrationInterface {
  readonly name = 'CreateRates1764101000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE rates (
        currency     text NOT NULL,
        valid_from   date NOT NULL,
        usd_per_unit double precision NOT NULL CHECK (usd_per_unit > 0),
        exponent     integer NOT NULL CHECK (exponent BETWEEN 0 AND 4),
        source       text NOT NULL,
        PRIMARY KEY (currency, valid_from)
      )`);
    await db.query(`INSERT INTO rates VALUES ('USD', '2000-01-01', 1, 2, 'Rates are in dollars.')`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE rates');
  }
}
