import { runUnderAnotherClock } from '../verify/clock.mts';
import { build } from './build.mts';

interface Part {
  readonly what: string;
  /** @returns the exit code */
  run(args: string[]): Promise<number>;
}

/** What takes too long for `npm test`. A new part is a line here. */
const parts: Record<string, Part> = {
  clock: {
    what: 'all specs on a leap day that ends, in another time zone, with a database two minutes ahead',
    run: runUnderAnotherClock,
  },
};

/** `npm run verify`: all parts, one after the other; `npm run verify -- clock …`: one of them, with its own arguments. */
export async function main([name, ...args]: string[]): Promise<number> {
  if (name && !(name in parts)) {
    console.error(`There is no part "${name}" here:`);
    for (const [known, { what }] of Object.entries(parts)) console.error(`  ${known}  ${what}`);
    return 2;
  }
  await build();
  if (name) return parts[name]!.run(args);
  const failed: string[] = [];
  for (const [each, { run }] of Object.entries(parts)) if ((await run([])) !== 0) failed.push(each);
  console.log(failed.length === 0 ? '\nverified' : `\nfailed: ${failed.join(', ')}`);
  return failed.length === 0 ? 0 : 1;
}
