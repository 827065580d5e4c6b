import { runChecks } from '../checks.mts';
import { build } from './build.mts';

/** Everything CI looks at besides the tests: types, lint, format, freshness of generated documents. */
export async function main() {
  await build();
  const { failed } = await runChecks();
  return failed === 0 ? 0 : 1;
}
