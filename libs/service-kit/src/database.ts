import { createHmac } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { busMigrations, databaseSocket, isInfrastructureError, LockSession } from '@switchboard/bus';
import { Client } from 'pg';
import { DataSource } from 'typeorm';
import { ConfigError, type SharedConfig } from './config';
import { type AppDefinition, prefixOf, schemaOf } from './define-app';
import { IdempotencyKeys1796000000000 } from './http/idempotency-keys.migration';
import { KitTables1764000000100 } from './kit-tables.migration';
import type { Log } from './log';
import { PersonKeys1764000000001 } from './person-keys.migration';
import { PreparingClient } from './prepared-statements';
import { personRoleOf } from './row-security';

export interface DatabaseAccess {
  /** Connection string with the service's own role. */
  readonly url: string;
  readonly schema: string;
  /** Where graphile-worker keeps the service's jobs. */
  readonly jobsSchema: string;
}

/** The tables that every service has besides those of the bus. */
export const kitMigrations = [PersonKeys1764000000001, KitTables1764000000100, IdempotencyKeys1796000000000];

const ROLE_PREFIX = 'switchboard_';
const MIGRATIONS_POLL_MS = 200;

/**
 * Gives a service its own role and schemas, and nothing else. With `<SERVICE>_DATABASE_URL` they exist already
 * (managed databases); with `DATABASE_URL` an administrator makes them here, once.
 */
export async function databaseAccess(
  service: string,
  config: SharedConfig,
  ownUrl: string | undefined,
): Promise<DatabaseAccess> {
  const schema = schemaOf(service);
  const jobsSchema = `${schema}_jobs`;
  if (ownUrl) {
    await requirePersonRole(ownUrl);
    return { url: ownUrl, schema, jobsSchema };
  }
  if (!config.DATABASE_URL || !config.DATABASE_ROLE_SECRET) {
    throw new ConfigError(`Set ${prefixOf(service)}_DATABASE_URL, or DATABASE_URL together with DATABASE_ROLE_SECRET`);
  }
  const role = ROLE_PREFIX + schema;
  const password = createHmac('sha256', config.DATABASE_ROLE_SECRET).update(role).digest('hex');
  const url = new URL(config.DATABASE_URL);
  url.username = role;
  url.password = password;
  const access = { url: url.href, schema, jobsSchema };
  if (!(await isProvisioned(access))) await provision(config.DATABASE_URL, role, password, access);
  return access;
}

