import type { MigrationInterface, QueryRunner } from 'typeorm';

const CHANGES = {
  insert: 'SELECT server_id, 1 AS n FROM came WHERE occupies',
  update: `SELECT server_id, 1 AS n FROM came WHERE occupies UNION ALL SELECT server_id, -1 FROM went WHERE occupies`,
  delete: 'SELECT server_id, -1 AS n FROM went WHERE occupies',
};
const TABLES = {
  insert: 'NEW TABLE AS came',
  update: 'OLD TABLE AS went NEW TABLE AS came',
  delete: 'OLD TABLE AS went',
};

/**
 * Whoever is placed needs to know how many each server has, and a million keys are not counted for each. Kept by triggers, so that it is
 * right whoever changes keys; in a table of its own, because whoever changes a server does not wait for them.
 */
export class CountPeopleOfServers1764510200000 implements MigrationInterface {
  readonly name = 'CountPeopleOfServers1764510200000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE server_people (
        server_id uuid PRIMARY KEY REFERENCES servers ON DELETE CASCADE,
        people    integer NOT NULL
      )`);
    await db.query(`
      CREATE FUNCTION begin_server_people() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        INSERT INTO server_people (server_id, people) VALUES (NEW.id, 0);
        RETURN NULL;
      END $$`);
    await db.query(
      'CREATE TRIGGER begin_people AFTER INSERT ON servers FOR EACH ROW EXECUTE FUNCTION begin_server_people()',
    );
    for (const on of ['insert', 'update', 'delete'] as const) {
      // In one order: two that change the same servers wait for each other, and not both.
      await db.query(`
        CREATE FUNCTION count_server_people_on_${on}() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE one record;
        BEGIN
          FOR one IN SELECT server_id, sum(n)::int AS n FROM (${CHANGES[on]}) c GROUP BY 1 HAVING sum(n) <> 0 ORDER BY 1 LOOP
            UPDATE server_people SET people = people + one.n WHERE server_id = one.server_id;
          END LOOP;
          RETURN NULL;
        END $$`);
      await db.query(`
        CREATE TRIGGER count_people_on_${on} AFTER ${on.toUpperCase()} ON access_keys REFERENCING ${TABLES[on]}
        FOR EACH STATEMENT EXECUTE FUNCTION count_server_people_on_${on}()`);
    }
    await db.query(`
      INSERT INTO server_people (server_id, people)
      SELECT s.id, count(k.id) FROM servers s LEFT JOIN access_keys k ON k.server_id = s.id AND k.occupies GROUP BY 1`);
  }

  async down(db: QueryRunner): Promise<void> {
    for (const on of ['insert', 'update', 'delete']) {
      await db.query(`DROP TRIGGER count_people_on_${on} ON access_keys`);
      await db.query(`DROP FUNCTION count_server_people_on_${on}`);
    }
    await db.query('DROP TRIGGER begin_people ON servers');
    await db.query('DROP FUNCTION begin_server_people');
    await db.query('DROP TABLE server_people');
  }
}
