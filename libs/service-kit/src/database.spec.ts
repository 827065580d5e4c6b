import { isInfrastructureError } from '@switchboard/bus';
import { createTestDatabase, startApp, type TestApp, type TestDatabase, until } from '@switchboard/testing';
import { Client } from 'pg';
import { diaryApp } from '../test/diary.app';
import { createLog } from './log';

const OURS = { DATABASE_ROLE_SECRET: 'the secret of one installation' };
const THEIRS = { DATABASE_ROLE_SECRET: 'the secret of another one' };

/** The role of a new connection, as a service opens one whenever its pool grows or its database has restarted. */
async function roleOfNewConnection({ service }: TestApp): Promise<string> {
  const client = new Client({ connectionString: (service.db.options as { url: string }).url });
  try {
    await client.connect();
    return (await client.query<{ role: string }>('SELECT current_user AS role')).rows[0]!.role;
  } finally {
    await client.end();
  }
}

async function asAdministrator<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

describe('roles of services', () => {
  const databases: TestDatabase[] = [];
  const aDatabase = async () => {
    const database = await createTestDatabase();
    databases.push(database);
    return database;
  };
  afterEach(async () => {
    for (const database of databases.splice(0)) await database.drop();
  });

  it('are those of one database: another installation on the server leaves them alone', async () => {
    const first = await startApp(diaryApp, { database: await aDatabase(), env: OURS });
    const second = await startApp(diaryApp, { database: await aDatabase(), env: THEIRS });
    const roles = [await roleOfNewConnection(first), await roleOfNewConnection(second)];
    expect(roles[0]).not.toBe(roles[1]);
    expect(await first.service.db.query('SELECT count(*)::int AS n FROM notes')).toEqual([{ n: 0 }]);
    await first.stop({ keepDatabase: true });
    await second.stop({ keepDatabase: true });
  });

  it('keep their password while processes use it: a start with another secret waits for them to end', async () => {
    const database = await aDatabase();
    const old = await startApp(diaryApp, { database, env: OURS });
    const lines: string[] = [];
    const log = createLog({ level: 'warn', format: 'json' }, { write: (line) => void lines.push(line) });
    const starting = startApp(diaryApp, { database, env: THEIRS, log });
    await until(() => lines.some((line) => line.includes('DATABASE_ROLE_SECRET')), { what: 'the wait' });
    await roleOfNewConnection(old);
    await old.stop({ keepDatabase: true });
    const later = await starting;
    await roleOfNewConnection(later);
    await later.stop({ keepDatabase: true });
  });

  it('a database that was renamed is refused in a sentence that says what to do', async () => {
    const database = await aDatabase();
    const before = await startApp(diaryApp, { database });
    const role = await roleOfNewConnection(before);
    await before.stop({ keepDatabase: true });
    const url = new URL(database.url);
    const server = process.env['TEST_DATABASE_URL']!;
    url.pathname += '_renamed';
    const [from, to] = [new URL(database.url), url].map(({ pathname }) => pathname.slice(1));
    await asAdministrator(server, (client) => client.query(`ALTER DATABASE ${from} RENAME TO ${to}`));
    const start = () => startApp(diaryApp, { database: { ...database, url: url.href } });
    const refused = await start().then(
      () => '',
      (error: unknown) => (error as Error).message,
    );
    expect(refused).toContain(`belongs to the role "${role}"`);
    const renames = refused.match(/ALTER ROLE .*;/g)!;
    for (const sql of renames) await asAdministrator(url.href, (client) => client.query(sql));
    const after = await start();
    expect(await roleOfNewConnection(after)).not.toBe(role);
    await after.stop({ keepDatabase: true });
    await asAdministrator(server, (client) => client.query(`ALTER DATABASE ${to} RENAME TO ${from}`));
  });
});

describe('a password that is not the right one', () => {
  const wrong = async () => {
    const database = await createTestDatabase();
    await database.drop();
    const url = new URL(database.url);
    url.password = 'wrong';
    return url.href;
  };

  it('says nothing about the work of a running process, which waits', async () => {
    const refused = await asAdministrator(await wrong(), () => Promise.resolve()).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: '28P01' });
    expect(isInfrastructureError(refused)).toBe(true);
  });

  it('stops a start at once', async () => {
    const database = await createTestDatabase();
    const start = startApp(diaryApp, { database, env: { DIARY_DATABASE_URL: await wrong() } });
    await expect(start).rejects.toThrow('password authentication failed');
    await database.drop();
  });
});
