import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs, parseEnv } from 'node:util';
import { freshKeys } from '../local/secrets.mts';
import { prefixOf } from '../local/variables.mts';
import { root } from '../local/workspace.mts';
import { serviceNames } from '../services.mts';

/**
 * `node tools/run.mjs keys`: fresh values for everything secret, in dotenv form.
 * With a file they go there; one that exists is never written over, because data is encrypted with what it holds.
 * `--kubernetes <folder>` writes them as the overlays want them: what all share, and of each service its own key.
 */
export async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { sandbox: { type: 'boolean' }, kubernetes: { type: 'string' } },
  });
  if (values.kubernetes) return writeForKubernetes(values.kubernetes);
  const sandbox = values.sandbox ? `\n${readFileSync(join(root, 'deploy/docker/sandbox.env'), 'utf8')}` : '';
  const text = freshKeys(serviceNames(), new Date()) + sandbox;
  const [file] = positionals;
  if (!file) {
    process.stdout.write(text);
    return 0;
  }
  writeNew(file, text);
  console.log(`Written: ${file}. Keep a copy where you keep your backups: without it they cannot be read.`);
  return 0;
}

function writeForKubernetes(folder: string): number {
  const fresh = parseEnv(freshKeys(serviceNames(), new Date())) as Record<string, string>;
  const { POSTGRES_PASSWORD, RABBITMQ_PASSWORD } = fresh;
  const shared = {
    POSTGRES_PASSWORD,
    RABBITMQ_PASSWORD,
    DATABASE_URL: `postgres://postgres:${POSTGRES_PASSWORD}@postgres:5432/switchboard`,
    AMQP_URL: `amqp://switchboard:${RABBITMQ_PASSWORD}@rabbitmq:5672`,
    ...pick(fresh, ['DATABASE_ROLE_SECRET', 'ENCRYPTION_KEYS', 'LOOKUP_KEY', 'BACKUP_KEY', 'SERVICE_PUBLIC_KEYS']),
  };
  mkdirSync(folder, { recursive: true });
  const write = (name: string, variables: Record<string, string | undefined>) =>
    writeNew(
      join(folder, `${name}.env`),
      Object.entries(variables)
        .map(([key, value]) => `${key}=${value}\n`)
        .join(''),
    );
  write('shared', shared);
  for (const name of serviceNames()) write(name, { SERVICE_PRIVATE_KEY: fresh[`${prefixOf(name)}_PRIVATE_KEY`] });
  console.log(`Written: ${folder}. Keep a copy where you keep your backups: without it they cannot be read.`);
  return 0;
}

const pick = (all: Record<string, string>, names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, all[name]]));

function writeNew(file: string, text: string): void {
  try {
    writeFileSync(file, text, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new Error(`${file} exists; data is encrypted with the keys it holds, so it stays as it is.`, {
      cause: error,
    });
  }
}
