import { personalTable } from '@switchboard/service-kit';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Money: entries in a partition for each month, what each person has, and what was booked already. */
export class CreateLedger1764200000000 implements MigrationInterface {
  readonly name = 'CreateLedger1764200000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE ledger_entries (
        id             uuid NOT NULL,
        transaction_id uuid NOT NULL,
        booked_at      timestamptz NOT NULL,
        key            text NOT NULL,
        reason         text NOT NULL,
        from_account   text NOT NULL,
        to_account     text NOT NULL,
        amount_minor   bigint NOT NULL CHECK (amount_minor > 0),
        currency       text NOT NULL,
        user_id        uuid,
        order_id       uuid,
        PRIMARY KEY (booked_at, id),
        CHECK (from_account <> to_account)
      ) PARTITION BY RANGE (booked_at)`);
    await personalTable(db, 'ledger_entries');
    await db.query(
      'CREATE INDEX ledger_entries_of_person ON ledger_entries (user_id, booked_at) WHERE user_id IS NOT NULL',
    );
    await db.query('CREATE INDEX ledger_entries_of_order ON ledger_entries (order_id) WHERE order_id IS NOT NULL');
    // A person who is erased becomes a tombstone; nothing else of an entry ever changes.
    await db.query(`
      CREATE FUNCTION refuse_change_of_entries() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF TG_OP = 'DELETE' OR (to_jsonb(NEW) - 'user_id') <> (to_jsonb(OLD) - 'user_id') THEN
          RAISE EXCEPTION 'entries of the ledger are neither changed nor deleted';
        END IF;
        RETURN NEW;
      END $$`);
    await db.query(`
      CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ledger_entries
        FOR EACH ROW EXECUTE FUNCTION refuse_change_of_entries()`);
    await db.query('CREATE TABLE ledger_keys (key text PRIMARY KEY, booked_at timestamptz NOT NULL)');
    await db.query(`
      CREATE TABLE balances (
        user_id      uuid NOT NULL,
        account      text NOT NULL,
        currency     text NOT NULL,
        amount_minor bigint NOT NULL CHECK (amount_minor >= 0),
        revision     integer NOT NULL,
        PRIMARY KEY (user_id, account, currency)
      )`);
    await personalTable(db, 'balances');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE balances, ledger_keys, ledger_entries');
    await db.query('DROP FUNCTION refuse_change_of_entries');
  }
}
