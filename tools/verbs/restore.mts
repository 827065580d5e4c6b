import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import type { AppDefinition, BackupStore, DatabaseAccess, SharedConfig } from '@switchboard/service-kit';
import { type Postgres, startPostgres } from '../local/postgres.mts';
import { localSecrets } from '../local/secrets.mts';
import { loadDotEnv, prefixOf } from '../local/variables.mts';
import { stateDir } from '../local/workspace.mts';
import { definedServices } from '../services.mts';
import { build } from './build.mts';

const USAGE = `npm run restore                    names the backups in storage, the latest first
npm run restore <id|latest>        reads one into an empty database, while no service runs

  --off-site        from the copies that lie elsewhere (GATEWAY_OFF_SITE_…)

Needs BACKUP_KEY, the storage (BACKUP_…, MEDIA_…), DATABASE_URL with DATABASE_ROLE_SECRET, or <SERVICE>_DATABASE_URL of each
service, and ENCRYPTION_KEYS and LOOKUP_KEY as they were. Without a database of its own it is the local installation of this
folder: .switchboard/start/secrets.json and .switchboard/start/backups are those of the former one.
`;

const NEXT = `Everything is there. Now:
  1. Start the services. Whoever was erased since the backup is erased again by itself.
  2. Give people what they have paid since, then: npm run call -- payments.subscriptions.announce
  3. Have people charged again. How, and what else the world has done since: docs/runbooks/database-restored.md
`;

/** `npm run restore <id>`: a backup of the installation into an empty database. */
export async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { 'off-site': { type: 'boolean' }, help: { type: 'boolean' } },
  });
  if (values.help || positionals.length > 1) {
    console.log(USAGE);
    return values.help ? 0 : 2;
  }
  loadDotEnv();
  await build();
  // What was just built cannot be imported earlier.
  const kit = await import('@switchboard/service-kit');
  const local = await localInstallation(positionals.length > 0);
  try {
    const env = { ...process.env, ...local.env };
    const config = kit.loadConfig(
      kit.sharedConfig.extend(kit.storageVariables('GATEWAY_OFF_SITE', z.string().optional(), '')),
      env,
    ) as SharedConfig;
    if (!config.BACKUP_KEY) throw new Error('BACKUP_KEY is not set: without it nobody can read a backup.');
    const storage = values['off-site'] ? kit.storageConfigOf(config, 'GATEWAY_OFF_SITE') : kit.backupsConfigOf(config);
    const store = new kit.BackupStore(kit.createStorage(storage), new kit.KeyRing(config.BACKUP_KEY));
    const complete = await completeBackups(kit, store);
    const [wanted] = positionals;
    if (!wanted) {
      for (const { backupId, startedAt, services } of complete)
        console.log(`${backupId}  ${startedAt.toISOString()}  ${services.length} services`);
      if (complete.length === 0) console.log('There is no complete backup in this storage.');
      return 0;
    }
    const backup = wanted === 'latest' ? complete[0] : complete.find(({ backupId }) => backupId === wanted);
    if (!backup) throw new Error(`There is no complete backup ${wanted} in this storage.`);
    return await restore(kit, { config, env, store, ...backup });
  } finally {
    await local.postgres?.stop();
  }
}

type Kit = typeof import('@switchboard/service-kit');

async function completeBackups({ backupPlace, BackupManifest }: Kit, store: BackupStore) {
  const all = await Promise.all(
    (await store.ids()).map((id) => store.readJson(backupPlace.manifest(id), BackupManifest)),
  );
  return all.flatMap((manifest) => manifest ?? []);
}

interface Wanted {
  readonly config: SharedConfig;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly store: BackupStore;
  readonly backupId: string;
  readonly services: readonly string[];
}

async function restore(kit: Kit, { config, env, store, backupId, services }: Wanted): Promise<number> {
  const { databaseAccess, createLog, createStorage, mediaConfigOf, partOf, requireEmpty, restorePart } = kit;
  const log = createLog({ level: 'warn', format: 'json' });
  const known = await definedServices();
  const strange = services.filter((name) => !known.some((app) => app.name === name));
  if (strange.length > 0) throw new Error(`The backup has parts of services that are not here: ${strange.join(', ')}.`);
  // What would fail in the middle fails before anything is written.
  const all: { app: AppDefinition; access: DatabaseAccess }[] = [];
  for (const app of known.filter(({ name }) => services.includes(name))) {
    const access = await databaseAccess(app.name, config, env[`${prefixOf(app.name)}_DATABASE_URL`] || undefined);
    await partOf(app, store, backupId);
    await requireEmpty(access);
    all.push({ app, access });
  }
  const began = Date.now();
  const differing: string[] = [];
  for (const { app, access } of all) {
    const from = Date.now();
    const media = createStorage(mediaConfigOf(config, app.name));
    const result = await restorePart(app, store, { backupId, access, log, media });
    differing.push(...result.differing.map((table) => `${app.name}.${table}`));
    const { tables, rows, files } = result;
    const seconds = ((Date.now() - from) / 1000).toFixed(1);
    console.log(`  ${app.name.padEnd(16)} ${tables} tables, ${rows} rows, ${files} files in ${seconds} s`);
  }
  const ok = differing.length === 0;
  if (ok) console.log(NEXT);
  else console.error(`These tables hold other rows than the backup: ${differing.join(', ')}`);
  console.log(JSON.stringify({ ok, backupId, services: all.length, differing, ms: Date.now() - began }));
  return ok ? 0 : 1;
}

/** What stands for the variables of an installation that was started by `npm start`. */
async function localInstallation(
  needsDatabase: boolean,
): Promise<{ env: Record<string, string>; postgres?: Postgres }> {
  const hasOwn = Object.keys(process.env).some((name) => /(^|_)DATABASE_URL(_FILE)?$/.test(name) && process.env[name]);
  if (hasOwn) return { env: {} };
  const folder = join(stateDir, 'start');
  if (!existsSync(join(folder, 'secrets.json')) && !process.env.BACKUP_KEY)
    throw new Error(`There is no ${join(folder, 'secrets.json')}: bring that of the former installation.\n\n${USAGE}`);
  const postgres = needsDatabase ? await startPostgres({ dataDir: join(folder, 'postgres') }) : undefined;
  const env = {
    ...(postgres && { DATABASE_URL: postgres.url }),
    ...localSecrets(folder),
    MEDIA_FOLDER: join(folder, 'media'),
    BACKUP_FOLDER: join(folder, 'backups'),
  };
  const given = Object.entries(env).filter(([name]) => !process.env[name]);
  return { env: Object.fromEntries(given), ...(postgres && { postgres }) };
}
