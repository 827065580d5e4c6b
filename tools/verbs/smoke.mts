import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { playConversation } from '../local/conversation.mts';
import { rssMb } from '../local/figures.mts';
import { type Installation, startInstallation } from '../local/installation.mts';
import { build } from './build.mts';

/** `npm run smoke`: as people talk; `npm run smoke -- shop`: as they buy. On free ports and in a temporary folder. */
export async function main([subject]: string[]): Promise<number> {
  if (subject !== undefined && subject !== 'shop') {
    console.error('npm run smoke [-- shop]');
    return 2;
  }
  await build();
  if (subject === undefined) return smokeTalks();
  const { smokeShop } = await import('../smoke/shop.mts'); // needs the build
  return smokeShop();
}

/** Three people, voice both ways and one kill -9. */
async function smokeTalks(): Promise<number> {
  const stateDir = mkdtempSync(join(tmpdir(), 'switchboard-smoke-'));
  const began = Date.now();
  let installation: Installation | undefined;
  try {
    installation = await startInstallation({ stateDir, ports: 'free' });
    const readyMs = Date.now() - began;
    const { expected, got, duplicates, firstDraftMsP50, finalMsP50 } = await playConversation(installation.sandboxUrl, [
      () => killAndRestart(installation!),
    ]);
    const ok = got === expected && duplicates === 0;
    const figures = { firstDraftMsP50, finalMsP50, readyMs, rssMb: rssMb(installation.apps.pid) };
    console.log(JSON.stringify({ ok, repliesExpected: expected, repliesGot: got, duplicates, ...figures }));
    return ok ? 0 : 1;
  } finally {
    await installation?.stop();
    if (existsSync(stateDir)) rmSync(stateDir, { recursive: true, force: true });
  }
}

async function killAndRestart(installation: Installation) {
  installation.apps.kill('SIGKILL');
  await installation.restartApps();
}
