import { main as test } from '../verbs/test.mts';

/** Of each kind, per route and caller: some ten thousand requests. */
const RUNS = '10';

/** Every route is asked more than in `npm test`, and something else each time; the seed is printed, `FUZZ_SEED` repeats it. */
export async function runFuzz(args: string[]): Promise<number> {
  process.env['FUZZ_RUNS'] ??= RUNS;
  process.env['FUZZ_SEED'] ??= String(Date.now() % 2 ** 31);
  console.log(`FUZZ_SEED=${process.env['FUZZ_SEED']}`);
  return test(['apps/all-in-one/test/fuzz', ...args]);
}
