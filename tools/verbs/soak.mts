import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { onShutdown } from '../local/shutdown.mts';
import { Soak } from '../soak/soak.mts';
import { build } from './build.mts';

/**
 * `npm run soak -- --minutes 3`: two processes of each service on RabbitMQ, everything periodic a thousand times as often, people who
 * talk, kills and a midnight. The last line is the report as JSON; exit code 1 means that a condition did not hold. `--keep` leaves the
 * logs where the line above it says.
 */
export async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { minutes: { type: 'string' }, keep: { type: 'boolean' } } });
  const minutes = Number(values.minutes ?? 3);
  if (!(minutes > 0)) {
    console.error('npm run soak -- [--minutes 3] [--keep]');
    return 2;
  }
  await build();
  const folder = mkdtempSync(join(tmpdir(), 'switchboard-soak-'));
  const soak = new Soak({ folder, minutes });
  const clear = async () => {
    await soak.stop();
    if (values.keep) console.log(`kept: ${folder}`);
    else if (existsSync(folder)) rmSync(folder, { recursive: true, force: true });
  };
  onShutdown((exitCode) => void clear().finally(() => process.exit(exitCode)));
  let report;
  try {
    report = await soak.play();
  } finally {
    await clear();
  }
  console.log(JSON.stringify(report));
  return report.ok ? 0 : 1;
}
