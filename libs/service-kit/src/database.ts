import { createHash, createHmac } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { busMigrations, isInfrastructureError, LockSession } from '@switchboard/bus';
import { Client } from 'pg';
import { DataSource } from 'typeorm';
import { ConfigError, type SharedConfig } from './config';
import { type AppDefinition, prefixOf, schemaOf } from './define-app';
import { GatewayBots1796100000000 } from './gateway-bots.migration';
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
export const kitMigrations = [
  PersonKeys1764000000001,
  KitTables1764000000100,
  IdempotencyKeys1796000000000,
  GatewayBots1796100000000,
];

const MIGRATIONS_POLL_MS = 200;
const CONNECT_WITHIN_MS = 5000;
const PROVISION_TRIES = 20;

/** Processes are signed in with another password, which must go on working for as long as they run. */
class RoleInUse extends Error {
  override readonly name = 'RoleInUse';

  constructor(role: string, sessions: number) {
    super(
      `${sessions} sessions of the role ${role} have signed in with another password. It is changed when they have ended: ` +
        'stop them if they have a former DATABASE_ROLE_SECRET, or give this process the one they have',
    );
  }
}

/**
 * The role of a service. Roles belong to the whole server, which may hold databases of other installations: each database has
 * roles of its own, so that nobody else ever changes their passwords or owns their tables.
 */
const roleOf = (schema: string, database: string) =>
  `switchboard_${schema}_${createHash('sha256').update(database).digest('hex').slice(0, 8)}`;

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
  const role = roleOf(schema, new Client({ connectionString: config.DATABASE_URL }).database!);
  const password = createHmac('sha256', config.DATABASE_ROLE_SECRET).update(role).digest('hex');
  const url = new URL(config.DATABASE_URL);
  url.username = role;
  url.password = password;
  const access = { url: url.href, schema, jobsSchema };
  for (let tries = 1; ; tries++) {
    const found = await look(access);
    if (found === 'complete') return access;
    try {
      await provision(config.DATABASE_URL, access, { role, password, mayAlter: found === 'refused' });
      return access;
    } catch (error) {
      // Several processes of a service may start at the same time: it may be our own password that they have just set.
      const collided = ['XX000', '23505', '42710', '40001'].includes(String((error as { code?: string }).code));
      const mayTryAgain = error instanceof RoleInUse ? tries === 1 : collided && tries < PROVISION_TRIES;
      if (!mayTryAgain) throw error;
      await sleep(20 + Math.random() * 50);
    }
  }
}

