import { randomBytes } from 'node:crypto';
import { Client } from 'pg';

export interface TestDatabase {
  /** An administrator's connection string of a database of its own. */
  readonly url: string;
  drop(): Promise<void>;
}

/** A fresh database on the server that the test run started; see `npm test`. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const server = process.env['TEST_DATABASE_URL'];
  if (!server)
    throw new Error(
      'TEST_DATABASE_URL is not set: run specs with `npm test -- <path>`, which starts a Postgres for them',
    );
  const name = `test_${randomBytes(6).toString('hex')}`;
  await asAdministrator(server, (client) => client.query(`CREATE DATABASE ${name}`));
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => asAdministrator(server, (client) => drop(client, name)) };
}

/** With the roles that services made for it, which belong to the server. */
async function drop(client: Client, name: string): Promise<void> {
  const { rows } = await client.query<{ role: string }>(
    `SELECT DISTINCT rolname AS role FROM pg_shdepend JOIN pg_roles r ON r.oid = refobjid JOIN pg_database d ON d.oid = dbid
     WHERE datname = $1 AND rolname LIKE 'switchboard\\_%'`,
    [name],
  );
  await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  for (const { role } of rows) await client.query(`DROP ROLE IF EXISTS ${role}`);
}

async function asAdministrator(url: string, work: (client: Client) => Promise<unknown>): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
