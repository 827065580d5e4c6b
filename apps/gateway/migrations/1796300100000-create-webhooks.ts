import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateWebhooks1796300100000 implements MigrationInterface {
  readonly name = 'CreateWebhooks1796300100000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE webhook_endpoints (
        id              uuid PRIMARY KEY,
        url             text NOT NULL,
        description     text NOT NULL,
        types           text[] NOT NULL,
        bot_ids         text[],
        content         text NOT NULL CHECK (content IN ('thin', 'full')),
        ordered         boolean NOT NULL,
        state           text NOT NULL CHECK (state IN ('enabled', 'disabled')),
        disabled_reason text,
        disabled_at     timestamptz,
        owner_kind      text NOT NULL,
        owner_id        text NOT NULL,
        revision        integer NOT NULL,
        created_at      timestamptz NOT NULL,
        CHECK ((state = 'disabled') = (disabled_reason IS NOT NULL))
      )`);

    await db.query(`
      CREATE TABLE webhook_secrets (
        id          uuid PRIMARY KEY,
        endpoint_id uuid NOT NULL REFERENCES webhook_endpoints ON DELETE CASCADE,
        secret      text NOT NULL,
        created_at  timestamptz NOT NULL,
        expires_at  timestamptz
      )`);
    await db.query('CREATE INDEX webhook_secrets_of_endpoint ON webhook_secrets (endpoint_id)');

    // One row for each endpoint, changed with every request: apart from what people change, and with room in its page.
    await db.query(`
      CREATE TABLE webhook_health (
        endpoint_id     uuid PRIMARY KEY REFERENCES webhook_endpoints ON DELETE CASCADE,
        next_slot_at    timestamptz,
        not_before      timestamptz,
        failures        integer NOT NULL DEFAULT 0,
        failing_since   timestamptz,
        last_failure_at timestamptz,
        last_success_at timestamptz,
        told_hours      integer NOT NULL DEFAULT 0
      ) WITH (fillfactor = 50)`);

    await db.query(`
      CREATE TABLE webhook_sequences (
        endpoint_id uuid NOT NULL REFERENCES webhook_endpoints ON DELETE CASCADE,
        subject     text NOT NULL,
        last        bigint NOT NULL,
        last_at     timestamptz NOT NULL,
        PRIMARY KEY (endpoint_id, subject)
      )`);
    await db.query('CREATE INDEX webhook_sequences_of_subject ON webhook_sequences (subject)');
    await db.query('CREATE INDEX webhook_sequences_by_age ON webhook_sequences (last_at)');

    await db.query(`
      CREATE TABLE webhook_deliveries (
        id            uuid PRIMARY KEY,
        endpoint_id   uuid NOT NULL REFERENCES webhook_endpoints ON DELETE CASCADE,
        event_id      uuid,
        type          text NOT NULL,
        subject       text NOT NULL,
        sequence      bigint NOT NULL,
        body          text NOT NULL,
        user_ids      uuid[] NOT NULL,
        is_test       boolean NOT NULL DEFAULT false,
        is_replay     boolean NOT NULL DEFAULT false,
        is_behind     boolean NOT NULL DEFAULT false,
        state         text NOT NULL CHECK (state IN ('waiting', 'scheduled', 'sending', 'ended')),
        outcome       text CHECK (outcome IN ('delivered', 'failed', 'cancelled')),
        reason        text,
        retry_count   integer NOT NULL DEFAULT 0,
        attempt_count integer NOT NULL DEFAULT 0,
        due_at        timestamptz,
        sending_until timestamptz,
        created_at    timestamptz NOT NULL,
        ended_at      timestamptz,
        UNIQUE (endpoint_id, event_id),
        CHECK ((state = 'scheduled') = (due_at IS NOT NULL)),
        CHECK ((state = 'sending') = (sending_until IS NOT NULL)),
        CHECK (state <> 'ended' OR outcome IS NOT NULL),
        CHECK (state = 'waiting' OR NOT is_behind)
      )`);
    await db.query('CREATE INDEX webhook_deliveries_of_endpoint ON webhook_deliveries (endpoint_id, id)');
    await db.query(
      `CREATE INDEX webhook_deliveries_open ON webhook_deliveries (endpoint_id, state, id) WHERE state <> 'ended'`,
    );
    // What is sent next is its first entry, however many wait.
    await db.query(
      `CREATE INDEX webhook_deliveries_next ON webhook_deliveries (endpoint_id, is_replay, id) WHERE state = 'waiting' AND NOT is_behind`,
    );
    await db.query(
      `CREATE INDEX webhook_deliveries_open_of_subject ON webhook_deliveries (endpoint_id, subject, sequence) WHERE state <> 'ended'`,
    );
    await db.query(`CREATE INDEX webhook_deliveries_due ON webhook_deliveries (due_at) WHERE due_at IS NOT NULL`);
    await db.query(
      `CREATE INDEX webhook_deliveries_due_of_endpoint ON webhook_deliveries (endpoint_id, due_at) WHERE due_at IS NOT NULL`,
    );
    await db.query(
      `CREATE INDEX webhook_deliveries_of_users ON webhook_deliveries USING gin (user_ids) WHERE user_ids <> '{}'`,
    );

    await db.query(`
      CREATE TABLE webhook_attempts (
        delivery_id     uuid NOT NULL REFERENCES webhook_deliveries ON DELETE CASCADE,
        number          integer NOT NULL,
        at              timestamptz NOT NULL,
        duration_ms     integer NOT NULL,
        status          integer,
        error           text,
        request_headers jsonb NOT NULL,
        reply_headers   jsonb NOT NULL,
        reply           text,
        PRIMARY KEY (delivery_id, number)
      )`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(
      'DROP TABLE webhook_attempts, webhook_deliveries, webhook_sequences, webhook_health, webhook_secrets, webhook_endpoints',
    );
  }
}