async function isProvisioned({ url, schema, jobsSchema }: DatabaseAccess): Promise<boolean> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5000 });
  try {
    await client.connect();
    const { rowCount } = await client.query('SELECT FROM pg_namespace WHERE nspname = ANY($1)', [[schema, jobsSchema]]);
    return rowCount === 2 && (await hasPersonRole(client)).granted;
  } catch (error) {
    // Class 28: no such role, or another password.
    if (String((error as { code?: string }).code).startsWith('28')) return false;
    throw error;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Whether this role may act for persons; see row-security.ts. */
async function hasPersonRole(client: Client): Promise<{ role: string; granted: boolean }> {
  const { rows } = await client.query<{ role: string; granted: boolean }>(
    `SELECT current_user AS role, EXISTS (
       SELECT FROM pg_auth_members m JOIN pg_roles person ON person.oid = m.roleid JOIN pg_roles member ON member.oid = m.member
       WHERE member.rolname = current_user AND person.rolname = current_user || '_person') AS granted`,
  );
  return rows[0]!;
}

async function requirePersonRole(url: string): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5000 });
  try {
    await client.connect();
    const { role, granted } = await hasPersonRole(client);
    if (granted) return;
    const person = client.escapeIdentifier(personRoleOf(role));
    throw new ConfigError(
      `The role in which the service acts for persons is missing. An administrator of the database makes it:
  CREATE ROLE ${person} NOLOGIN; GRANT ${person} TO ${client.escapeIdentifier(role)};`,
    );
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function provision(
  adminUrl: string,
  role: string,
  password: string,
  { schema, jobsSchema }: DatabaseAccess,
): Promise<void> {
  const client = new Client({ connectionString: adminUrl, connectionTimeoutMillis: 5000 });
  await client.connect();
  try {
    // Roles belong to the whole server: two installations starting at once may collide on them.
    for (let tries = 0; ; tries++) {
      try {
        await client.query('BEGIN');
        const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [role]);
        await client.query(`${rowCount ? 'ALTER' : 'CREATE'} ROLE ${role} LOGIN PASSWORD '${password}'`);
        // An administrator that is no superuser may hand over schemas only to roles it is a member of.
        await client.query(`GRANT ${role} TO CURRENT_USER`);
        const person = personRoleOf(role);
        const persons = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [person]);
        if (!persons.rowCount) await client.query(`CREATE ROLE ${person} NOLOGIN`);
        await client.query(`GRANT ${person} TO ${role}`);
        for (const name of [schema, jobsSchema]) {
          await client.query(`CREATE SCHEMA IF NOT EXISTS ${name} AUTHORIZATION ${role}`);
          await client.query(`REVOKE ALL ON SCHEMA ${name} FROM PUBLIC`);
        }
        const database = client.escapeIdentifier(client.database!);
        await client.query(`ALTER ROLE ${role} IN DATABASE ${database} SET search_path = ${schema}`);
        // A frozen process must not hold its rows for ever.
        await client.query(
          `ALTER ROLE ${role} IN DATABASE ${database} SET idle_in_transaction_session_timeout = '60s'`,
        );
        await client.query('COMMIT');
        return;
      } catch (error) {
        await client.query('ROLLBACK');
        const collided = ['XX000', '23505', '42710', '40001'].includes(String((error as { code?: string }).code));
        if (!collided || tries >= 20) throw error;
        await sleep(20 + Math.random() * 50);
      }
    }
  } finally {
    await client.end();
  }
}

/** The service's data source: its role, its schema, its entities; not yet connected. */
export function createDataSource(app: AppDefinition, access: DatabaseAccess, poolSize: number): DataSource {
  return new DataSource({
    type: 'postgres',
    url: access.url,
    schema: access.schema,
    entities: app.entities,
    migrations: [...busMigrations, ...kitMigrations, ...app.migrations],
    migrationsTableName: 'migrations',
    synchronize: false,
    poolSize,
    applicationName: app.name,
    connectTimeoutMS: 5000,
    // A lost idle connection is replaced by the pool; the error must not end the process.
    poolErrorHandler: () => undefined,
    extra: { stream: () => databaseSocket(), Client: PreparingClient },
  });
}

/**
 * Connects, waiting for as long as the database is away, and brings the schema up to date, one process at a time.
 * @param more migrates what TypeORM does not know, under the same lock
 */
export async function openDatabase(
  db: DataSource,
  { url, schema }: DatabaseAccess,
  log: Log,
  more: () => Promise<void>,
): Promise<void> {
  await untilDatabaseAnswers(log, () => db.initialize());
  const session = await untilDatabaseAnswers(log, () =>
    LockSession.open({ connectionString: url }, `${schema} migrations`),
  );
  try {
    while (!(await mayMigrate(session))) await sleep(MIGRATIONS_POLL_MS);
    await db.runMigrations({ transaction: 'each' });
    await more();
  } finally {
    await session.close();
  }
}

async function mayMigrate(session: LockSession): Promise<boolean> {
  const [row] = await session.query<{ locked: boolean }>(
    `SELECT pg_try_advisory_lock(hashtext('migrations'), hashtext(current_schema())) AS locked`,
  );
  return row!.locked;
}

export async function untilDatabaseAnswers<T>(log: Log, attempt: () => Promise<T>): Promise<T> {
  for (let waitMs = 250; ; waitMs = Math.min(waitMs * 2, 5000)) {
    try {
      return await attempt();
    } catch (error) {
      if (!isInfrastructureError(error)) throw error;
      log.warn({ err: error }, 'the database does not answer; trying again');
      await sleep(waitMs);
    }
  }
}
