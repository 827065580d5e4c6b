import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { stopOrphanedPostgres } from '../local/postgres.mts';
import { stopOrphanedRabbitMq } from '../local/rabbitmq.mts';
import { stateDir } from '../local/workspace.mts';
import { lockHolder, takeLock } from '../process-lock.mjs';
import { unmount } from './small-disk.mts';

/** What explains a violation; a folder that holds it is kept. */
export const VIOLATIONS = 'violations.json';

const drillsDir = join(stateDir, 'drill');

export interface DrillFolder {
  readonly path: string;
  /** Removes it, unless it is to be read later. */
  release(options: { keep: boolean }): void;
}

/** A folder for the servers and logs of this drill. What killed drills have left is stopped, and removed with their folders. */
export async function takeDrillFolder(): Promise<DrillFolder> {
  mkdirSync(drillsDir, { recursive: true });
  for (const name of readdirSync(drillsDir)) await sweep(join(drillsDir, name));
  const path = join(drillsDir, String(process.pid));
  const unlock = await takeLock(join(path, 'lock'));
  return {
    path,
    release({ keep }) {
      unlock();
      if (!keep) rmSync(path, { recursive: true, force: true });
    },
  };
}

async function sweep(folder: string): Promise<void> {
  if (lockHolder(join(folder, 'lock'))) return;
  await stopOrphanedPostgres(join(folder, 'postgres'));
  await stopOrphanedRabbitMq(join(folder, 'rabbitmq'));
  await unmount(join(folder, 'postgres'));
  if (!readdirSync(folder).includes(VIOLATIONS)) rmSync(folder, { recursive: true, force: true });
}
