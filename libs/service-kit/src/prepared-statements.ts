import { databaseSocket } from '@switchboard/bus';
import { LRUCache } from 'lru-cache';
import { Client, type ClientConfig, type QueryConfig, type QueryResult } from 'pg';

/** A statement is prepared when it is asked this often: lists of different lengths make texts that are asked once. */
const OFTEN = 10;
/** Each connection keeps a plan of each for good. */
const MOST_PREPARED = 300;
const REMEMBERED_TEXTS = 1000;
/** A table was changed beneath a plan, by the migrations of a newer version that runs beside this one. */
const PLAN_OUT_OF_DATE = '0A000';

type Ask = (config: string | QueryConfig, ...rest: unknown[]) => Promise<QueryResult>;

/** Names under which statements are prepared; of the whole process, because its connections ask the same. */
class StatementNames {
  private readonly texts = new LRUCache<string, { asked: number; name?: string | undefined }>({
    max: REMEMBERED_TEXTS,
  });
  private given = 0;

  /** Undefined as long as it is not worth it. */
  get(text: string): string | undefined {
    const known = this.texts.get(text) ?? { asked: 0 };
    known.asked++;
    if (!known.name && known.asked >= OFTEN && this.given < MOST_PREPARED) known.name = `s${++this.given}`;
    this.texts.set(text, known);
    return known.name;
  }

  forget(text: string): void {
    this.texts.delete(text);
  }
}

const names = new StatementNames();

/** Whether the server still works on what a connection asked; by another connection, and it does not if that gets no answer. */
async function isWorking(config: ClientConfig, processId: number | null): Promise<boolean> {
  const deadline = { connectionTimeoutMillis: 5000, query_timeout: 5000 };
  const other = new Client({ ...config, ...deadline, stream: () => databaseSocket() });
  other.on('error', () => undefined);
  try {
    await other.connect();
    const text = `SELECT FROM pg_stat_activity WHERE pid = $1 AND state = 'active'`;
    return (await other.query(text, [processId])).rowCount === 1;
  } finally {
    await other.end().catch(() => undefined);
  }
}

/** Of the server; known once the connection stands. */
const processIdOf = (client: Client) => (client as unknown as { processID: number | null }).processID;

export interface PreparingClientConfig extends ClientConfig {
  /** Of a connection that waits for an answer, after which the server is asked whether it still works; 75 s when absent. */
  readonly silenceMs?: number;
}

/**
 * A connection that has Postgres plan once what it is asked again and again: planning was a third of what a statement takes.
 * Only for `query(text, values)`, as TypeORM asks. It ends when the network has forgotten it, but not during a long statement.
 */
export class PreparingClient extends Client {
  constructor({ silenceMs, ...config }: PreparingClientConfig = {}) {
    const asked = async () => isWorking(config, processIdOf(this));
    super({ ...config, stream: () => databaseSocket({ silenceMs, isWorking: asked }) });
    const ask = this.query.bind(this) as Ask;
    const prepared: Ask = (text, values, ...rest) => {
      const isPlain = typeof text === 'string' && Array.isArray(values) && values.length > 0 && rest.length === 0;
      const name = isPlain ? names.get(text) : undefined;
      if (!isPlain || name === undefined) return ask(text, values, ...rest);
      return ask({ name, text, values }).catch((error: unknown) => {
        // This time it fails as by any other passing failure; the next time it is planned anew.
        if ((error as { code?: unknown }).code === PLAN_OUT_OF_DATE) names.forget(text);
        throw error;
      });
    };
    this.query = prepared as typeof this.query;
  }
}
