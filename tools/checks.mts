import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { run } from './local/processes.mts';
import { root } from './local/workspace.mts';

interface Check {
  name: string;
  command: string;
  args: string[];
}

const typeChecks: Check[] = [
  { name: 'types of the specs', command: 'tsc', args: ['-p', 'tsconfig.specs.json'] },
  { name: 'types of the tools', command: 'tsc', args: ['-p', 'tools/tsconfig.json'] },
  // Their processes use decorators and are built.
  { name: 'types of drill and benchmark', command: 'tsc', args: ['-b', 'tools/drill', 'tools/bench'] },
];

const styleChecks: Check[] = [
  { name: 'lint', command: 'eslint', args: ['.', '--max-warnings=0'] },
  { name: 'format', command: 'prettier', args: ['--check', '--log-level=warn', '.'] },
];

const readers: Check[] = [
  { name: 'others read the OpenAPI document', command: process.execPath, args: ['tools/docs/openapi-readers.mts'] },
];

/** Everything that must hold besides the tests. */
function checks(): Check[] {
  const docs = existsSync(join(root, 'tools/verbs/docs.mts'))
    ? [{ name: 'documents are fresh', command: process.execPath, args: ['tools/run.mjs', 'docs', '--check'] }]
    : [];
  return [...styleChecks, ...typeChecks, ...docs, ...readers];
}

/** Runs as many at once as there are cores (each uses one), the longest first, printing what a failing one says. */
export async function runChecks(): Promise<{ passed: number; failed: number }> {
  let failed = 0;
  const all = checks();
  const waiting = [...all];
  const lane = async () => {
    for (let check = waiting.shift(); check; check = waiting.shift()) {
      const { name, command, args } = check;
      const started = Date.now();
      const { code, output } = await run(command, args, { cwd: root, env: { ...process.env, FORCE_COLOR: '0' } });
      const seconds = ((Date.now() - started) / 1000).toFixed(1);
      console.log(`${code === 0 ? '✓' : '✗'} ${name} (${seconds} s)`);
      if (code !== 0) console.log(output.trim());
      failed += code === 0 ? 0 : 1;
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, lane));
  return { passed: all.length - failed, failed };
}
