import { createTestDatabase, testEnv } from '@switchboard/testing';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Sandbox } from '../src/sandbox';

const root = join(__dirname, '..', '..', '..');
export const DEMO = join(root, 'deploy', 'demo');

const SERVICES = 5;

/** The services themselves, compiled and in a process of their own, with the demo company and this sandbox around them. */
export async function startAllInOne(sandbox: Sandbox): Promise<{ stop(): Promise<void> }> {
  const database = await createTestDatabase();
  const folder = await mkdtemp(join(tmpdir(), 'switchboard-test-'));
  const env = {
    ...testEnv(database.url, folder),
    LOG_LEVEL: 'info',
    BUS: 'memory',
    BOT_ADAPTER_PORT: '0',
    CHAT_AI_PORT: '0',
    TTS_WORKER_PORT: '0',
    GATEWAY_PORT: '0',
    GATEWAY_PUBLIC_PORT: '0',
    VPN_PROVISIONER_PUBLIC_PORT: '0',
    ANALYTICS_PORT: '0',
    BOT_ADAPTER_SANDBOX_API_ROOT: sandbox.telegramUrl,
    BOTS_FOLDER: join(DEMO, 'bots'),
    CHAT_AI_SANDBOX_BASE_URL: sandbox.openAiUrl,
    TTS_WORKER_SANDBOX_BASE_URL: sandbox.openAiUrl,
  };
  const program = spawn(
    process.execPath,
    [
      // Ends it when the test run is killed.
      ...['--require', join(root, 'tools', 'local', 'leave-with-parent.cjs')],
      join(root, 'apps', 'all-in-one', 'dist', 'src', 'main.js'),
    ],
    { env, stdio: ['ignore', 'pipe', 'inherit', 'ipc'] },
  );
  const ended = once(program, 'exit');
  const stop = async () => {
    program.kill('SIGTERM');
    await ended;
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  };

  let ready = 0;
  for await (const line of createInterface(program.stdout!)) {
    if (line.includes('"msg":"ready"')) ready += 1;
    if (ready === SERVICES) break;
  }
  // The rest of the log is of no interest, but unread it would fill the pipe and stop the program.
  program.stdout!.resume();
  if (ready === SERVICES) return { stop };
  await stop();
  throw new Error('the services did not start, see above');
}
