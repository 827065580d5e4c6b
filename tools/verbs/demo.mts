import { join } from 'node:path';
import { demoStateFile, operatorClient } from '../demo/local.mts';
import { DemoPlayer } from '../demo/player.mts';
import { addressOf } from '../local/operator.mts';
import { loadDotEnv } from '../local/variables.mts';
import { stateDir } from '../local/workspace.mts';
import { build } from './build.mts';

const USAGE = `npm run demo -- play     plays the demo company up to now, into what \`npm start\` runs here; it does so by itself
npm run demo -- remove   takes out all people of the demo company and whatever they have done, until it is played by hand

  DEMO_COMPANY=false in .env keeps \`npm start\` from playing it.
`;

/** `npm run demo -- remove`. */
export async function main([what]: string[]): Promise<number> {
  if (what !== 'play' && what !== 'remove') {
    console.log(USAGE);
    return what ? 2 : 0;
  }
  loadDotEnv();
  await build();
  const contracts = await import('@switchboard/contracts');
  const services = ['gateway', 'chat-ai', 'analytics'];
  const urls = await Promise.all(services.map(async (name) => [name, await addressOf(name)] as const));
  const local = join(stateDir, 'start');
  const client = await operatorClient(local, Object.fromEntries(urls));
  const player = new DemoPlayer(client, contracts, demoStateFile(local));
  const begun = performance.now();
  if (what === 'remove') {
    const { people, conversations, subscriptions, events, alerts } = await player.remove();
    console.log(
      `Removed: ${people} people, ${conversations} conversations with what they have cost, ${subscriptions} subscriptions, ${events} events with what was counted of them, ${alerts} alerts, and the demo's experiment.`,
    );
  } else {
    player.allow();
    console.log(`${await player.play(new Date())} turns were played.`);
  }
  console.log(`Done in ${((performance.now() - begun) / 1000).toFixed(1)} s.`);
  return 0;
}
