import { userInfo } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { addressOf, askAsOperator, operatorNamed, tellingProblems } from '../local/operator.mts';
import { loadDotEnv } from '../local/variables.mts';
import { build } from './build.mts';

const USAGE = `npm run backup                 a backup of everything, besides the nightly ones; waits until it is written
npm run backup -- list         those there are, the latest first
npm run backup -- try [id]     restores one on trial, the latest without an id; waits until it is known whether it can be
npm run restore                reads one into an empty database

  --as <name>       who you are; the name of your account without it
  --url <address>   where the gateway answers, else GATEWAY_URL, else its usual port on this machine
`;

const LOOK_EVERY_MS = 1000;

/** `npm run backup`: backups of the installation, by way of the running gateway. */
export async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { as: { type: 'string', default: userInfo().username }, url: { type: 'string' } },
  });
  const [what = 'now', which] = positionals;
  if (!['now', 'list', 'try'].includes(what)) {
    console.log(USAGE);
    return 2;
  }
  loadDotEnv();
  await build();
  // What was just built cannot be imported earlier.
  const { ListBackups, ReadBackup, StartBackup, TryBackup } = await import('@switchboard/contracts');
  const url = values.url ?? (await addressOf('gateway'));
  const actor = operatorNamed(values.as);
  let ok = true;
  const code = await tellingProblems(url, () =>
    askAsOperator('gateway', url, async (client) => {
      const read = (backupId: string) => client.call(ReadBackup, { params: { backupId } }, { actor });
      const list = () => client.call(ListBackups, { query: { limit: 50 } }, { actor });
      if (what === 'list') {
        console.log(JSON.stringify(await list(), null, 2));
      } else if (what === 'now') {
        const { id } = await client.call(StartBackup, { idempotencyKey: crypto.randomUUID() }, { actor });
        let backup = await read(id);
        for (; backup.state === 'running'; backup = await read(id)) await sleep(LOOK_EVERY_MS);
        const { parts, ...rest } = backup;
        const rows = parts.map(({ service, tables, files }) => ({
          service,
          tables: tables.length,
          files: files.count,
        }));
        console.log(JSON.stringify({ ...rest, parts: rows }, null, 2));
        ok = backup.state === 'done';
      } else {
        const backupId = which ?? (await list()).data.find(({ state }) => state === 'done')?.id;
        if (!backupId) throw new Error('There is no backup to try.');
        const question = { params: { backupId }, idempotencyKey: crypto.randomUUID() };
        const { id } = await client.call(TryBackup, question, { actor });
        const find = async () => (await read(backupId)).trials.find((trial) => trial.id === id)!;
        let trial = await find();
        for (; trial.state === 'running'; trial = await find()) await sleep(LOOK_EVERY_MS);
        console.log(JSON.stringify(trial, null, 2));
        ok = trial.state === 'passed';
      }
    }),
  );
  return code === 0 && !ok ? 1 : code;
}
