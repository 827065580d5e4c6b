import express from 'express';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { cloudpayments } from './cloudpayments/cloudpayments';
import { control } from './kit/control';
import { Faults } from './kit/faults';
import { answerProblem, HttpError } from './kit/http';
import { Snapshot } from './kit/snapshot';
import type { PartyDefinition, ThirdPartySandbox } from './kit/third-party';
import { cryptobot } from './cryptobot/cryptobot';
import { hetzner } from './hetzner/hetzner';
import { instagram } from './instagram/instagram';
import { mailbox } from './mailbox/mailbox';
import { marzban } from './marzban/marzban';
import { outline } from './outline/outline';
import { openai } from './openai/openai';
import { openid } from './openid/openid';
import { remnawave } from './remnawave/remnawave';
import { stripe } from './stripe/stripe';
import { telegram } from './telegram/telegram';
import { telegramLogin } from './telegram-login/telegram-login';
import { threeXUi } from './three-x-ui/three-x-ui';
import { wata } from './wata/wata';
import { yookassa } from './yookassa/yookassa';
export { selfSignedCertificate } from './kit/self-signed-certificate';
export { encodeOggOpus } from './openai/ogg-opus';

/** Every third party that is played here. */
export const PARTIES = [
  ...[telegram, openai, telegramLogin, openid, mailbox],
  ...[yookassa, cloudpayments, stripe, wata, cryptobot],
  ...[marzban, outline, threeXUi, remnawave, hetzner],
  ...[instagram],
] as const;

type Party = (typeof PARTIES)[number];
/** What each party may be told at its start, under its name. */
type PartyOptions = { [P in Party as P['name']]?: P extends PartyDefinition<string, infer Options> ? Options : never };

export interface SandboxOptions extends PartyOptions {
  host?: string;
  /** 0 takes a free one. */
  port?: number;
  /** Folder that keeps everything for the next start; without it all is forgotten at the end. */
  data?: string;
  /** Factor on the waits of third parties: webhook retries, lifetime of drafts and button presses. 1 unless told. */
  pace?: number;
  /** More third parties than those above, for tests. */
  more?: readonly PartyDefinition[];
}

export interface Sandbox {
  url: string;
  /** Where each party answers, by its name. */
  addresses: Record<string, string>;
  /** The `apiRoot` of a Telegram client. */
  telegramUrl: string;
  /** The base URL of an OpenAI client. */
  openAiUrl: string;
  close(): Promise<void>;
}

/** Starts every third party and the phone on one port. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { host = '127.0.0.1', port = 0, data, pace = 1, more = [] } = options;
  const folder = data ? resolve(data) : await mkdtemp(join(tmpdir(), 'sandbox-'));
  const faults = new Faults();
  const parties = new Map<string, ThirdPartySandbox>();
  const snapshots: Snapshot[] = [];
  const people = () => [...parties.values()].flatMap((party) => [...(party.people?.() ?? [])]);
  for (const definition of [...PARTIES, ...more] as PartyDefinition[]) {
    const { name } = definition;
    const touch = () => snapshot?.touch();
    const told = (options as Record<string, object | undefined>)[name] ?? {};
    const party = definition.create({ faults, folder: join(folder, name), pace, people, touch }, told);
    const snapshot = data ? new Snapshot(join(folder, `${name}.json`), () => party.save()) : undefined;
    party.restore(await snapshot?.load());
    // At once: a process killed soon after its start must not leave the next one to begin where this one began.
    await snapshot?.flush();
    if (snapshot) snapshots.push(snapshot);
    faults.register(name, party.faults);
    parties.set(name, party);
  }

  const app = express().disable('x-powered-by').disable('etag');
  app.use((_req, res, next) => {
    // Almost every request changes something; the snapshots themselves see when one did not.
    res.once('close', () => snapshots.forEach((snapshot) => snapshot.touch()));
    next();
  });
  for (const party of parties.values()) {
    party.mount(app);
    if (party.phoneApi) app.use(party.phoneApi.path, party.phoneApi.router, noSuchAddress);
  }
  app.use('/control', control(faults, parties), noSuchAddress);
  servePhone(app);
  app.use(answerProblem);

  const server = createServer(app);
  // As the real ones: a client that comes back after some seconds finds its connection open.
  server.keepAliveTimeout = 65_000;
  for (const party of parties.values()) await party.listen?.(host);
  await listen(server, port, host);
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${(server.address() as AddressInfo).port}`;
  const addresses = Object.fromEntries([...parties].map(([name, { address }]) => [name, url + address]));
  return {
    url,
    addresses,
    telegramUrl: addresses['telegram']!,
    openAiUrl: addresses['openai']!,
    close: async () => {
      await Promise.all([...parties.values()].map((party) => party.close?.()));
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
      await Promise.all(snapshots.map((snapshot) => snapshot.flush()));
      if (!data) await rm(folder, { recursive: true, force: true });
    },
  };
}

const noSuchAddress: express.RequestHandler = (_req, res) =>
  void res.status(404).json({ status: 404, detail: 'no such address' });

/** Vite builds the page into `dist/phone`; this file runs from `dist/src`, in tests from `src`. */
function servePhone(app: express.Express): void {
  const above = resolve(__dirname, '..');
  const root = basename(above) === 'dist' ? join(above, 'phone') : join(above, 'dist', 'phone');
  app.use(express.static(root));
  app.use('/phone', express.static(root));
  app.get(/^[^.]*$/, (_req, res, next) => {
    res.sendFile('index.html', { root }, (error) => error && next(new HttpError(404, 'the phone is not built')));
  });
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((listening, fail) => {
    server.once('error', fail);
    server.listen(port, host, listening);
  });
}
