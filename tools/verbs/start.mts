import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { operatorClient, playAlong, wantsDemo } from '../demo/local.mts';
import { SHOP } from '../demo/sales.mts';
import { openDemoShop } from '../demo/shop.mts';
import type { LocalBot } from '../local/bots.mts';
import { type Installation, startInstallation } from '../local/installation.mts';
import { operatorNamed } from '../local/operator.mts';
import { PANELS } from '../local/panels.mts';
import { connectSandbox } from '../local/sandbox-client.mts';
import { onShutdown } from '../local/shutdown.mts';
import { loadDotEnv } from '../local/variables.mts';
import { root, stateDir } from '../local/workspace.mts';
import { build } from './build.mts';

/** `npm start`: the whole company on this machine, until Ctrl-C. */
export async function main(): Promise<number> {
  const began = Date.now();
  loadDotEnv();
  console.log('Compiling … (the first time about a minute and a half, then seconds)');
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
  const broken = await brokenBots(installation);
  const kept = await keptBots(installation);
  const ownersLink = linkForFirstOwner();
  const atGateway = installation.publicUrls.gateway!;
  const seconds = ((Date.now() - began) / 1000).toFixed(1);
  console.log(`
Switchboard is ready (compiled and started in ${seconds} s).

${table([
  ['Console', `${atGateway}/console/`],
  ...(ownersLink ? [['Become the owner', ownersLink] as const] : []),
  ["A person's own page", `${atGateway}/me`],
  ...(hasShop(installation)
    ? ([
        ['The shop, for guests', `${atGateway}/shop/${SHOP}`],
        ['Its VPN servers', `${PANELS.map((panel) => `${installation.sandboxUrl}/${panel}`).join('  ')} (to kill one)`],
      ] as const)
    : []),
  ['The API', `${atGateway}/docs`],
  ['The phone', `${installation.sandboxUrl}/`],
  ['Sandbox control', `${installation.sandboxUrl}/control/faults`],
  ...Object.entries(installation.services).map(([name, url]) => [name, `${url}/health/ready`] as const),
])}

  Bots of ${shortest(installation.botsFolder)}
${table(installation.bots.map((bot) => [bot.id, `${bot.name}, ${placeOf(bot)}`]))}
${kept.length > 0 ? `\n  Bots made in the console\n${table(kept.map((bot) => [bot.id, `${bot.name}, ${placeOf(bot)}`]))}\n` : ''}
${advice(installation, broken, process.env)}
  Logs: ${join(stateDir, 'start', 'logs')}      Stop: Ctrl-C
`);
  // In the background: nobody waits for it.
  const demo = playDemo(installation, signal);
  const reason = await Promise.race([
    asked.then(() => undefined),
    installation.apps.ended.then((code) => `The services ended by themselves (${code}):\n${installation.apps.tail()}`),
    installation.sandbox.ended.then((code) => `The sandbox ended by itself (${code}):\n${installation.sandbox.tail()}`),
  ]);
  if (reason) console.error(reason);
  stopping.abort();
  await demo;
  await installation.stop();
  return reason ? 1 : 0;
}

const hasShop = ({ bots }: Installation): boolean =>
  bots.some(({ id, apiRoot }) => id === SHOP && apiRoot === 'sandbox');

/** The demo shop has something to sell wherever its bot is; the demo company is there where nothing is real. */
async function playDemo(installation: Installation, signal: AbortSignal): Promise<void> {
  const { bots, services, publicUrls, sandboxUrl } = installation;
  const place = join(stateDir, 'start');
  if (hasShop(installation)) {
    const contracts = await import('@switchboard/contracts');
    const client = await operatorClient(place, services);
    const sandbox = await connectSandbox(sandboxUrl);
    await openDemoShop(client, contracts, { sandbox, gatewayUrl: publicUrls.gateway! }).catch((error: unknown) => {
      if (!signal.aborted) console.error(`  The demo shop could not be opened: ${String(error)}`);
    });
  }
  if (wantsDemo(bots, process.env)) await playAlong(place, services, signal);
}

