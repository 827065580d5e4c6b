import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateKnowledge1764100100000 implements MigrationInterface {
  readonly name = 'CreateKnowledge1764100100000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE knowledge_documents (
        id uuid PRIMARY KEY,
        bot_id text NOT NULL,
        source text NOT NULL,
        title text NOT NULL,
        locale text NOT NULL,
        hash text NOT NULL,
        loaded_at timestamptz NOT NULL,
        UNIQUE (bot_id, source)
      )`);
    await runner.query(`
      CREATE TABLE knowledge_chunks (
        id uuid PRIMARY KEY,
        document_id uuid NOT NULL REFERENCES knowledge_documents ON DELETE CASCADE,
        bot_id text NOT NULL,
        position integer NOT NULL,
        heading text NOT NULL,
        text text NOT NULL,
        suspicious boolean NOT NULL,
        tsv tsvector NOT NULL
      )`);
    await runner.query('CREATE INDEX knowledge_chunks_words ON knowledge_chunks USING gin (tsv)');
    await runner.query('CREATE INDEX knowledge_chunks_of_document ON knowledge_chunks (document_id)');
    await runner.query('CREATE INDEX knowledge_chunks_of_bot ON knowledge_chunks (bot_id)');
    // Forgives typing errors. The service's role may not be allowed to add it, and then searches by words alone.
    await runner.query(`
      DO $$ BEGIN
        CREATE EXTENSION IF NOT EXISTS pg_trgm;
      EXCEPTION WHEN insufficient_privilege OR undefined_file OR feature_not_supported THEN NULL;
      END $$`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE knowledge_chunks, knowledge_documents');
  }
}
