import { run } from '../local/processes.mts';
import { root } from '../local/workspace.mts';

/** Repairs what can be repaired by machine; arguments narrow it down to files or folders. */
export async function main(args: string[]) {
  const paths = args.length > 0 ? args : ['.'];
  const options = { cwd: root, stdio: 'inherit' } as const;
  const lint = await run('eslint', ['--fix', ...paths], options);
  const format = await run('prettier', ['--write', '--log-level=warn', ...paths], options);
  return lint.code || format.code;
}
