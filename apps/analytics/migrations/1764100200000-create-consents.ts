import { personalTable } from '@switchboard/service-kit';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who has allowed that what they do is kept with their id. */
export class CreateConsents1764100200000 implements MigrationInterface {
  readonly name = 'CreateConsents1764100200000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE consents (
        user_id    uuid PRIMARY KEY,
        given      boolean NOT NULL,
        version    text NOT NULL,
        source     text NOT NULL,
        decided_at timestamptz NOT NULL
      )`);
    await personalTable(db, 'consents');
    await db.query(`
      -- Of these people, those who consent; until the transaction ends none of them can take it back, or be erased.
      -- A function, because each of its statements sees what was committed before it began: whoever had to wait for the
      -- lock sees what its holder has decided.
      CREATE FUNCTION consenting(people uuid[]) RETURNS SETOF uuid LANGUAGE plpgsql AS $$
      BEGIN
        PERFORM pg_advisory_xact_lock_shared(hashtext(current_schema()), hashtext('consents'));
        RETURN QUERY SELECT user_id FROM unnest(people) AS asked (user_id) JOIN consents USING (user_id) WHERE given;
      END $$`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP FUNCTION consenting');
    await db.query('DROP TABLE consents');
  }
}
