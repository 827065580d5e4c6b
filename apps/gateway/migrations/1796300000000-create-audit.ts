import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateAudit1796300000000 implements MigrationInterface {
  readonly name = 'CreateAudit1796300000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE audit_entries (
        stream        smallint NOT NULL CHECK (stream BETWEEN 0 AND 15),
        seq           bigint NOT NULL CHECK (seq > 0),
        at            timestamptz(3) NOT NULL,
        actor_kind    text NOT NULL,
        actor_id      text NOT NULL,
        actor         jsonb NOT NULL,
        on_behalf_of  jsonb,
        action        text NOT NULL,
        resource_type text NOT NULL,
        resource_id   text NOT NULL,
        bot           text,
        person        text,
        changes       jsonb,
        details       jsonb,
        reason        text,
        approval      text,
        request       text,
        result        text NOT NULL,
        prev_hash     bytea NOT NULL,
        hash          bytea NOT NULL,
        PRIMARY KEY (stream, seq)
      )`);
    await db.query('CREATE INDEX audit_entries_by_time ON audit_entries (at, stream, seq)');
    await db.query('CREATE INDEX audit_entries_of_actor ON audit_entries (actor_id, at)');
    await db.query('CREATE INDEX audit_entries_of_resource ON audit_entries (resource_id, at)');
    await db.query('CREATE INDEX audit_entries_of_person ON audit_entries (person, at) WHERE person IS NOT NULL');

    // One row each, changed with every entry: room in its page spares the index.
    await db.query(`
      CREATE TABLE audit_streams (
        stream   smallint PRIMARY KEY,
        seq      bigint NOT NULL,
        previous bytea NOT NULL,
        hash     bytea NOT NULL
      ) WITH (fillfactor = 10, autovacuum_vacuum_threshold = 1000)`);
    await db.query(`
      INSERT INTO audit_streams (stream, seq, previous, hash)
      SELECT stream, 0, decode(repeat('00', 32), 'hex'), decode(repeat('00', 32), 'hex') FROM generate_series(0, 15) AS stream`);

    // The texts before and behind the number are the entry as it is hashed: see audit-chain.ts.
    await db.query(`
      CREATE FUNCTION append_audit_entries(entries jsonb) RETURNS void LANGUAGE plpgsql AS $$
      DECLARE
        entry record;
        head audit_streams;
      BEGIN
        FOR entry IN SELECT * FROM jsonb_to_recordset(entries) AS given (
          stream smallint, before text, behind text, at timestamptz, actor_kind text, actor_id text, actor jsonb, on_behalf_of jsonb,
          action text, resource_type text, resource_id text, bot text, person text, changes jsonb, details jsonb, reason text,
          approval text, request text, result text)
        LOOP
          UPDATE audit_streams SET seq = seq + 1, previous = hash,
            hash = sha256(hash || convert_to(entry.before || (seq + 1) || entry.behind, 'UTF8'))
            WHERE stream = entry.stream RETURNING * INTO head;
          INSERT INTO audit_entries (stream, seq, at, actor_kind, actor_id, actor, on_behalf_of, action, resource_type, resource_id,
            bot, person, changes, details, reason, approval, request, result, prev_hash, hash)
          VALUES (head.stream, head.seq, entry.at, entry.actor_kind, entry.actor_id, entry.actor, entry.on_behalf_of, entry.action,
            entry.resource_type, entry.resource_id, entry.bot, entry.person, entry.changes, entry.details, entry.reason,
            entry.approval, entry.request, entry.result, head.previous, head.hash);
        END LOOP;
      END $$`);

    await db.query(`
      CREATE TABLE audit_roots (
        number    bigint PRIMARY KEY,
        at        timestamptz(3) NOT NULL,
        previous  bytea NOT NULL,
        root      bytea NOT NULL,
        key_id    text NOT NULL,
        signature bytea NOT NULL
      )`);
    await db.query(`
      CREATE TABLE audit_segments (
        root     bigint NOT NULL,
        stream   smallint NOT NULL,
        from_seq bigint NOT NULL,
        to_seq   bigint NOT NULL,
        hash     bytea NOT NULL,
        rows     bytea NOT NULL,
        PRIMARY KEY (stream, root),
        UNIQUE (stream, to_seq)
      )`);
    await db.query('CREATE INDEX audit_segments_of_root ON audit_segments (root)');
    // One row, since the first copy. Only where copies were made can they be missing.
    await db.query('CREATE TABLE audit_copies (begun boolean PRIMARY KEY CHECK (begun))');
    await db.query(`
      CREATE TABLE audit_verifications (
        id           uuid PRIMARY KEY,
        requested_at timestamptz NOT NULL,
        ended_at     timestamptz,
        entries      bigint NOT NULL DEFAULT 0,
        roots        bigint NOT NULL DEFAULT 0,
        found        integer NOT NULL DEFAULT 0,
        findings     jsonb NOT NULL DEFAULT '[]'
      )`);

    // What is written stays. The role owns its tables, so it could take these rights back: that is what the signed roots are for.
    await db.query(`
      CREATE FUNCTION keep_audit_log() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF TG_OP = 'DELETE' AND TG_TABLE_NAME = 'audit_entries' THEN
          IF OLD.at < now() - make_interval(years => (CASE WHEN OLD.stream < 8 THEN 2 ELSE 7 END)) THEN RETURN OLD; END IF;
        END IF;
        RAISE EXCEPTION 'the audit log is never changed' USING ERRCODE = 'insufficient_privilege';
      END $$`);
    for (const table of ['audit_entries', 'audit_roots', 'audit_segments', 'audit_copies']) {
      await db.query(
        `CREATE TRIGGER keep_${table} BEFORE UPDATE OR DELETE ON ${table} FOR EACH ROW EXECUTE FUNCTION keep_audit_log()`,
      );
      await db.query(`CREATE TRIGGER keep_all_${table} BEFORE TRUNCATE ON ${table} EXECUTE FUNCTION keep_audit_log()`);
      await db.query(`REVOKE UPDATE, DELETE, TRUNCATE ON ${table} FROM CURRENT_USER`);
    }
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(
      'DROP TABLE audit_verifications, audit_copies, audit_segments, audit_roots, audit_streams, audit_entries',
    );
    await db.query('DROP FUNCTION append_audit_entries, keep_audit_log');
  }
}
