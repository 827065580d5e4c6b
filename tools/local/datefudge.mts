import { globSync } from 'node:fs';
import { canUseApt, installWithApt } from './apt.mts';

const missing = 'datefudge is missing: install it (Debian and Ubuntu have it).';

/** The library that gives a process another time of day, or the sentence that says what is missing. */
export async function findDatefudge(): Promise<{ library: string } | { missing: string }> {
  const present = installedLibrary();
  if (present) return { library: present };
  if (!canUseApt()) return { missing };
  const failure = await installWithApt(['datefudge']);
  const library = installedLibrary();
  return library
    ? { library }
    : { missing: `${missing} apt could not install it: ${failure ?? 'no library came of it'}` };
}

const installedLibrary = () => globSync(['/usr/lib/*/datefudge/datefudge.so', '/usr/lib/datefudge/datefudge.so'])[0];

/**
 * The environment of a process whose clock is so many seconds ahead, or behind when negative. Only the time of day: timers and the times of
 * files stay as they are. (The better known faketime wraps the waiting functions, too, and a signal that comes while a process waits
 * meets the real time: Postgres then never ends a lock wait, nor finds a deadlock.)
 */
export const shiftedClock = (library: string, seconds: number): Record<string, string> => ({
  LD_PRELOAD: library,
  DATEFUDGE: String(-seconds),
});
