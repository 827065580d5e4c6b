import express from 'express';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { control } from './control';
import { Faults } from './faults';
import { createOpenAi, type OpenAiOptions } from './openai/openai.server';
import { PhoneEvents } from './phone/phone-events';
import { phoneApi } from './phone/phone.server';
import { answerProblem } from './problem';
import { Snapshot } from './snapshot';
import { botApi, noSuchAddress } from './telegram/bot-api.server';
import { callFromWebhook } from './telegram/call-method';
import { Refusal } from './telegram/people';
import { type RateLimits, TELEGRAM_LIMITS } from './telegram/rate-limits';
import { type BotSeed, type PersonSeed, TelegramState } from './telegram/state';
import { TelegramWorld } from './telegram/telegram-world';

export interface SandboxOptions {
  host?: string;
  /** 0 takes a free one. */
  port?: number;
  /** Folder that keeps chats and files for the next start; without it all is forgotten at the end. */
  data?: string;
  bots?: BotSeed[];
  people?: PersonSeed[];
  /** Register bots at their first call; on unless told. */
  acceptAnyToken?: boolean;
  /** `null` for none; Telegram's published ones unless told. */
  rateLimits?: RateLimits | null;
  /** Factor on Telegram's waits: webhook retries, lifetime of drafts and button presses. 1 unless told. */
  pace?: number;
  /** Pace and limits of the pretended models. */
  openAi?: OpenAiOptions;
}

export interface Sandbox {
  url: string;
  /** The `apiRoot` of a Telegram client. */
  telegramUrl: string;
  /** The base URL of an OpenAI client. */
  openAiUrl: string;
  close(): Promise<void>;
}

const PEOPLE: PersonSeed[] = [
  { firstName: 'Анна', username: 'anna_sandbox', languageCode: 'ru' },
  { firstName: 'Emma', username: 'emma_sandbox', languageCode: 'en' },
  { firstName: 'Игорь', languageCode: 'ru' },
  { firstName: 'Oliver', lastName: 'Reed', languageCode: 'en' },
];

/** Starts every pretended third party and the phone on one port. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { host = '127.0.0.1', port = 0, data, pace = 1, acceptAnyToken = true } = options;
  const folder = data ? resolve(data) : await mkdtemp(join(tmpdir(), 'sandbox-'));
  const state = new TelegramState();
  const snapshot = data ? new Snapshot(state, join(folder, 'telegram.json')) : undefined;
  const restored = await snapshot?.load();
  const faults = new Faults();
  const world = new TelegramWorld(state, {
    faults,
    filesFolder: join(folder, 'files'),
    rateLimits: options.rateLimits === undefined ? TELEGRAM_LIMITS : options.rateLimits,
    pace,
    acceptAnyToken,
    onWebhookReply: (target, bot, call) => void callFromWebhook(target, bot, call),
  });
  if (!restored) seedPeople(state, options.people ?? PEOPLE);
  options.bots?.forEach((bot) => world.addBot(bot));

  const events = new PhoneEvents(state, world.feed);
  const openAi = createOpenAi(faults, options.openAi);
  const app = express().disable('x-powered-by').disable('etag');
  app.use((_req, res, next) => {
    // Almost every request changes something; the snapshot itself sees when one did not.
    if (snapshot) res.once('close', () => snapshot.touch());
    next();
  });
  app.use('/telegram', botApi(world), noSuchAddress);
  // Also at the root: telegraf resolves its paths against `apiRoot` as a browser would, and so loses the `/telegram`.
  app.use(botApi(world));
  app.use('/openai/v1', openAi.router);
  app.use('/control/openai', openAi.control);
  app.use('/control', control(faults, world));
  app.use('/phone/api', phoneApi(world, events));
  app.use(
    ['/control', '/phone/api'],
    (_req, res) => void res.status(404).json({ status: 404, detail: 'no such address' }),
  );
  servePhone(app);
  app.use(answerProblem);

  const server = createServer(app);
  await listen(server, port, host);
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${(server.address() as AddressInfo).port}`;
  return {
    url,
    telegramUrl: `${url}/telegram`,
    openAiUrl: `${url}/openai/v1`,
    close: async () => {
      world.close();
      events.close();
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
      await snapshot?.flush();
      if (!data) await rm(folder, { recursive: true, force: true });
    },
  };
}

/** One group of two, which the first bot will join. */
function seedPeople(state: TelegramState, seeds: PersonSeed[]): void {
  const [first, second] = seeds.map((seed) => state.addPerson(seed));
  if (first && second) state.addGroup(`${first.firstName} & ${second.firstName}`, [first.id, second.id], []);
}

/** Vite builds the page into `dist/phone`; this file runs from `dist/src`, in tests from `src`. */
function servePhone(app: express.Express): void {
  const above = resolve(__dirname, '..');
  const root = basename(above) === 'dist' ? join(above, 'phone') : join(above, 'dist', 'phone');
  app.use(express.static(root));
  app.use('/phone', express.static(root));
  app.get(/^[^.]*$/, (_req, res, next) => {
    res.sendFile('index.html', { root }, (error) => error && next(new Refusal(404, 'the phone is not built')));
  });
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((listening, fail) => {
    server.once('error', fail);
    server.listen(port, host, listening);
  });
}
