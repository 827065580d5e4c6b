import type { AppDefinition } from '@switchboard/service-kit';
import { globSync } from 'node:fs';
import { basename } from 'node:path';
import { root } from '../local/workspace.mts';
import { build } from './build.mts';

/** `npm run schedules`: what every service does by the clock, read from its code. */
export async function main(): Promise<number> {
  await build();
  const { schedulesOf } = await import('@switchboard/service-kit');
  const rows = (await definedApps()).flatMap((app) =>
    schedulesOf(app).map(({ job, cron, timeoutMs, missed, purpose }) => [
      app.name,
      job.name,
      cron,
      duration(timeoutMs),
      missed,
      purpose,
    ]),
  );
  printTable([['service', 'job', 'cron (UTC)', 'time-out', 'missed', 'what for'], ...rows]);
  return 0;
}

async function definedApps(): Promise<AppDefinition[]> {
  const names = globSync('apps/*/src/*.app.ts', { cwd: root }).map((file) => basename(file, '.app.ts'));
  const found = names.sort().map(async (name) => {
    const exported = (await import(`@switchboard/${name}`)) as Record<string, AppDefinition>;
    return Object.values(exported).filter((value) => value.name === name);
  });
  return (await Promise.all(found)).flat();
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
