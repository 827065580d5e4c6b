import { userInfo } from 'node:os';
import { parseArgs } from 'node:util';
import type { RouteDefinition } from '@switchboard/contracts';
import { addressOf, askAsOperator, operatorNamed, tellingProblems } from '../local/operator.mts';
import { loadDotEnv } from '../local/variables.mts';
import { build } from './build.mts';

const USAGE = `npm run statistics -- backup               a backup to storage, besides the nightly ones
npm run statistics -- list                 those in storage, the latest first
npm run statistics -- restore <id|latest>  reads one into an empty database
npm run statistics -- import <day>         brings the events of an archived day back, as 2026-11-27

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
  const actor = operatorNamed(values.as);
  return tellingProblems(url, async () => {
    const options = { actor, timeoutMs: TIMEOUT_MS };
    const answer = await askAsOperator('analytics', url, (client) => client.call(route, { params } as never, options));
    console.log(JSON.stringify(answer, null, 2));
  });
}
