import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { CloudEvent } from '@switchboard/contracts';
import { createTestDatabase, startApp, type TestApp, type TestDatabase, testEnv } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { analyticsApp } from '../src/analytics.app';
import { aMessage, ask, aUsage, consents, eventAt, measuresOf } from './build';

const root = join(__dirname, '..', '..', '..');
const EVENTS = 3000;
const PEOPLE = Array.from({ length: 40 }, () => uuidv7());
/** The others have not consented. */
const CONSENTING = PEOPLE.slice(0, 20);

/** Begun ten minutes ago, whenever it runs: also across the end of a month. */
const events: CloudEvent[] = Array.from({ length: EVENTS }, (_, i) => {
  const userId = PEOPLE[i % PEOPLE.length]!;
  const time = new Date(Date.now() - 600_000 + i * 100);
  return eventAt(time, i % 2 ? aUsage({ userId, costMicros: i }) : aMessage({ userId }));
});

let folder: string;
let database: TestDatabase;
let app: TestApp;
const replicas: ChildProcess[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'replicas-'));
  database = await createTestDatabase();
  app = await startApp(analyticsApp, { database });
  await consents(app, ...CONSENTING);
  const messages = events.map((event) => {
    const { id, type, subject } = event;
    return { id, type, subject, body: JSON.stringify(event) };
  });
  await writeFile(join(folder, 'events.json'), JSON.stringify(messages));
}, 60_000);
afterAll(async () => {
  for (const replica of replicas) replica.kill('SIGKILL');
  await app.stop();
  await rm(folder, { recursive: true, force: true });
});

/** A process beside the others; every event comes to each of them. */
function start() {
  const env = { ...process.env, ...testEnv(database.url, join(folder, 'media')), ANALYTICS_PORT: '0' };
  const leaves = join(root, 'tools', 'local', 'leave-with-parent.cjs');
  const program = join(__dirname, 'replica.mts');
  const child = spawn(process.execPath, ['--require', leaves, program, join(folder, 'events.json')], {
    env,
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  replicas.push(child);
  const lines = createInterface(child.stdout!);
  return {
    /** Until it has said so. */
    said: async (what: string) => {
      for await (const line of lines) if (line === what) return;
      throw new Error(`a replica ended before it said "${what}"`);
    },
    kill: async () => {
      child.kill('SIGKILL');
      if (child.signalCode === null) await once(child, 'exit');
    },
  };
}

it('two processes that are given the same events, one of them killed in the middle, keep and count each event once', async () => {
  const [first, second] = [start(), start()];
  await first.said('stored 400');
  await first.kill();
  const again = start();
  await Promise.all([second.said('finished'), again.said('finished')]);

  const kept = events.filter(({ data }) => CONSENTING.includes((data as { userId: string }).userId));
  const stored = await ask<{ event_id: string }>(
    app,
    `SELECT event_id FROM events WHERE type <> 'gateway.consent.given' ORDER BY 1`,
  );
  expect(stored.map(({ event_id }) => event_id)).toEqual(kept.map(({ id }) => id).sort());
  const costs = events.map(({ data }) => (data as { costMicros?: number }).costMicros ?? 0);
  expect(await measuresOf(app, 'chat-ai.usage.recorded')).toMatchObject({
    events: [EVENTS / 2, 0],
    costMicros: [EVENTS / 2, costs.reduce((sum, cost) => sum + cost)],
  });
  expect(await measuresOf(app, 'bot-adapter.message.received', 5)).toEqual({ events: [EVENTS / 2, 0] });
  expect(await ask(app, 'SELECT FROM parked_events')).toEqual([]);
  expect(await ask(app, 'SELECT DISTINCT user_id FROM active_people')).toHaveLength(
    // Every other person writes.
    CONSENTING.length / 2,
  );
}, 120_000);
