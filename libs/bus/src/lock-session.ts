import { setTimeout as sleep } from 'node:timers/promises';
import { Socket } from 'node:net';
import { Client, type ClientConfig, type QueryConfig, type QueryResultRow } from 'pg';

/** The server ends a session that has said nothing for so long, and with it its locks. */
const SILENCE_MS = 8000;
const HEARTBEAT_MS = 2000;
/** Together with the pause before it less than the silence: who has lost a lock knows it before another gets it. */
const ANSWER_WITHIN_MS = 5000;
const CONNECT_WITHIN_MS = 5000;
const FAREWELL_MS = 1000;

/**
 * A connection that holds advisory locks for as long as its process lives and can be heard. A session ends by itself only when its
 * server notices that nobody is there: for a frozen process never, for a dead host or a network that drops packets after hours
 * (TCP keepalive). So the session says something every two seconds, and the server is told to end it when it does not.
 */
export class LockSession {
  private readonly gone = new AbortController();
  private heartbeats: NodeJS.Timeout | undefined;
  private inFlight = 0;
  private last: Promise<unknown> = Promise.resolve();
  /** When the last query was sent that was answered: then, or later, the server heard of us. */
  private heardAt = performance.now();

  private constructor(
    readonly client: Client,
    private readonly socket: Socket,
    private readonly answerWithinMs: number,
  ) {}

  /**
   * @param name tells in `pg_stat_activity` what the session is for
   * @param answerWithinMs what takes longer counts as lost; with more than the default, two may for seconds think that they hold a lock
   */
  static async open(
    connection: ClientConfig,
    name: string,
    { answerWithinMs = ANSWER_WITHIN_MS } = {},
  ): Promise<LockSession> {
    const socket = new Socket();
    const client = new Client({
      ...connection,
      application_name: name,
      connectionTimeoutMillis: CONNECT_WITHIN_MS,
      stream: () => socket,
    });
    const session = new LockSession(client, socket, answerWithinMs);
    // A server that dies may report more than one error, and one that nobody hears would end the process.
    client.on('error', (error) => session.lose(error));
    client.on('end', () => session.lose(new Error('the session has ended')));
    try {
      await client.connect();
      await session.query(`SET idle_session_timeout = ${SILENCE_MS}`);
      // A session that is sending is not idle, and would wait for the receiver.
      await session.query(`SET tcp_user_timeout = ${SILENCE_MS}`);
    } catch (error) {
      await session.close();
      throw error;
    }
    session.heartbeats = setInterval(() => session.beat(), HEARTBEAT_MS);
    session.heartbeats.unref();
    return session;
  }

  /** Aborted when the connection, and so every lock, is lost; its reason says how. */
  get lost(): AbortSignal {
    return this.gone.signal;
  }

  /** False from the moment on at which the server may have given the locks away, also in a process that was frozen until now. */
  get isAlive(): boolean {
    return !this.gone.signal.aborted && performance.now() - this.heardAt < SILENCE_MS;
  }

  /** One after the other, as they are asked for. */
  query<Row extends QueryResultRow>(config: QueryConfig | string): Promise<Row[]> {
    this.inFlight++;
    const rows = this.last.then(() => this.send<Row>(config)).finally(() => this.inFlight--);
    this.last = rows.catch(() => undefined);
    return rows;
  }

  private async send<Row extends QueryResultRow>(config: QueryConfig | string): Promise<Row[]> {
    const sentAt = performance.now();
    // Its socket is destroyed, and with that the query fails.
    const unheard = setTimeout(() => this.lose(new Error('the database does not answer')), this.answerWithinMs);
    try {
      const { rows } = await this.client.query<Row>(config);
      this.heardAt = sentAt;
      return rows;
    } finally {
      clearTimeout(unheard);
    }
  }

  async close(): Promise<void> {
    clearInterval(this.heartbeats);
    // The farewell of a forgotten connection is never answered.
    const farewell = this.client.end().catch(() => undefined);
    await Promise.race([farewell, sleep(FAREWELL_MS, undefined, { ref: false })]);
    this.lose(new Error('the session was closed'));
  }

  /** A query that runs keeps the session alive as well. */
  private beat(): void {
    if (this.inFlight === 0) this.query('SELECT 1').catch((error: Error) => this.lose(error));
  }

  private lose(reason: Error): void {
    clearInterval(this.heartbeats);
    this.gone.abort(reason);
    this.socket.destroy();
  }
}
