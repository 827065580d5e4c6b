import { startApp, createTestDatabase, type TestApp, until } from '@switchboard/testing';
import { Client } from 'pg';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { diaryApp, heard, Notes, printed } from '../test/diary.app';
import { asActor, asPerson } from './row-security';

const [anna, emma] = [uuidv7(), uuidv7()];
const note = (userId: string, text: string) => ({ id: uuidv7(), userId, title: null, text });

/** Two persons with a note each; Emma's has a picture. */
async function fill(app: TestApp) {
  const [annas, emmas] = [note(anna, 'of Anna'), note(emma, 'of Emma')];
  await app.service.db.transaction(async (tx) => {
    for (const written of [annas, emmas]) await app.service.nest.get(Notes).write(tx, written);
    await tx.query(`INSERT INTO pictures (note_id, description) VALUES ($1, 'a lake')`, [emmas.id]);
  });
  return { annas, emmas };
}

describe('rows of persons', () => {
  let app: TestApp;
  let emmas: { id: string };
  const as = <T>(userId: string, work: (tx: EntityManager) => Promise<T>) => asPerson(app.service.db, userId, work);
  const texts = async (tx: EntityManager) => (await app.service.nest.get(Notes).read(tx)).map(({ text }) => text);

  beforeAll(async () => {
    app = await startApp(diaryApp);
    ({ emmas } = await fill(app));
  });
  afterAll(() => app.stop());

  it('the service sees all of them', async () => {
    expect((await texts(app.service.db.manager)).sort()).toEqual(['of Anna', 'of Emma']);
  });

  it('a transaction for a person sees theirs only, whatever it asks for', async () => {
    expect(await as(anna, texts)).toEqual(['of Anna']);
    expect(await as(uuidv7(), texts)).toEqual([]);
    expect(await as(anna, (tx) => tx.query('SELECT FROM notes WHERE user_id = $1', [emma]))).toEqual([]);
    expect(await as(anna, (tx) => tx.query('SELECT DISTINCT user_id FROM person_keys'))).toEqual([{ user_id: anna }]);
  });

  it('rows that belong to a row of somebody are theirs, too', async () => {
    const pictures = (tx: EntityManager) => tx.query('SELECT description FROM pictures');
    expect(await as(anna, pictures)).toEqual([]);
    expect(await as(emma, pictures)).toEqual([{ description: 'a lake' }]);
    await expect(as(anna, (tx) => tx.query('INSERT INTO pictures (note_id) VALUES ($1)', [emmas.id]))).rejects.toThrow(
      'violates row-level security policy for table "pictures"',
    );
  });

  it('it writes theirs only', async () => {
    const insert = as(anna, (tx) => app.service.nest.get(Notes).write(tx, note(emma, 'forged')));
    await expect(insert).rejects.toThrow('violates row-level security policy');
    const [, updated] = await as(anna, (tx) =>
      tx.query(`UPDATE notes SET title = 'mine now' WHERE id = $1`, [emmas.id]),
    );
    const [, deleted] = await as(anna, (tx) => tx.query('DELETE FROM notes WHERE user_id = $1', [emma]));
    expect([updated, deleted]).toEqual([0, 0]);
    await expect(as(anna, (tx) => tx.query('UPDATE notes SET user_id = $1', [emma]))).rejects.toThrow(
      'violates row-level security policy for table "notes"',
    );
  });

  it('what it writes is said and done as any other change', async () => {
    const later = note(anna, 'written by herself');
    await as(anna, (tx) => app.service.nest.get(Notes).write(tx, later));
    await until(() => heard.includes(later.text), { what: 'the event' });
    await until(() => printed.includes(later.id), { what: 'the job' });
    expect((await as(anna, texts)).sort()).toEqual(['of Anna', 'written by herself']);
  });

  it('it reads nothing else of the service', async () => {
    for (const table of ['outbox', 'parked_events', 'migrations']) {
      await expect(as(anna, (tx) => tx.query(`SELECT FROM ${table}`))).rejects.toThrow(
        `permission denied for table ${table}`,
      );
    }
  });

  it('whoever asks for themselves does so in their role, and anybody else as the service', async () => {
    const actor = { kind: 'person' as const, id: anna, roles: [], scopes: [] };
    const staff = { ...actor, kind: 'staff' as const };
    const { db } = app.service;
    expect(new Set(await asActor(db, actor, texts))).toEqual(new Set(['of Anna', 'written by herself']));
    expect(await asActor(db, staff, texts)).toContain('of Emma');
    const forge = (tx: EntityManager) => app.service.nest.get(Notes).write(tx, note(emma, 'forged'));
    await expect(asActor(db, actor, forge)).rejects.toMatchObject({ code: 'forbidden', status: 403 });
    // Within a transaction that goes on as the service.
    await db.transaction(async (tx) => {
      expect(await asActor(tx, actor, texts)).not.toContain('of Emma');
      expect(await texts(tx)).toContain('of Emma');
      await tx.query('SELECT FROM outbox');
    });
  });

  it('the person is forgotten when the transaction ends, however it ends', async () => {
    const { db } = app.service;
    const who = `SELECT current_user AS role, current_setting('app.user_id', true) AS person`;
    await as(anna, (tx) => tx.query(who));
    await as(anna, () => Promise.reject(new Error('regret'))).catch(() => undefined);
    for (let connection = 0; connection < 5; connection++) {
      const [row] = await db.query<{ role: string; person: string | null }[]>(who);
      expect({ ...row, person: row!.person || null }).toEqual({
        role: expect.stringMatching(/^switchboard_diary_[0-9a-f]{8}$/),
        person: null,
      });
    }
  });

  it('not even the owner of the tables sees them without a policy', async () => {
    const rows = await app.service.db.query<{ table: string }[]>(
      `SELECT relname AS "table" FROM pg_class WHERE relrowsecurity AND relforcerowsecurity
       AND relnamespace = current_schema()::regnamespace ORDER BY 1`,
    );
    expect(rows.map(({ table }) => table)).toEqual(['bills', 'notes', 'person_keys', 'pictures']);
  });
});

