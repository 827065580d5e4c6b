import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { runChecks } from '../checks.mts';
import { ended } from '../local/processes.mts';
import { onShutdown } from '../local/shutdown.mts';
import { TestServers } from '../local/test-servers.mts';
import { artifactsDir, isCi, root } from '../local/workspace.mts';
import { build } from './build.mts';

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/**
 * `npm test`: everything but coverage, which doubles the time of the specs and is a part of `npm run verify`; `npm test -- libs/bus -t twice`: patterns and options for Jest, without lint and format.
 * The last line is `N passed, N failed`, with `, N skipped` when some were; the build and each check count as one.
 */
export async function main(args: string[]): Promise<number> {
  const full = args.length === 0;
  const servers = new TestServers();
  let jest: ChildProcess | undefined;
  onShutdown((exitCode) => {
    jest?.kill('SIGTERM');
    void servers.stop().finally(() => process.exit(exitCode));
  });

  mkdirSync(artifactsDir, { recursive: true });
  const counts: Counts[] = [];
  try {
    const [environment, built] = await Promise.all([servers.start(), countBuild()]);
    counts.push(built);
    jest = startJest(args, environment);
    await ended(jest);
    counts.push(readReport(jest.exitCode ?? 1));
  } finally {
    await servers.stop();
  }
  if (full) counts.push({ ...(await runChecks()), skipped: 0 });

  const total = (key: keyof Counts) => counts.reduce((sum, count) => sum + count[key], 0);
  const skipped = total('skipped');
  // Where every chosen spec has run and passed, nothing that is missing was needed.
  if (skipped + total('failed') > 0)
    for (const sentence of servers.missing) console.log(`\n${isCi ? 'FAILED' : 'SKIPPED'}: ${sentence}`);
  console.log(`\n${total('passed')} passed, ${total('failed')} failed${skipped ? `, ${skipped} skipped` : ''}`);
  return total('failed') === 0 ? 0 : 1;
}

/** The tests read the sources, so they can still say more when the compiler objects. */
async function countBuild(): Promise<Counts> {
  try {
    await build();
    return { passed: 1, failed: 0, skipped: 0 };
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

const reportFile = join(artifactsDir, 'jest.json');

function startJest(args: string[], environment: Record<string, string>): ChildProcess {
  rmSync(reportFile, { force: true });
  const program = join(root, 'node_modules', 'jest', 'bin', 'jest.js');
  const report = ['--json', `--outputFile=${reportFile}`];
  return spawn(process.execPath, [program, ...report, ...args], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...environment, NODE_ENV: 'test', ...(isCi && { CI: 'true' }) },
  });
}

const Report = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  numTodoTests: z.number(),
  /** Files that could not even be loaded: no test of theirs is counted anywhere else. */
  numRuntimeErrorTestSuites: z.number(),
});

/** A run that failed without a failed test (nothing matched, Jest itself died) still counts as a failure. */
function readReport(exitCode: number): Counts {
  if (!existsSync(reportFile)) return { passed: 0, failed: 1, skipped: 0 };
  const report = Report.parse(JSON.parse(readFileSync(reportFile, 'utf8')));
  const failed = report.numFailedTests + report.numRuntimeErrorTestSuites;
  return {
    passed: report.numPassedTests,
    failed: failed === 0 && exitCode !== 0 ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}
