import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Installation, startInstallation } from '../local/installation.mts';
import { onShutdown } from '../local/shutdown.mts';
import { root, stateDir } from '../local/workspace.mts';
import { build } from './build.mts';

/** `npm start`: the whole company on this machine, until Ctrl-C. */
export async function main(): Promise<number> {
  const began = Date.now();
  const dotEnv = join(root, '.env');
  if (existsSync(dotEnv)) process.loadEnvFile(dotEnv);
  await build();
  console.log('Starting the database, the sandbox and the services …');
  const stopping = new AbortController();
  const { signal } = stopping;
  const asked = once(signal, 'abort');
  onShutdown(() => {
    console.log('\nStopping …');
    stopping.abort();
  });
  let installation: Installation;
  try {
    installation = await startInstallation({
      stateDir: join(stateDir, 'start'),
      ports: 'usual',
      signal,
      env: process.env,
    });
  } catch (error) {
    if (signal.aborted) return 0;
    throw error;
  }
  const seconds = ((Date.now() - began) / 1000).toFixed(1);
  console.log(`
Switchboard is ready (${seconds} s).

  The phone           ${installation.sandboxUrl}/
  Sandbox control     ${installation.sandboxUrl}/control/faults${Object.entries(installation.services)
    .map(([name, url]) => `\n  ${name.padEnd(18)}  ${url}/health/ready`)
    .join('')}

${advice(process.env)}
  Logs: ${join(stateDir, 'start', 'logs')}      Stop: Ctrl-C
`);
  const reason = await Promise.race([
    asked.then(() => undefined),
    installation.apps.ended.then((code) => `The services ended by themselves (${code}):\n${installation.apps.tail()}`),
    installation.sandbox.ended.then((code) => `The sandbox ended by itself (${code}):\n${installation.sandbox.tail()}`),
  ]);
  if (reason) console.error(reason);
  await installation.stop();
  return reason ? 1 : 0;
}

/** What there is to do now, and what the variables that were found mean for it. */
function advice(env: NodeJS.ProcessEnv): string {
  const isReal = Boolean(env.TELEGRAM_BOT_TOKEN || env.TELEGRAM_BOT_TOKEN_FILE);
  const hasModel = Boolean(env.OPENAI_API_KEY || env.CHAT_AI_API_KEY || env.CHAT_AI_BASE_URL);
  const lines = isReal
    ? ['The first bot answers in the real Telegram; the others on the phone above.']
    : ['Pick a person on the phone and write to a bot.'];
  if (isReal && !hasModel)
    lines.push(
      'No model is connected (OPENAI_API_KEY, or CHAT_AI_BASE_URL): real people are answered from the knowledge bases alone.',
    );
  if (env.DATABASE_URL || env.DATABASE_URL_FILE) lines.push('The database is the one of DATABASE_URL.');
  return lines.map((line) => `  ${line}`).join('\n');
}