describe('a database with an administrator that is no superuser', () => {
  const name = `keeper_${uuidv7().slice(-12)}`;
  let superuser: Client;
  let database: Awaited<ReturnType<typeof createTestDatabase>>;

  beforeAll(async () => {
    database = await createTestDatabase();
    superuser = new Client({ connectionString: database.url });
    await superuser.connect();
    await superuser.query(`CREATE ROLE ${name} LOGIN CREATEROLE PASSWORD 'keeper'`);
    await superuser.query(`ALTER DATABASE ${new URL(database.url).pathname.slice(1)} OWNER TO ${name}`);
  });
  afterAll(async () => {
    await superuser.end();
    await database.drop();
    const admin = new Client({ connectionString: process.env['TEST_DATABASE_URL'] });
    await admin.connect();
    await admin.query(`DROP ROLE IF EXISTS ${name}`);
    await admin.end();
  });

  it('keeps persons apart all the same', async () => {
    const url = new URL(database.url);
    url.username = name;
    url.password = 'keeper';
    const running = await startApp(diaryApp, { database: { url: url.href, drop: () => Promise.resolve() } });
    await fill(running);
    const read = (userId: string) =>
      asPerson(running.service.db, userId, async (tx) =>
        (await running.service.nest.get(Notes).read(tx)).map(({ text }) => text),
      );
    expect([await read(anna), await read(emma)]).toEqual([['of Anna'], ['of Emma']]);
    await running.stop();
  });
});

describe('a managed database, where roles and schemas exist already', () => {
  it('is refused in a sentence that says what is missing', async () => {
    const app = await startApp(diaryApp);
    const { database } = app;
    const admin = new Client({ connectionString: database.url });
    await admin.connect();
    const role = `managed_${uuidv7().slice(-12)}`;
    await admin.query(`CREATE ROLE ${role} LOGIN PASSWORD 'managed'`);
    const url = new URL(database.url);
    url.username = role;
    url.password = 'managed';
    const start = startApp(diaryApp, { database, env: { DIARY_DATABASE_URL: url.href } });
    await expect(start).rejects.toThrow(`CREATE ROLE "${role}_person" NOLOGIN; GRANT "${role}_person" TO "${role}";`);
    await admin.query(`DROP ROLE ${role}`);
    await admin.end();
    // The role stays: it is the server's, and other specs may use it now.
    await app.stop();
  });
});

describe('on Supabase', () => {
  it('who signed in there sees their own rows, once they may see the table at all', async () => {
    const database = await createTestDatabase();
    const admin = new Client({ connectionString: database.url });
    await admin.connect();
    // As Supabase's auth server makes it; see the migration "update_auth_functions" of supabase/auth.
    await admin.query(`
      DO $$ BEGIN CREATE ROLE authenticated NOLOGIN NOINHERIT; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
      CREATE SCHEMA auth;
      GRANT USAGE ON SCHEMA auth TO PUBLIC;
      CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE AS $$
        SELECT coalesce(nullif(current_setting('request.jwt.claim.sub', true), ''),
          nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid $$`);
    const app = await startApp(diaryApp, { database });
    await fill(app);
    const read = async (userId: string) => {
      await admin.query('BEGIN');
      await admin.query(
        `SELECT set_config('role', 'authenticated', true), set_config('request.jwt.claims', $1, true)`,
        [JSON.stringify({ sub: userId, role: 'authenticated' })],
      );
      try {
        return (await admin.query<{ user_id: string }>('SELECT user_id FROM diary.notes')).rows;
      } finally {
        await admin.query('ROLLBACK');
      }
    };
    await expect(read(anna)).rejects.toThrow('permission denied for schema diary');
    await admin.query('GRANT USAGE ON SCHEMA diary TO authenticated; GRANT SELECT ON diary.notes TO authenticated');
    expect(await read(anna)).toEqual([{ user_id: anna }]);
    expect(await read(uuidv7())).toEqual([]);
    expect(await asPerson(app.service.db, emma, (tx) => tx.query('SELECT user_id FROM notes'))).toEqual([
      { user_id: emma },
    ]);
    await admin.end();
    // The role stays: it is the server's, and other specs may use it now.
    await app.stop();
  });
});
