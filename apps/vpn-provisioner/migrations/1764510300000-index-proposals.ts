import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Of lists that staff read by what is rare. */
export class IndexProposals1764510300000 implements MigrationInterface {
  readonly name = 'IndexProposals1764510300000';

  async up(db: QueryRunner): Promise<void> {
    await db.query('CREATE INDEX capacity_proposals_by_state ON capacity_proposals (state, made_at, id)');
    await db.query('CREATE INDEX capacity_proposals_of_region ON capacity_proposals (region, made_at, id)');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP INDEX capacity_proposals_of_region, capacity_proposals_by_state');
  }
}
