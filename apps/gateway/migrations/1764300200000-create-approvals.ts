import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateApprovals1764300200000 implements MigrationInterface {
  readonly name = 'CreateApprovals1764300200000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE approvals (
        id           uuid PRIMARY KEY,
        requested_by uuid NOT NULL REFERENCES staff ON DELETE CASCADE,
        route        text NOT NULL,
        summary      text NOT NULL,
        permission   text NOT NULL,
        bot_id       text,
        user_id      uuid,
        method       text NOT NULL,
        path         text NOT NULL,
        hash         text NOT NULL,
        body         text NOT NULL, -- encrypted
        requested_at timestamptz NOT NULL,
        expires_at   timestamptz NOT NULL,
        state        text NOT NULL CHECK (state IN ('pending', 'approved', 'rejected', 'withdrawn', 'used')),
        decided_by   uuid REFERENCES staff ON DELETE SET NULL CHECK (decided_by <> requested_by),
        decided_at   timestamptz,
        comment      text,
        execution    text,
        used_at      timestamptz
      );
      CREATE INDEX approvals_of_requester ON approvals (requested_by, id);
      CREATE INDEX approvals_open ON approvals (requested_by, hash) WHERE state IN ('pending', 'approved');
      CREATE INDEX approvals_expired ON approvals (expires_at);
      CREATE INDEX approvals_of_person ON approvals (user_id) WHERE user_id IS NOT NULL;
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE approvals');
  }
}
