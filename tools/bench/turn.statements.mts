import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';

/** Statements by who made them, as the services name their connections: `chat-ai`, `relay chat_ai`, `chat_ai jobs`. */
export type Statements = Record<string, number>;

/** Each execution of a statement is one line; its other lines have no such beginning. */
const STATEMENT = /^([^|\n]*)\|LOG: {2}(?:statement|execute [^:]*): /gm;

/** Counts the statements that an installation makes, by the log of its database. */
export class StatementLog {
  private readonly admin: Client;
  private readonly file: string;
  private from = 0;

  private constructor(admin: Client, file: string) {
    this.admin = admin;
    this.file = file;
  }

  static async of(stateDir: string): Promise<StatementLog> {
    const dataDir = join(stateDir, 'postgres');
    const admin = new Client({
      host: '127.0.0.1',
      port: Number(readFileSync(join(dataDir, 'port'), 'utf8')),
      user: 'switchboard',
      password: readFileSync(join(dataDir, 'password'), 'utf8'),
      database: 'postgres',
      application_name: 'statement log',
    });
    await admin.connect();
    return new StatementLog(admin, join(dataDir, 'postgres.log'));
  }

  async begin(): Promise<void> {
    await this.admin.query(`ALTER SYSTEM SET log_line_prefix = '%a|'`);
    await this.setLogging('all');
    this.from = statSync(this.file).size;
  }

  /** Ends the count. */
  async end(): Promise<Statements> {
    await this.setLogging('none');
    const to = statSync(this.file).size;
    const text = Buffer.alloc(to - this.from);
    const descriptor = openSync(this.file, 'r');
    readSync(descriptor, text, 0, text.length, this.from);
    closeSync(descriptor);
    const counts: Statements = {};
    for (const [, name] of text.toString('utf8').matchAll(STATEMENT)) {
      if (name !== 'statement log') counts[name!] = (counts[name!] ?? 0) + 1;
    }
    return counts;
  }

  async close(): Promise<void> {
    await this.admin.end();
  }

  private async setLogging(what: 'all' | 'none'): Promise<void> {
    await this.admin.query(`ALTER SYSTEM SET log_statement = '${what}'`);
    await this.admin.query('SELECT pg_reload_conf()');
    // Servers of connections read the setting before their next statement; the new one must have arrived at ours by then.
    for (let is = ''; is !== what;) {
      const { rows } = await this.admin.query<{ log_statement: string }>('SHOW log_statement');
      is = rows[0]!.log_statement;
    }
  }
}

/** Of one turn, without those that are made when nobody asks anything. */
export function statementsPerTurn(
  counted: Statements,
  turns: { count: number; seconds: number },
  idle: { counted: Statements; seconds: number },
): Statements {
  const names = Object.keys(counted).sort();
  return Object.fromEntries(
    names.map((name) => {
      const standing = ((idle.counted[name] ?? 0) / idle.seconds) * turns.seconds;
      return [name, Math.round(((counted[name]! - standing) / turns.count) * 10) / 10];
    }),
  );
}
