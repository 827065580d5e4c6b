import { build } from './build.mts';
import { definedServices } from '../services.mts';

/** `npm run schedules`: what every service does again and again, by the clock or in each process, read from its code. */
export async function main(): Promise<number> {
  await build();
  const { periodicTasksOf, schedulesOf } = await import('@switchboard/service-kit');
  const apps = await definedServices();
  const scheduled = apps.flatMap((app) =>
    schedulesOf(app).map(({ job, cron, timeoutMs, missed, purpose }) => [
      app.name,
      job.name,
      cron,
      duration(timeoutMs),
      missed,
      purpose,
    ]),
  );
  const looped = apps.flatMap((app) =>
    periodicTasksOf(app).map(({ name, everyMs, purpose }) => [app.name, name, duration(everyMs), purpose]),
  );
  console.log('Once per slot, in one of the processes:\n');
  printTable([['service', 'task', 'cron (UTC)', 'time-out', 'missed', 'what for'], ...scheduled]);
  console.log('\nIn every process:\n');
  printTable([['service', 'task', 'every', 'what for'], ...looped]);
  return 0;
}

function duration(ms: number): string {
  const minutes = ms / 60_000;
  return minutes >= 1 ? `${minutes} min` : `${ms / 1000} s`;
}

function printTable(rows: string[][]): void {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  for (const row of rows)
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    );
}
