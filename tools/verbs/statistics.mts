import { userInfo } from 'node:os';
import { parseArgs } from 'node:util';
import type { RouteDefinition } from '@switchboard/contracts';
import { addressOf, askAsOperator, operatorNamed, tellingProblems } from '../local/operator.mts';
import { loadDotEnv } from '../local/variables.mts';
import { build } from './build.mts';

const USAGE = `npm run statistics -- backup               a backup to storage, besides the nightly ones
npm run statistics -- list                 those in storage, the latest first
npm run statistics -- restore <id|latest>  reads one into a new database
npm run statistics -- import <day>         brings the events of an archived day back, as 2026-11-27, for 30 days
npm run statistics -- check [id|day]       reads backups and archives and compares them with their checksums;
                                           without a name all of them

  --as <name>       who you are; the name of your account without it
  --url <address>   where analytics answers, else ANALYTICS_URL, else its usual port on this machine
`;

/** Reading a backup of years takes minutes. */
const TIMEOUT_MS = 60 * 60_000;

/** `npm run statistics -- restore latest`: backups of the statistics and archives of events, by way of the running service. */
export async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { as: { type: 'string', default: userInfo().username }, url: { type: 'string' } },
  });
  loadDotEnv();
  await build();
  // What was just built cannot be imported earlier.
  const contracts = await import('@switchboard/contracts');
  const [what = '', which] = positionals;
  if (what === 'check') return checkStorage(values, which);
  const questions: Record<string, { route: RouteDefinition; params?: Record<string, string | undefined> }> = {
    backup: { route: contracts.BackUpStatistics },
    list: { route: contracts.ListStatisticsBackups },
    restore: { route: contracts.RestoreStatistics, params: { id: which } },
    import: { route: contracts.ImportArchivedDay, params: { day: which } },
  };
  const question = questions[what];
  if (!question || (question.params && !which)) {
    console.log(USAGE);
    return what ? 2 : 0;
  }
  const { route, params } = question;
  const url = values.url ?? (await addressOf('analytics'));
  const options = { actor: operatorNamed(values.as), timeoutMs: TIMEOUT_MS };
  return tellingProblems(url, async () => {
    const answer = await askAsOperator('analytics', url, (client) => client.call(route, { params } as never, options));
    console.log(JSON.stringify(answer, null, 2));
  });
}

/** One after the other, each with what it holds or what is wrong with it. */
async function checkStorage(values: { as: string; url?: string | undefined }, which?: string): Promise<number> {
  const { CheckArchivedDay, CheckStatisticsBackup, ListArchivedDays, ListStatisticsBackups } =
    await import('@switchboard/contracts');
  const url = values.url ?? (await addressOf('analytics'));
  const options = { actor: operatorNamed(values.as), timeoutMs: TIMEOUT_MS };
  const found = { backups: 0, days: 0, damaged: 0 };
  const code = await tellingProblems(url, () =>
    askAsOperator('analytics', url, async (client) => {
      const check = async (name: string, question: Promise<object>) => {
        try {
          console.log(`${name}: ${JSON.stringify(await question)}`);
        } catch (error) {
          const { status, problem } = error as { status?: number; problem?: object };
          // Anything else says nothing of what lies there.
          if (status !== 404 && status !== 409) throw error;
          found.damaged++;
          console.error(`${name}: ${JSON.stringify(problem)}`);
        }
      };
      const checkDay = (day: string) =>
        check(`events of ${day}`, client.call(CheckArchivedDay, { params: { day } }, options));
      const checkBackup = (id: string) =>
        check(`backup ${id}`, client.call(CheckStatisticsBackup, { params: { id } }, options));
      if (which) return (/^\d{4}-\d\d-\d\d$/.test(which) ? checkDay : checkBackup)(which);
      const { backups } = await client.call(ListStatisticsBackups, {}, options);
      found.backups = backups.length;
      for (const { id } of backups) await checkBackup(id);
      for (let after: string | undefined; ;) {
        const { data, page } = await client.call(ListArchivedDays, { query: { limit: 200, after } }, options);
        found.days += data.length;
        for (const { day } of data) await checkDay(day);
        after = page.next ?? undefined;
        if (!after) break;
      }
      console.log(`${found.backups} backups and ${found.days} days of events were read, ${found.damaged} are damaged`);
      // Nothing to read is no good news: another bucket, or a database that knows of no day yet.
      if (found.backups + found.days === 0) found.damaged++;
    }),
  );
  return code === 0 && found.damaged > 0 ? 1 : code;
}