/** As the gateway has said it in its log, for as long as nobody owns the installation. */
function linkForFirstOwner(): string | undefined {
  const log = readFileSync(join(stateDir, 'start', 'logs', 'services.log'), 'utf8');
  const lines = log.split('\n').filter((line) => line.includes('nobody owns this installation yet'));
  return lines.map((line) => (JSON.parse(line) as { link: string }).link).at(-1);
}

async function brokenBots({ services }: Installation): Promise<number> {
  const metrics = await Promise.all(Object.values(services).map(async (url) => (await fetch(`${url}/metrics`)).text()));
  return Math.max(...metrics.map((text) => Number(/^bot_descriptions_broken\S* (\d+)$/m.exec(text)?.[1] ?? 0)));
}

/** What the gateway keeps beside the files of the folder. */
async function keptBots({ services }: Installation): Promise<LocalBot[]> {
  const { ListBots, ReadBot } = await import('@switchboard/contracts');
  const client = await operatorClient(join(stateDir, 'start'), services);
  const asked = { actor: operatorNamed('npm start') };
  const { data } = await client.call(ListBots, { query: { limit: 200 } }, asked);
  const kept = data.filter(({ describedBy, state }) => describedBy === 'gateway' && state !== 'archived');
  return Promise.all(
    kept.map(async ({ id, name }) => {
      const { description } = await client.call(ReadBot, { params: { botId: id } }, asked);
      const { kind = '', apiRoot } = (description['channel'] ?? {}) as { kind?: string; apiRoot?: string };
      return { id, name, channel: kind, ...(apiRoot && { apiRoot }) };
    }),
  );
}

const table = (rows: readonly (readonly [string, string])[]) =>
  rows.map(([name, value]) => `  ${name.padEnd(20)}  ${value}`).join('\n');

/** From the checkout where it lies in it. */
const shortest = (path: string) => (path.startsWith(root + sep) ? relative(root, path) : path);

/** Where people meet a bot. */
function placeOf({ channel, apiRoot }: LocalBot): string {
  if (apiRoot === 'sandbox') return channel === 'telegram' ? 'on the phone above' : `in the sandbox's ${channel}`;
  return apiRoot ? `${channel} at ${apiRoot}` : `in the real ${channel}`;
}

/** What there is to do now, and what the variables that were found mean for it. */
function advice({ bots, movedPorts }: Installation, broken: number, env: NodeJS.ProcessEnv): string {
  const onPhone = bots.filter(({ channel, apiRoot }) => channel === 'telegram' && apiRoot === 'sandbox');
  const isReal = bots.some(({ apiRoot }) => apiRoot !== 'sandbox');
  const hasModel = Boolean(env.OPENAI_API_KEY || env.CHAT_AI_API_KEY || env.CHAT_AI_BASE_URL);
  const lines = movedPorts.map(({ name, usual, used }) => `Port ${usual} is taken; ${name} uses ${used}.`);
  if (onPhone.length > 0) lines.push('Pick a person on the phone and write to a bot.');
  else
    lines.push(
      'No bot lives on the phone: give one "channel": { "kind": "telegram", "apiRoot": "sandbox", … } to try it there.',
    );
  if (hasModel) lines.push('A model is connected: what is written on the phone goes there as well.');
  else if (isReal)
    lines.push(
      'No model is connected (OPENAI_API_KEY, or CHAT_AI_BASE_URL): real people are answered from the knowledge bases alone.',
    );
  if (broken > 0) lines.push(`${broken} bots cannot work as they are described and are left out; the log says why.`);
  if (env.DATABASE_URL || env.DATABASE_URL_FILE) {
    lines.push('The database is the one of DATABASE_URL.');
    if (!env.ENCRYPTION_KEYS && !env.ENCRYPTION_KEYS_FILE)
      lines.push(`It cannot be read without the keys in ${join(stateDir, 'start', 'secrets.json')}: keep a copy.`);
  }
  return lines.map((line) => `  ${line}`).join('\n');
}
