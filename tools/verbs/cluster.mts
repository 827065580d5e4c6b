import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { generate } from 'otplib';
import { type Cluster, REPLICAS, startCluster } from '../local/cluster.mts';
import { playConversation } from '../local/conversation.mts';
import { rssMb } from '../local/figures.mts';
import { onShutdown } from '../local/shutdown.mts';
import { stateDir } from '../local/workspace.mts';
import { build } from './build.mts';

/** A turn whose process was killed is done anew by another one. */
const RECORDED_WITHIN_MS = 20_000;

/**
 * `npm run cluster`: docker-compose.yml as processes, two of each service, until Ctrl-C. With `--smoke` it plays the smoke conversation
 * through the gateway while one process of each is killed, and ends.
 */
export async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { smoke: { type: 'boolean' } } });
  await build();
  const stopping = new AbortController();
  onShutdown(() => stopping.abort());
  const folder = values.smoke ? mkdtempSync(join(tmpdir(), 'switchboard-cluster-')) : join(stateDir, 'cluster');
  const began = Date.now();
  console.log(`Starting Postgres, RabbitMQ and ${REPLICAS} processes of each service …`);
  let cluster: Cluster | undefined;
  try {
    cluster = await startCluster({ folder, signal: stopping.signal });
    const readyMs = Date.now() - began;
    if (values.smoke) return await smoke(cluster, readyMs);
    print(cluster, folder, readyMs);
    await once(stopping.signal, 'abort');
    console.log('\nStopping …');
    return 0;
  } catch (error) {
    if (stopping.signal.aborted) return 130;
    throw error;
  } finally {
    await cluster?.stop();
    if (values.smoke) rmSync(folder, { recursive: true, force: true });
  }
}

function print({ gatewayUrl, sandboxUrl, services, ownersLink }: Cluster, folder: string, readyMs: number): void {
  const rows = [
    ['Console', `${gatewayUrl}/console/`],
    ...(ownersLink ? [['Become the owner', ownersLink]] : []),
    ["A person's own page", `${gatewayUrl}/me`],
    ['The API', `${gatewayUrl}/docs`],
    ['The phone', `${sandboxUrl}/`],
    ...Object.entries(services).map(([name, url]) => [name, `${url}/health/ready, ${REPLICAS} processes`]),
  ] as [string, string][];
  console.log(`
The cluster is ready (${(readyMs / 1000).toFixed(1)} s).

${rows.map(([name, value]) => `  ${name.padEnd(19)}  ${value}`).join('\n')}

  Logs: ${join(folder, 'logs')}      Stop: Ctrl-C
`);
}

async function smoke(cluster: Cluster, readyMs: number): Promise<number> {
  const schemas = await cluster.schemas();
  // One process has the turn in hand that is interrupted, and nobody knows which: each is killed once.
  const kills = Array.from({ length: REPLICAS }, (_, number) => () => cluster.killOneOfEach(number));
  const played = await playConversation(cluster.sandboxUrl, kills);
  const owner = await becomeOwner(cluster);
  // What is seen on the phone may be a preview still, and the turn end a moment later.
  let recorded = await recordedBy(owner);
  const isWhole = () => recorded.conversations === played.people && recorded.turns >= played.questions;
  for (const until = Date.now() + RECORDED_WITHIN_MS; !isWhole() && Date.now() < until;) {
    await sleep(500);
    recorded = await recordedBy(owner);
  }
  const isRecorded = isWhole() && recorded.turns === played.questions;
  console.log(`${isRecorded ? '✓' : '✗'} the owner finds every conversation at the gateway, and each turn in it once`);
  const duplicates = played.duplicates + Math.max(0, recorded.turns - played.questions);
  const hasOwnRoles = new Set(Object.values(schemas)).size === Object.keys(cluster.services).length;
  const ok = played.got === played.expected && duplicates === 0 && isRecorded && hasOwnRoles;
  const pids = Object.entries(cluster.pids());
  console.log(
    JSON.stringify({
      ok,
      expected: played.expected,
      got: played.got,
      duplicates,
      ...{ people: played.people, questions: played.questions, recorded },
      replicas: Object.fromEntries(pids.map(([name, all]) => [name, all.length])),
      killed: kills.length * pids.length,
      roles: schemas,
      ...{ firstDraftMsP50: played.firstDraftMsP50, finalMsP50: played.finalMsP50, readyMs },
      rssMb: Object.fromEntries(pids.map(([name, all]) => [name, all.map(rssMb)])),
    }),
  );
  return ok ? 0 : 1;
}

/** Asks the gateway as somebody. @returns what it answers */
type Ask = (method: string, path: string, body?: object) => Promise<unknown>;

/** Comes in by the link of the first start, with a password and an authenticator app. */
async function becomeOwner({ gatewayUrl, ownersLink }: Cluster): Promise<Ask> {
  let cookie = '';
  const ask: Ask = async (method, path, body) => {
    const response = await fetch(`${gatewayUrl}/v1${path}`, {
      method,
      headers: { cookie, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    const answer = await response.text();
    if (!response.ok) throw new Error(`${method} /v1${path}: ${response.status} ${answer}`);
    cookie =
      response.headers
        .getSetCookie()
        .find((each) => each.startsWith('__Host-staff='))
        ?.split(';')[0] ?? cookie;
    return answer ? (JSON.parse(answer) as unknown) : undefined;
  };
  const token = new URL(ownersLink!).hash.slice(1);
  const person = { password: 'violet tram under seven lemons', email: 'owner@example.com', name: 'Owner' };
  const accepted = (await ask('POST', '/staff-sign-in/invitation', { token, ...person })) as { ticket: string };
  const begun = (await ask('POST', '/staff-sign-in/totp', { ticket: accepted.ticket })) as Record<string, string>;
  const now = Math.floor(Date.now() / 1000);
  const [first, second] = await Promise.all(
    [now - 30, now].map((epoch) => generate({ secret: begun['secret']!, epoch })),
  );
  await ask('POST', '/staff-sign-in/totp/confirm', { ticket: begun['ticket'], first, second });
  return ask;
}

async function recordedBy(ask: Ask): Promise<{ conversations: number; turns: number }> {
  const { data } = (await ask('GET', '/conversations?limit=50')) as { data: { turns: number }[] };
  return { conversations: data.length, turns: data.reduce((sum, { turns }) => sum + turns, 0) };
}
