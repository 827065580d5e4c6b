import { grantToPersons, personalTable } from '@switchboard/service-kit';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Addresses that apps are given, the devices that have asked by them, and what has changed of what they answer. */
export class CreateLinks1764400000000 implements MigrationInterface {
  readonly name = 'CreateLinks1764400000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE links (
        id          uuid PRIMARY KEY,
        access_id   uuid NOT NULL REFERENCES accesses ON DELETE CASCADE,
        user_id     uuid NOT NULL,
        token_hash  text NOT NULL UNIQUE,
        token       text NOT NULL,
        replaces    boolean NOT NULL,
        created_at  timestamptz NOT NULL,
        valid_until timestamptz
      )`);
    await personalTable(db, 'links');
    await db.query('CREATE UNIQUE INDEX links_current ON links (access_id) WHERE valid_until IS NULL');
    await db.query('CREATE INDEX links_of_access ON links (access_id)');
    await db.query('CREATE INDEX links_of_person ON links (user_id)');
    await db.query('CREATE INDEX links_by_end ON links (valid_until) WHERE valid_until IS NOT NULL');
    await db.query(`
      CREATE TABLE devices (
        id            uuid PRIMARY KEY,
        access_id     uuid NOT NULL REFERENCES accesses ON DELETE CASCADE,
        user_id       uuid NOT NULL,
        identity      text NOT NULL,
        name          text NOT NULL,
        first_seen_at timestamptz NOT NULL,
        seen_at       timestamptz NOT NULL,
        UNIQUE (access_id, identity)
      )`);
    await personalTable(db, 'devices');
    await db.query('CREATE INDEX devices_of_person ON devices (user_id)');
    await db.query('CREATE INDEX devices_by_time ON devices (seen_at)');
    await db.query(`
      CREATE TABLE device_allowances (
        access_id   uuid PRIMARY KEY REFERENCES accesses ON DELETE CASCADE,
        user_id     uuid NOT NULL,
        refused_on  date,
        reset_month date,
        resets      integer NOT NULL DEFAULT 0
      )`);
    await personalTable(db, 'device_allowances');
    await db.query('CREATE INDEX device_allowances_of_person ON device_allowances (user_id)');
    await db.query(`
      CREATE TABLE link_networks (
        access_id uuid NOT NULL REFERENCES accesses ON DELETE CASCADE,
        user_id   uuid NOT NULL,
        day       date NOT NULL,
        network   text NOT NULL,
        PRIMARY KEY (day, access_id, network)
      )`);
    await personalTable(db, 'link_networks');
    await db.query('CREATE INDEX link_networks_of_person ON link_networks (user_id)');
    await this.changes(db);
  }

  /** Written by triggers, so that nobody who changes what an address answers has to think of those who keep the answer. */
  private async changes(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE link_changes (
        id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        xid        xid8 NOT NULL DEFAULT pg_current_xact_id(),
        access_id  uuid,
        server_id  uuid,
        changed_at timestamptz NOT NULL DEFAULT clock_timestamp()
      )`);
    await db.query('CREATE INDEX link_changes_by_transaction ON link_changes (xid)');
    await db.query('CREATE INDEX link_changes_by_time ON link_changes (changed_at)');
    await grantToPersons(db, 'INSERT ON link_changes');
    for (const whose of ['access', 'server']) {
      await db.query(`
        CREATE FUNCTION note_${whose}_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          INSERT INTO link_changes (${whose}_id)
          VALUES ((CASE WHEN TG_OP = 'DELETE' THEN to_jsonb(OLD) ELSE to_jsonb(NEW) END ->> TG_ARGV[0])::uuid);
          RETURN NULL;
        END $$`);
    }
    const note = (table: string, on: string, does: string, when = '') =>
      db.query(`CREATE TRIGGER note_change AFTER ${on} ON ${table} FOR EACH ROW ${when} EXECUTE FUNCTION ${does}`);
    const differ = (...columns: string[]) =>
      `WHEN (${columns.map((column) => `OLD.${column} IS DISTINCT FROM NEW.${column}`).join(' OR ')})`;
    const ofAccess = `note_access_change('access_id')`;
    await note('accesses', 'UPDATE', `note_access_change('id')`, differ('link_version'));
    await note('access_keys', 'UPDATE', ofAccess, differ('state', 'access_url'));
    await note('links', 'UPDATE OR DELETE', ofAccess);
    await note('devices', 'INSERT OR DELETE', ofAccess);
    await note('latencies', 'INSERT OR UPDATE', ofAccess);
    await note('servers', 'UPDATE', `note_server_change('id')`, differ('name', 'region', 'endpoints', 'state'));
    await note('server_health', 'UPDATE', `note_server_change('server_id')`, differ('state'));
  }

  async down(db: QueryRunner): Promise<void> {
    for (const table of ['accesses', 'access_keys', 'latencies', 'servers', 'server_health'])
      await db.query(`DROP TRIGGER note_change ON ${table}`);
    await db.query('DROP TABLE link_changes, link_networks, device_allowances, devices, links');
    await db.query('DROP FUNCTION note_access_change, note_server_change');
  }
}
