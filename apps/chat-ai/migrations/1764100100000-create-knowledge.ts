import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateKnowledge1764100100000 implements MigrationInterface {
  readonly name = 'CreateKnowledge1764100100000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE knowledge_bases (
        bot_id text PRIMARY KEY,
        passages integer NOT NULL,
        tokens integer NOT NULL,
        synonyms text NOT NULL,
        loaded_at timestamptz NOT NULL,
        version text, -- of the folder's files; absent when one of them is still to be read, or there is no folder
        seen_at timestamptz -- when a process last saw these files; absent without a folder
      )`);
    // What staff have added: files, pages, questions with answers. What was read of each is a document below.
    await runner.query(`
      CREATE TABLE knowledge_entries (
        id uuid PRIMARY KEY,
        bot_id text NOT NULL,
        origin text NOT NULL CHECK (origin IN ('file', 'page', 'faq')),
        state text NOT NULL CHECK (state IN ('receiving', 'waiting', 'settled')),
        source text NOT NULL,
        title text, -- that staff gave it
        text text, -- Markdown that was read of a file or a page
        problem text,
        notes text[] NOT NULL DEFAULT '{}',
        indexed_as text, -- differs when the passages are to be made anew
        storage_key text, -- of a file
        bytes bigint,
        content_type text,
        content_hash bytea,
        every_hours integer, -- of a page
        etag text,
        last_modified text,
        read_at timestamptz,
        next_read_at timestamptz,
        texts jsonb, -- of a question: each language
        created_at timestamptz NOT NULL,
        changed_at timestamptz NOT NULL,
        changed_by text NOT NULL,
        deleted_at timestamptz,
        revision integer NOT NULL
      )`);
    await runner.query('CREATE INDEX knowledge_entries_of_bot ON knowledge_entries (bot_id, id)');
    await runner.query(
      `CREATE UNIQUE INDEX knowledge_pages_once ON knowledge_entries (bot_id, source)
       WHERE origin = 'page' AND deleted_at IS NULL`,
    );
    await runner.query(
      'CREATE INDEX knowledge_pages_due ON knowledge_entries (next_read_at) WHERE next_read_at IS NOT NULL',
    );
    await runner.query(`
      CREATE TABLE knowledge_documents (
        id uuid PRIMARY KEY,
        bot_id text NOT NULL,
        entry_id uuid REFERENCES knowledge_entries ON DELETE CASCADE, -- absent of a file of the folder
        source text NOT NULL,
        title text NOT NULL,
        locale text NOT NULL,
        hash text NOT NULL,
        problem text,
        notes text[] NOT NULL,
        loaded_at timestamptz NOT NULL
      )`);
    await runner.query(
      'CREATE UNIQUE INDEX knowledge_files_of_folder ON knowledge_documents (bot_id, source) WHERE entry_id IS NULL',
    );
    await runner.query('CREATE UNIQUE INDEX knowledge_documents_of_entry ON knowledge_documents (entry_id, locale)');
    await runner.query('CREATE INDEX knowledge_documents_of_bot ON knowledge_documents (bot_id)');
    await runner.query(`
      CREATE TABLE knowledge_chunks (
        id uuid PRIMARY KEY,
        document_id uuid NOT NULL REFERENCES knowledge_documents ON DELETE CASCADE,
        bot_id text NOT NULL,
        position integer NOT NULL,
        heading text NOT NULL,
        text text NOT NULL,
        suspicious boolean NOT NULL,
        tokens integer NOT NULL,
        content_hash bytea NOT NULL
      )`);
    await runner.query('CREATE INDEX knowledge_chunks_of_document ON knowledge_chunks (document_id)');
    await runner.query('CREATE INDEX knowledge_chunks_of_bot ON knowledge_chunks (bot_id, content_hash)');
    // The words of each passage. Everything begins with the bot, so that one bot's search never reads another's rows.
    await runner.query(`
      CREATE TABLE knowledge_terms (
        bot_id text NOT NULL,
        term text NOT NULL,
        chunk_id uuid NOT NULL REFERENCES knowledge_chunks ON DELETE CASCADE,
        weight real NOT NULL,
        PRIMARY KEY (bot_id, term, chunk_id) INCLUDE (weight)
      )`);
    await runner.query('CREATE INDEX knowledge_terms_of_chunk ON knowledge_terms (chunk_id)');
    // Runs of three letters of each word there is: finds what a misspelt word may mean without an extension.
    await runner.query(`
      CREATE TABLE knowledge_grams (
        bot_id text NOT NULL,
        gram text NOT NULL,
        term text NOT NULL,
        PRIMARY KEY (bot_id, gram, term)
      )`);
    // By the text's hash and not by the passage: a file that changes in one place keeps the vectors of the others.
    await runner.query(`
      CREATE TABLE knowledge_vectors (
        bot_id text NOT NULL,
        content_hash bytea NOT NULL,
        model text NOT NULL,
        signs bit varying NOT NULL,
        vector real[] NOT NULL,
        PRIMARY KEY (bot_id, model, content_hash)
      )`);
    // Numbers that look random do not compress; trying to costs more than it saves.
    await runner.query('ALTER TABLE knowledge_vectors ALTER COLUMN vector SET STORAGE EXTERNAL');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      `DROP TABLE knowledge_vectors, knowledge_grams, knowledge_terms, knowledge_chunks, knowledge_documents,
         knowledge_entries, knowledge_bases`,
    );
  }
}
