import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Tables of goods that staff read in: what each would change, and how far that was done. */
export class CreateGoodsImports1764620020000 implements MigrationInterface {
  readonly name = 'CreateGoodsImports1764620020000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE goods_imports (
        id           uuid PRIMARY KEY,
        brand_id     text NOT NULL,
        file_name    text NOT NULL,
        sets_stock   boolean NOT NULL,
        state        text NOT NULL CHECK (state IN ('checked', 'running', 'done', 'failed')),
        read         integer NOT NULL,
        made         integer NOT NULL,
        changed      integer NOT NULL,
        skipped_rows integer NOT NULL,
        skipped      jsonb NOT NULL,
        applied      integer NOT NULL DEFAULT 0, -- so many of the rows that are wanted are done
        by           text NOT NULL,
        at           timestamptz NOT NULL,
        finished_at  timestamptz,
        revision     integer NOT NULL
      )`);
    await db.query('CREATE INDEX goods_imports_by_time ON goods_imports (at)');
    await db.query(`
      CREATE TABLE goods_import_rows (
        import_id uuid NOT NULL REFERENCES goods_imports ON DELETE CASCADE,
        place     integer NOT NULL,
        wanted    jsonb NOT NULL,
        PRIMARY KEY (import_id, place)
      )`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE goods_import_rows, goods_imports');
  }
}
