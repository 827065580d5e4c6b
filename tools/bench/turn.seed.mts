import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';

const SCHEMAS = ['bot_adapter', 'chat_ai', 'tts_worker'];
/** A table with one of these columns holds what belongs to a chat or a person; so do the others. */
const OF_SOMEBODY = ['chat_id', 'user_id', 'conversation_id'];
const ALSO_OF_SOMEBODY = ['chats', 'inbound_updates', 'budgets'];
/** What tells chats and people apart beside their UUIDs. */
const NAMES = ['id', 'external_hash', 'external_chat_hash', 'update_id', 'scope'];

interface Table {
  /** With its schema. */
  name: string;
  copy: string;
  columns: string[];
  isUuid: boolean[];
}

/**
 * Makes many chats out of few: everything that the services have kept of them is copied, with other ids. The copies are never
 * written to. They make the tables and indexes as large as so many chats do, in seconds instead of hours.
 */
export class ChatCopies {
  private readonly admin: Client;
  private tables: Table[] = [];

  private constructor(admin: Client) {
    this.admin = admin;
  }

  static async of(stateDir: string): Promise<ChatCopies> {
    const dataDir = join(stateDir, 'postgres');
    const admin = new Client({
      host: '127.0.0.1',
      port: Number(readFileSync(join(dataDir, 'port'), 'utf8')),
      user: 'switchboard',
      password: readFileSync(join(dataDir, 'password'), 'utf8'),
      database: 'postgres',
    });
    await admin.connect();
    return new ChatCopies(admin);
  }

  /** Keeps what there is of all chats now, as that of which copies are made later. */
  async take(): Promise<void> {
    const { rows } = await this.admin.query<{ name: string; copy: string; columns: string[]; is_uuid: boolean[] }>(
      `SELECT format('%I.%I', table_schema, table_name) AS name, format('bench_copies.%I', table_schema || '_' || table_name) AS copy,
         array_agg(quote_ident(column_name) ORDER BY ordinal_position) AS columns,
         array_agg(data_type = 'uuid' ORDER BY ordinal_position) AS is_uuid
       FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
       WHERE table_schema = ANY($1) AND table_type = 'BASE TABLE' AND is_identity = 'NO' AND is_generated = 'NEVER'
       GROUP BY table_schema, table_name
       HAVING table_name = ANY($2) OR bool_or(column_name = ANY($3))`,
      [SCHEMAS, ALSO_OF_SOMEBODY, OF_SOMEBODY],
    );
    this.tables = rows.map(({ is_uuid: isUuid, ...table }) => ({ ...table, isUuid }));
    await this.admin.query('CREATE SCHEMA bench_copies');
    for (const { name, copy } of this.tables) await this.admin.query(`CREATE TABLE ${copy} AS TABLE ${name}`);
  }

  /** Adds so many copies of each chat. */
  async add(times: number): Promise<void> {
    // References within the copies hold, because the same id becomes the same other one everywhere.
    await this.admin.query(`SET session_replication_role = 'replica'`);
    for (const { name, copy, columns, isUuid } of this.tables) {
      const values = columns.map((column, i) => {
        if (isUuid[i]) return `md5(${column}::text || n)::uuid`;
        return NAMES.includes(column) ? `${column} || '/' || n` : column;
      });
      await this.admin.query(
        `INSERT INTO ${name} (${columns.join()}) SELECT ${values.join()} FROM ${copy}, generate_series(1, ${times}) AS n`,
      );
    }
    await this.admin.query('DROP SCHEMA bench_copies CASCADE');
    // As autovacuum would have done since, and not while somebody is measured.
    await this.admin.query('VACUUM ANALYZE');
  }

  async close(): Promise<void> {
    await this.admin.end();
  }
}
