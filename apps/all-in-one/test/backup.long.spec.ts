import {
  backupsConfigOf,
  BackupStore,
  createLog,
  createStorage,
  databaseAccess,
  KeyRing,
  loadConfig,
  mediaConfigOf,
  prefixOf,
  restorePart,
  Schedules,
  sharedConfig,
  startApps,
} from '@switchboard/service-kit';
import { createTestDatabase, type TestDatabase, until } from '@switchboard/testing';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { services } from '../src/services';
import { Site } from './installation';
import { Person } from './person';

const DAY_MS = 86_400_000;
/** A busy machine writes and reads everything there is. */
const LONG_MS = 120_000;

type Apps = Awaited<ReturnType<typeof startApps>>;
interface Row {
  id: string;
  state: string;
  error: string | null;
  parts: { service: string; sharesMoment: boolean; tables: { name: string; rows: number }[] }[];
}

/** A living installation, all services as they are. */
describe('an installation', () => {
  let site: Site;
  let folder: string;
  let apps: Apps | undefined;
  let elsewhere: TestDatabase;
  let env: Record<string, string>;

  beforeAll(async () => {
    site = await Site.prepare();
    folder = await mkdtemp(join(tmpdir(), 'switchboard-backups-'));
    elsewhere = await createTestDatabase();
    const BACKUP_KEY = `backups:${randomBytes(32).toString('base64')}`;
    env = { ...site.env, BACKUP_KEY, BACKUP_FOLDER: join(folder, 'main') };
    apps = await startApps(services, env);
  }, LONG_MS);
  afterAll(async () => {
    await apps?.stop();
    await site?.clear();
    await elsewhere?.drop();
    if (folder) await rm(folder, { recursive: true, force: true });
  }, LONG_MS);

  const gateway = () => apps!.services.find(({ name }) => name === 'gateway')!;
  const run = (job: string, slot: Date) => gateway().nest.get(Schedules).runSlot(job, slot);
  const backups = () => gateway().db.query<Row[]>('SELECT id, state, error, parts FROM backups ORDER BY id DESC');
  const written = (count: number) =>
    until(
      async () => {
        const rows = await backups();
        return rows.length === count && rows[0]!.state !== 'running' && rows[0]!;
      },
      { what: `backup ${count}`, timeoutMs: LONG_MS },
    );

  it(
    'is backed up on two nights, tried, and goes on elsewhere from the second one',
    async () => {
      const person = await Person.meet(site.sandbox, 'en');
      await person.say('Why is walking good?');
      await person.reads(/Why is walking good/);
      const now = new Date();
      await run('back-up-installation', now);
      const first = await written(1);
      expect([first.state, first.error]).toEqual(['done', null]);
      expect(first.parts.map(({ service }) => service).sort()).toEqual(services.map(({ name }) => name).sort());
      expect(first.parts.filter(({ sharesMoment }) => !sharesMoment)).toEqual([]);

      await person.say('My name is Philippa');
      await person.reads(/Philippa/);
      await run('back-up-installation', new Date(now.getTime() + DAY_MS));
      const second = await written(2);
      expect(second.state).toBe('done');
      const rowsOf = ({ parts }: Row, service: string, table: string) =>
        parts.find((part) => part.service === service)!.tables.find(({ name }) => name === table)!.rows;
      expect(rowsOf(second, 'chat-ai', 'messages')).toBeGreaterThan(rowsOf(first, 'chat-ai', 'messages'));

      await run('try-latest-backup', new Date(now.getTime() + DAY_MS));
      const trials = 'SELECT backup_id, state, error, differing FROM backup_trials';
      const trial = await until(
        async () => {
          const [row] = await gateway().db.query<{ state: string }[]>(trials);
          return row && row.state !== 'running' && row;
        },
        { what: 'the trial', timeoutMs: LONG_MS },
      );
      expect(trial).toEqual({ backup_id: second.id, state: 'passed', error: null, differing: [] });
      await apps!.stop();
      apps = undefined;

      env = { ...env, DATABASE_URL: elsewhere.url, MEDIA_FOLDER: join(folder, 'media') };
      const config = loadConfig(sharedConfig, env);
      const store = new BackupStore(createStorage(backupsConfigOf(config)), new KeyRing(config.BACKUP_KEY!));
      const log = createLog({ level: 'silent', format: 'json' });
      for (const app of services) {
        const access = await databaseAccess(app.name, config, env[`${prefixOf(app.name)}_DATABASE_URL`]);
        const media = createStorage(mediaConfigOf(config, app.name));
        const { differing } = await restorePart(app, store, { backupId: second.id, access, log, media });
        expect([app.name, differing]).toEqual([app.name, []]);
      }
      apps = await startApps(services, env);
      await person.say('And what is it good for?');
      await person.reads(/And what is it good for/);
      const conversations = await apps.services
        .find(({ name }) => name === 'chat-ai')!
        .db.query<{ n: number }[]>(`SELECT count(*)::int AS n FROM messages WHERE role = 'user'`);
      expect(conversations).toEqual([{ n: 3 }]);
      // It was being written when its own rows were copied, and is found to be done.
      await until(async () => (await backups())[0]!.state === 'done', { what: 'the restored backup to end' });
    },
    4 * LONG_MS,
  );
});
