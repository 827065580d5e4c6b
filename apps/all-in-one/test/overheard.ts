import { connect } from 'amqplib';
import { Client } from 'pg';

/** Everything that was written or said since it began, whatever was deleted afterwards. */
export interface Overheard {
  /** `bot_adapter.outbox`, or `broker events`: where a word stood, each place once, in order. */
  placesOf(word: string): Promise<string[]>;
  /** Where a word stands now, each table once, in order. */
  placesNow(word: string): Promise<string[]>;
  /** Every place where anything was written. */
  places(): Promise<string[]>;
  stop(): Promise<void>;
}

/**
 * Listens to every table of the database and, where there is a broker, to everything that goes through it.
 * @param databaseUrl of an administrator, who sees all schemas
 */
export async function overhear(databaseUrl: string, amqpUrl: string | undefined): Promise<Overheard> {
  const admin = new Client({ connectionString: databaseUrl });
  await admin.connect();
  await recordTables(admin);
  const messages: { place: string; body: string }[] = [];
  const hangUp = amqpUrl ? await listenToBroker(amqpUrl, (place, body) => messages.push({ place, body })) : undefined;
  const distinct = (found: string[]) => [...new Set(found)].sort();
  return {
    async placesOf(word) {
      const { rows } = await admin.query<{ place: string }>(
        'SELECT DISTINCT place FROM overheard.rows WHERE row ILIKE $1',
        [`%${word}%`],
      );
      const said = messages.filter(({ body }) => body.toLowerCase().includes(word.toLowerCase()));
      return distinct([...rows, ...said].map(({ place }) => place));
    },
    async placesNow(word) {
      const found = [];
      for (const name of await tablesOf(admin)) {
        const { rowCount } = await admin.query(`SELECT FROM ${name} row WHERE to_jsonb(row)::text ILIKE $1 LIMIT 1`, [
          `%${word}%`,
        ]);
        if (rowCount) found.push(name);
      }
      return found;
    },
    async places() {
      const { rows } = await admin.query<{ place: string }>('SELECT DISTINCT place FROM overheard.rows');
      return distinct([...rows, ...messages].map(({ place }) => place));
    },
    async stop() {
      await hangUp?.();
      await admin.end();
    },
  };
}

/** A trigger on each table notes what is written, so that nothing escapes that is deleted a moment later. */
async function recordTables(admin: Client): Promise<void> {
  await admin.query(`
    CREATE SCHEMA overheard;
    CREATE TABLE overheard.rows (place text, row text);
    CREATE FUNCTION overheard.note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
      INSERT INTO overheard.rows VALUES (TG_TABLE_SCHEMA || '.' || TG_TABLE_NAME, to_jsonb(NEW)::text);
      RETURN NULL;
    END $$`);
  for (const name of await tablesOf(admin)) {
    await admin.query(
      `CREATE TRIGGER overheard AFTER INSERT OR UPDATE ON ${name} FOR EACH ROW EXECUTE FUNCTION overheard.note()`,
    );
  }
}

async function tablesOf(admin: Client): Promise<string[]> {
  const { rows } = await admin.query<{ name: string }>(
    `SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname NOT IN ('overheard', 'information_schema')
       AND NOT starts_with(n.nspname, 'pg_') ORDER BY 1`,
  );
  return rows.map(({ name }) => name);
}

async function listenToBroker(url: string, hear: (place: string, body: string) => void): Promise<() => Promise<void>> {
  const connection = await connect(url);
  const channel = await connection.createChannel();
  for (const exchange of ['events', 'signals']) {
    const { queue } = await channel.assertQueue('', { exclusive: true, autoDelete: true, durable: false });
    await channel.bindQueue(queue, exchange, '#');
    await channel.consume(queue, (message) => message && hear(`broker ${exchange}`, message.content.toString()), {
      noAck: true,
    });
  }
  return () => connection.close();
}
