import { join } from 'node:path';
import { run } from '../local/processes.mts';
import { root, stateDir } from '../local/workspace.mts';
import { takeLock } from '../process-lock.mjs';

/** Compiles what changed. The compiler's own words are printed as they come; a failure throws. */
export const build = (): Promise<void> =>
  locked(async () => {
    await compileServices();
    await buildWeb();
  });

/** Without the web apps, which are built with what is made from the services. */
export const compile = (): Promise<void> => locked(compileServices);

async function locked(work: () => Promise<void>): Promise<void> {
  // Two verbs at once would write the same files.
  const release = await takeLock(join(stateDir, 'build.lock'), {
    onWait: (pid) => console.log(`Process ${pid} is building; waiting for it…`),
  });
  try {
    await work();
  } finally {
    release();
  }
}

async function compileServices(): Promise<void> {
  const { code } = await run('tsc', ['-b'], { cwd: root, stdio: 'inherit' });
  if (code !== 0) throw new Error('The build failed: see the compiler above.');
}

export async function main() {
  await build();
}

/** Bundling does not know by itself what changed, and takes seconds: Nx keeps what came of the same inputs before. */
async function buildWeb() {
  const args = ['run-many', '--target=build', '--projects=tag:kind:web', '--output-style=static'];
  // Its plugins each in a process of their own take longer to start than everything else together. What a test builds is what is
  // shipped: Nx keeps it for everybody, and bundles of another NODE_ENV hold React with its warnings.
  const env = { ...process.env, NX_ISOLATE_PLUGINS: 'false', NODE_ENV: 'production' };
  const { code, output } = await run('nx', args, { cwd: root, env });
  if (code !== 0) throw new Error(`The web apps could not be built:\n${output.trim()}`);
}
