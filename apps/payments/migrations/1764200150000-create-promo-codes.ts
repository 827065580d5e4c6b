import { grantToPersons, personalTable } from '@switchboard/service-kit';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Words that make things cheaper, and who has used them. */
export class CreatePromoCodes1764200150000 implements MigrationInterface {
  readonly name = 'CreatePromoCodes1764200150000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE promo_codes (
        id             uuid PRIMARY KEY,
        bot_id         text NOT NULL,
        code           text NOT NULL,
        kind           text NOT NULL CHECK (kind IN ('percent', 'fixed', 'days')),
        percent        integer CHECK (percent BETWEEN 1 AND 100),
        amounts        jsonb,
        days           integer CHECK (days > 0),
        plan_ids       uuid[],
        max_uses       integer CHECK (max_uses > 0),
        max_per_person integer NOT NULL DEFAULT 1 CHECK (max_per_person > 0),
        first_only     boolean NOT NULL DEFAULT false,
        uses           integer NOT NULL DEFAULT 0 CHECK (uses >= 0),
        valid_from     timestamptz NOT NULL,
        valid_until    timestamptz,
        revision       integer NOT NULL,
        created_at     timestamptz NOT NULL,
        ended_at       timestamptz,
        CHECK ((kind = 'percent') = (percent IS NOT NULL)),
        CHECK ((kind = 'fixed') = (amounts IS NOT NULL)),
        CHECK ((kind = 'days') = (days IS NOT NULL)),
        CHECK (uses <= coalesce(max_uses, uses))
      )`);
    await grantToPersons(db, 'SELECT ON promo_codes');
    await db.query(
      'CREATE UNIQUE INDEX promo_codes_by_code ON promo_codes (bot_id, lower(code)) WHERE ended_at IS NULL',
    );
    await db.query(`
      CREATE TABLE promo_redemptions (
        order_id uuid PRIMARY KEY,
        code_id  uuid NOT NULL REFERENCES promo_codes,
        user_id  uuid NOT NULL,
        state    text NOT NULL CHECK (state IN ('reserved', 'used', 'released')),
        at       timestamptz NOT NULL
      )`);
    await personalTable(db, 'promo_redemptions');
    await db.query('CREATE INDEX promo_redemptions_of_person ON promo_redemptions (user_id, code_id)');
    await db.query('CREATE INDEX promo_redemptions_of_code ON promo_redemptions (code_id, at)');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE promo_redemptions, promo_codes');
  }
}
