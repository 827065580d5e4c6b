import type { MigrationInterface, QueryRunner } from 'typeorm';
import { grantToPersons, personalTable } from './row-security';

/** The keys with which a service encrypts what belongs to a person, each wrapped by a key of the installation. */
export class PersonKeys1764000000001 implements MigrationInterface {
  readonly name = 'PersonKeys1764000000001';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE person_keys (
        key_id      uuid PRIMARY KEY,
        user_id     uuid NOT NULL,
        wrapped_key text,
        created_at  timestamptz NOT NULL DEFAULT now(),
        erased_at   timestamptz,
        CHECK ((wrapped_key IS NULL) = (erased_at IS NOT NULL))
      )`);
    await db.query('CREATE INDEX person_keys_of_user ON person_keys (user_id, created_at)');
    await personalTable(db, 'person_keys');
    // What a person's transaction does is said as any other change.
    await grantToPersons(db, 'INSERT ON outbox');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE person_keys');
  }
}
