import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceClient } from '@switchboard/service-kit';
import type { LocalBot } from '../local/bots.mts';
import { clientWith } from '../local/operator.mts';
import { localOperatorKey } from '../local/secrets.mts';
import { DemoPlayer } from './player.mts';

/** While an installation runs, its demo company goes on: bots that fall silent would be something to be alarmed about. */
const EVERY_MS = 5 * 60_000;

/** Real ones, or what may be real, of a person's own. */
const REAL = [
  'DATABASE_URL',
  'DATABASE_URL_FILE',
  'OPENAI_API_KEY',
  'CHAT_AI_API_KEY',
  'CHAT_AI_BASE_URL',
  'TELEGRAM_BOT_TOKEN',
];

/**
 * Whether `npm start` plays the demo company: as DEMO_COMPANY says; without it where nothing is real, neither a bot nor a model nor
 * the database.
 */
export function wantsDemo(bots: readonly LocalBot[], env: Record<string, string | undefined>): boolean {
  const { DEMO_COMPANY: said } = env;
  if (said) return ['true', '1', 'yes', 'on'].includes(said.toLowerCase());
  const ids = bots.map(({ id }) => id);
  const hasItsBots = ['lumen', 'northwind'].every((id) => ids.includes(id));
  return hasItsBots && bots.every(({ apiRoot }) => apiRoot === 'sandbox') && REAL.every((name) => !env[name]);
}

export const demoStateFile = (installation: string): string => join(installation, 'demo.json');

/** Speaks to the services of a local installation as its operator. */
export const operatorClient = (installation: string, urls: Record<string, string>): Promise<ServiceClient> =>
  clientWith(localOperatorKey(installation), urls);

/** Whether the gateway keeps a bot of a real channel: whoever made one in the console wants to see its numbers alone. */
export async function keepsRealBots(
  client: Pick<ServiceClient, 'call'>,
  { ListBots, ReadBot }: Pick<typeof import('@switchboard/contracts'), 'ListBots' | 'ReadBot'>,
): Promise<boolean> {
  const asked = { actor: { kind: 'staff' as const, id: 'demo', roles: ['operator'], scopes: ['bots:read'] } };
  for (let after: string | undefined; ;) {
    const { data, page } = await client.call(ListBots, { query: { after, limit: 200 } }, asked);
    for (const { id, describedBy } of data) {
      if (describedBy !== 'gateway') continue;
      const { description } = await client.call(ReadBot, { params: { botId: id } }, asked);
      if ((description['channel'] as { apiRoot?: string } | undefined)?.apiRoot !== 'sandbox') return true;
    }
    if (!page.next) return false;
    after = page.next;
  }
}

/**
 * Plays on until `signal` fires, or a real bot is made in the console, unless DEMO_COMPANY asks for it all the same. Says once what it
 * has done; that something fails is no reason to stop anything.
 */
export async function playAlong(
  installation: string,
  urls: Record<string, string>,
  signal: AbortSignal,
): Promise<void> {
  const contracts = await import('@switchboard/contracts');
  const client = await operatorClient(installation, urls);
  const player = new DemoPlayer(client, contracts, demoStateFile(installation));
  let hasSaid = false;
  while (!signal.aborted) {
    try {
      if (!process.env.DEMO_COMPANY && (await keepsRealBots(client, contracts))) {
        console.log('  The demo company stands still: there is a real bot. `npm run demo -- remove` takes it out.');
        return;
      }
      const turns = await player.play(new Date(), signal);
      if (turns > 0 && !hasSaid)
        console.log('  The demo company is there: three months of a company that does not exist.');
      hasSaid = true;
    } catch (error) {
      if (!signal.aborted) console.error(`  The demo company could not be played: ${String(error)}`);
    }
    await sleep(EVERY_MS, undefined, { signal, ref: false }).catch(() => undefined);
  }
}