/** What the role of a service finds: all that it needs, less, or that it cannot sign in. */
async function look({ url, schema, jobsSchema }: DatabaseAccess): Promise<'complete' | 'incomplete' | 'refused'> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: CONNECT_WITHIN_MS });
  try {
    await client.connect();
    const { rowCount } = await client.query(
      'SELECT FROM pg_namespace WHERE nspname = ANY($1) AND pg_get_userbyid(nspowner) = current_user',
      [[schema, jobsSchema]],
    );
    return rowCount === 2 && (await hasPersonRole(client)).granted ? 'complete' : 'incomplete';
  } catch (error) {
    if (isSignInRefused(error)) return 'refused'; // no such role, or another password
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
  const client = new Client({ connectionString: url, connectionTimeoutMillis: CONNECT_WITHIN_MS });
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

/** Makes what is missing, as an administrator. Throws RoleInUse, and a ConfigError when the schemas are somebody else's. */
async function provision(
  adminUrl: string,
  { schema, jobsSchema }: DatabaseAccess,
  { role, password, mayAlter }: { role: string; password: string; mayAlter: boolean },
): Promise<void> {
  const client = new Client({ connectionString: adminUrl, connectionTimeoutMillis: CONNECT_WITHIN_MS });
  await client.connect();
  try {
    await client.query('BEGIN');
    await client.query(`SELECT pg_advisory_xact_lock(hashtext('provision'), hashtext($1))`, [role]);
    const database = client.database!;
    for (const name of [schema, jobsSchema]) await requireOwner(client, name, role);
    const { rows } = await client.query<{ sessions: number }>(
      `SELECT (SELECT count(*)::int FROM pg_stat_activity WHERE usename = rolname) AS sessions FROM pg_roles WHERE rolname = $1`,
      [role],
    );
    if (!rows[0]) {
      await client.query(`CREATE ROLE ${role} LOGIN PASSWORD '${password}'`);
      const about = client.escapeLiteral(`${schema} of Switchboard in the database ${database}`);
      await client.query(`COMMENT ON ROLE ${role} IS ${about}`);
    } else if (mayAlter) {
      if (rows[0].sessions > 0) throw new RoleInUse(role, rows[0].sessions);
      await client.query(`ALTER ROLE ${role} LOGIN PASSWORD '${password}'`);
    }
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
    const here = `ALTER ROLE ${role} IN DATABASE ${client.escapeIdentifier(database)}`;
    await client.query(`${here} SET search_path = ${schema}`);
    // A frozen process must not hold its rows for ever.
    await client.query(`${here} SET idle_in_transaction_session_timeout = '60s'`);
    await client.query('COMMIT');
  } finally {
    // What was not committed is rolled back with the session.
    await client.end();
  }
}

/** A database that was renamed has the roles of its former name, and one that was copied shares them with the original. */
async function requireOwner(client: Client, schema: string, role: string): Promise<void> {
  const { rows } = await client.query<{ owner: string }>(
    'SELECT pg_get_userbyid(nspowner) AS owner FROM pg_namespace WHERE nspname = $1',
    [schema],
  );
  const owner = rows[0]?.owner;
  if (!owner || owner === role) return;
  const [former, person] = [owner, personRoleOf(owner)].map((name) => client.escapeIdentifier(name));
  throw new ConfigError(
    `The schema ${schema} belongs to the role ${former} and not to ${role}, as it would in the database "${client.database}".
If the database was renamed, an administrator renames its roles:
  ALTER ROLE ${former} RENAME TO ${role};
  ALTER ROLE ${person} RENAME TO ${personRoleOf(role)};
If it is a copy, or was made by somebody else: docs/operations.md, Database.`,
  );
}

/** All of a service, those of the bus and the kit too, in no order. */
export const migrationsOf = (app: AppDefinition): AppDefinition['migrations'] => [
  ...busMigrations,
  ...kitMigrations,
  ...app.migrations,
];

/**
 * The service's data source: its role, its schema, its entities; not yet connected.
 * @param migrations others than all, to stop at an older schema
 */
export function createDataSource(
  app: AppDefinition,
  access: DatabaseAccess,
  poolSize: number,
  migrations = migrationsOf(app),
): DataSource {
  return new DataSource({
    type: 'postgres',
    url: access.url,
    schema: access.schema,
    entities: app.entities,
    migrations,
    migrationsTableName: 'migrations',
    synchronize: false,
    poolSize,
    applicationName: app.name,
    connectTimeoutMS: 5000,
    // A lost idle connection is replaced by the pool; the error must not end the process.
    poolErrorHandler: () => undefined,
    extra: { Client: PreparingClient },
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

/**
 * Repeats an attempt for as long as the database is away, or other processes have to end first. A password that is wrong at a start
 * is a mistake in the configuration.
 */
export async function untilDatabaseAnswers<T>(log: Log, attempt: () => Promise<T>): Promise<T> {
  for (let waitMs = 250; ; waitMs = Math.min(waitMs * 2, 5000)) {
    try {
      return await attempt();
    } catch (error) {
      if (error instanceof RoleInUse)
        log.warn({ err: error }, 'processes with another DATABASE_ROLE_SECRET are running');
      else if (isInfrastructureError(error) && !isSignInRefused(error))
        log.warn({ err: error }, 'the database does not answer; trying again');
      else throw error;
      await sleep(waitMs);
    }
  }
}

/** Class 28: no such role, another password, or not from here. */
const isSignInRefused = (error: unknown) => String((error as { code?: string }).code).startsWith('28');
