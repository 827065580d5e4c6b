import {
  ConversationReset,
  MessageDelivered,
  MessageReceived,
  ReplyCompleted,
  ReplyTyped,
} from '@switchboard/contracts';
import { type BusMessage, decrypted, RabbitTransport } from '@switchboard/bus';
import { BlindIndex, EventEncryption, KeyRing } from '@switchboard/service-kit';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Client } from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { type Child, startChild } from '../local/child.mts';
import { percentile } from '../local/figures.mts';
import { startPostgres } from '../local/postgres.mts';
import { freePorts, until } from '../local/processes.mts';
import { startRabbitMq } from '../local/rabbitmq.mts';
import { connectSandbox, type SandboxClient } from '../local/sandbox-client.mts';
import { localSecrets } from '../local/secrets.mts';
import { onShutdown } from '../local/shutdown.mts';
import { build } from '../verbs/build.mts';

export const usage = '[--answers 200] [--concurrency 6] [--kill-every 2 | 0] [--seed 1]';
export const about =
  'answers over two bot-adapters that are killed again and again: lost, doubled, stubs, window of doubt';

const Options = z.strictObject({
  answers: z.coerce.number().int().min(1).max(5000).default(200),
  concurrency: z.coerce.number().int().min(1).max(50).default(6),
  'kill-every': z.coerce.number().nonnegative().default(2),
  seed: z.coerce.number().int().positive().default(1),
});

const BOT = { id: 'bench', token: '7100000009:sandbox-bench', username: 'bench_bot', name: 'Bench' };
const TYPED_EVERY_MS = 150;
const SLOWEST_ANSWER_MS = 4000;
const READY_WITHIN_MS = 60_000;
const DELIVERED_WITHIN_MS = 120_000;
/** Late previews and confirmations of finished answers are given so long. */
const SETTLED_AFTER_MS = 8000;

/** `stop` as by a release; `freeze` as by a machine that stands still. */
const STRIKES = ['kill', 'stop', 'kill', 'freeze'] as const;
/** Longer than a finished answer waits for a preview that is under way. */
const FROZEN_MS = 5000;

interface Answer {
  readonly text: string;
  /** The chat in Telegram; each is used for one answer. */
  readonly chat: number;
  readonly isGroup: boolean;
  readonly replyId: string;
}

/**
 * `npm run bench -- deliveries`: this process plays chat-ai, people play in the sandbox. Half of the answers go to groups, where
 * they are shown by edits. Exit code 1 when an answer was lost or ended up under another text.
 */
export async function main(args: string[]): Promise<number> {
  const options = optionsFrom(args);
  await build();
  const stateDir = mkdtempSync(join(tmpdir(), 'switchboard-bench-'));
  const started: { stop(): Promise<unknown> }[] = [];
  let stopping: Promise<void> | undefined;
  const clear = () =>
    (stopping ??= (async () => {
      for (const part of started.splice(0).reverse()) await part.stop();
      rmSync(stateDir, { recursive: true, force: true });
    })());
  onShutdown((exitCode) => void clear().finally(() => process.exit(exitCode)));
  try {
    const report = await measure(stateDir, started, options);
    console.log(JSON.stringify(report));
    return report.lost + report.overwritten > 0 ? 1 : 0;
  } finally {
    await clear();
  }
}

function optionsFrom(args: string[]) {
  const names = Object.keys(Options.shape).map((name) => [name, { type: 'string' as const }] as const);
  const { values } = parseArgs({ args, options: Object.fromEntries(names) });
  const { data, error } = Options.safeParse(values);
  if (error) throw new Error(z.prettifyError(error));
  return data;
}

async function measure(stateDir: string, started: { stop(): Promise<unknown> }[], options: z.output<typeof Options>) {
  const random = randomOf(options.seed);
  const postgres = await startPostgres({
    dataDir: join(stateDir, 'postgres'),
    settings: { track_commit_timestamp: 'on' },
  });
  started.push(postgres);
  const broker = await startRabbitMq({ dataDir: join(stateDir, 'rabbitmq') });
  started.push(broker);
  const [sandboxPort, ...ports] = await freePorts(3);
  const sandboxUrl = `http://127.0.0.1:${sandboxPort}`;
  const sandbox = startChild({
    entry: 'apps/sandbox/dist/src/main.js',
    env: { ...process.env, SANDBOX_PORT: String(sandboxPort), SANDBOX_BOTS: JSON.stringify([BOT]) },
    logFile: join(stateDir, 'sandbox.log'),
  });
  started.push(sandbox);
  await ready(sandbox, `${sandboxUrl}/control/telegram/bots`);

  const env = environment(stateDir, { databaseUrl: postgres.url, amqpUrl: broker.url, sandboxUrl });
  const fleet = new Fleet(ports, env, join(stateDir, 'bot-adapter.log'));
  started.push(fleet);
  await fleet.start();

  const { ENCRYPTION_KEYS, LOOKUP_KEY } = localSecrets(stateDir);
  const chat = new ChatAi(broker.url, new EventEncryption(new KeyRing(ENCRYPTION_KEYS)));
  started.push(chat);
  await chat.start();
  const telegram = new Telegram(await connectSandbox(sandboxUrl));
  const answers: Answer[] = [];
  const killing = new AbortController();
  const kills = options['kill-every'] > 0 ? fleet.keepKilling(options['kill-every'], random, killing.signal) : [];
  const work = Array.from({ length: options.answers }, (_, n) => n);
  const people = Array.from({ length: options.concurrency }, async () => {
    for (let n = work.shift(); n !== undefined; n = work.shift()) {
      answers.push(await ask(telegram, chat, n, random));
      if (answers.length % 50 === 0) console.log(`${answers.length} answers, ${kills.length} kills`);
    }
  });
  await Promise.all(people);
  killing.abort();
  await fleet.settled();
  await pause(SETTLED_AFTER_MS);
  const windows = await windowsOfDoubt(postgres.url, telegram, new BlindIndex(LOOKUP_KEY, 'bot-adapter'));
  const verdicts = await Promise.all(answers.map((answer) => telegram.verdictOn(answer, kills)));
  for (const { replyId, messages, verdict } of verdicts) {
    if (verdict === 'good') continue;
    console.log(JSON.stringify({ verdict, messages, preview: await previewOf(postgres.url, replyId) }));
  }
  const count = (what: string) => verdicts.filter(({ verdict }) => verdict === what).length;
  return {
    answers: answers.length,
    inGroups: answers.filter(({ isGroup }) => isGroup).length,
    kills: kills.length,
    lost: count('lost'),
    overwritten: count('overwritten'),
    doubled: count('doubled'),
    stubs: count('stub'),
    acceptedBeforeKillMs: verdicts.flatMap(({ beforeKillMs }) => beforeKillMs),
    windowMsP50: percentile(windows, 0.5),
    windowMsP99: percentile(windows, 0.99),
    windowMsMax: percentile(windows, 1),
  };
}

/** Somebody asks, the answer is typed for a while and then finished. */
async function ask(telegram: Telegram, chatAi: ChatAi, n: number, random: () => number): Promise<Answer> {
  const isGroup = n % 2 === 0;
  const question = `Question ${n}, ${randomUUID()}`;
  const chat = await telegram.ask(question, isGroup);
  const { data } = await chatAi.heard(question);
  const replyId = randomUUID();
  const text = `Answer ${n}: ${'so it was written down, word by word, '.repeat(3)}to the end.`;
  const typedForMs = random() * SLOWEST_ANSWER_MS;
  for (let ms = 0; ms < typedForMs; ms += TYPED_EVERY_MS) {
    const soFar = text.slice(0, Math.max(1, Math.floor((text.length * ms) / typedForMs)));
    chatAi.type(
      { ...data, replyId, answers: [data.messageId] },
      ms === 0 ? 'thinking' : 'typing',
      ms === 0 ? '' : soFar,
    );
    await pause(TYPED_EVERY_MS);
  }
  await chatAi.finish({ ...data, replyId }, text);
  return { text, chat, isGroup, replyId };
}

/** How long after the channel had a message it was written down that it has it, by the clock of this machine. */
async function windowsOfDoubt(databaseUrl: string, telegram: Telegram, index: BlindIndex): Promise<number[]> {
  const db = new Client({ connectionString: databaseUrl });
  await db.connect();
  try {
    const { rows } = await db.query<{ chat: string; message: string; written_at: number }>(
      `SELECT chat.external_hash AS chat, delivery.external_message_ids[1] AS message,
         (extract(epoch FROM pg_xact_commit_timestamp(delivery.xmin)) * 1000)::float AS written_at
       FROM bot_adapter.deliveries delivery JOIN bot_adapter.chats chat ON chat.id = delivery.chat_id
       WHERE delivery.state = 'sent' AND delivery.kind = 'text' AND array_length(delivery.external_message_ids, 1) = 1`,
    );
    const accepted = await telegram.acceptedAt((id) => index.hash('external-id', 'telegram', String(id)));
    return rows.flatMap(({ chat, message, written_at }) => {
      const at = accepted.get(`${chat} ${message}`);
      return at === undefined ? [] : [written_at - at];
    });
  } finally {
    await db.end();
  }
}

/** What the service knows of the message that showed an answer: the stub whose id it never learned is the one in doubt. */
async function previewOf(databaseUrl: string, replyId: string): Promise<unknown> {
  const db = new Client({ connectionString: databaseUrl });
  await db.connect();
  try {
    const { rows } = await db.query(
      'SELECT state, external_message_id, call_ends_at FROM bot_adapter.previews WHERE reply_id = $1',
      [replyId],
    );
    return rows[0];
  } finally {
    await db.end();
  }
}

/** Two bot-adapters, of which one may be dead at any moment. */
class Fleet {
  private readonly members: { port: number; child?: Child; isReady: boolean }[];
  private readonly env: Record<string, string | undefined>;
  private readonly logFile: string;
  private readonly starting = new Set<Promise<void>>();

  constructor(ports: number[], env: Record<string, string | undefined>, logFile: string) {
    this.members = ports.map((port) => ({ port, isReady: false }));
    this.env = env;
    this.logFile = logFile;
  }

  async start(): Promise<void> {
    // One after the other: the first one migrates.
    for (const member of this.members) await this.launch(member);
  }

  /** Returns the moments of the kills, which grow. */
  keepKilling(everySeconds: number, random: () => number, signal: AbortSignal): number[] {
    const kills: number[] = [];
    void (async () => {
      while (!signal.aborted) {
        await pause(everySeconds * 1000 * (0.5 + random()), undefined, { signal }).catch(() => undefined);
        if (signal.aborted || !this.members.every(({ isReady }) => isReady)) continue;
        const member = this.members[Math.floor(random() * this.members.length)]!;
        member.isReady = false;
        kills.push(Date.now());
        const restarted = this.strike(member, STRIKES[kills.length % STRIKES.length]!);
        this.starting.add(restarted);
        void restarted.finally(() => this.starting.delete(restarted));
      }
    })();
    return kills;
  }

  private async strike(member: Fleet['members'][number], how: (typeof STRIKES)[number]): Promise<void> {
    if (how === 'freeze') {
      member.child!.kill('SIGSTOP');
      await pause(FROZEN_MS);
      member.child!.kill('SIGCONT');
      member.isReady = true;
      return;
    }
    if (how === 'stop') await member.child!.stop();
    else member.child!.kill('SIGKILL');
    await member.child!.ended;
    await this.launch(member);
  }

  async settled(): Promise<void> {
    await Promise.all(this.starting);
  }

  async stop(): Promise<void> {
    await Promise.all(this.members.map(({ child }) => child?.stop()));
  }

  private async launch(member: Fleet['members'][number]): Promise<void> {
    member.child = startChild({
      entry: 'apps/bot-adapter/dist/src/main.js',
      env: { ...this.env, BOT_ADAPTER_PORT: String(member.port) },
      logFile: this.logFile,
    });
    await ready(member.child, `http://127.0.0.1:${member.port}/health/ready`);
    member.isReady = true;
  }
}

type Question = z.output<typeof MessageReceived.schema>;

/** What chat-ai says and hears, over the real broker. */
class ChatAi {
  private readonly transport: RabbitTransport;
  private readonly questions = new Map<string, { data: Question }>();
  private readonly delivered = new Set<string>();

  private readonly cipher: EventEncryption;

  constructor(url: string, cipher: EventEncryption) {
    this.cipher = cipher;
    this.transport = new RabbitTransport({ url, name: 'bench' });
  }

  async start(): Promise<void> {
    if (!(await until(() => this.transport.ready(), READY_WITHIN_MS))) throw new Error('RabbitMQ does not answer');
    const types = [MessageReceived.type, MessageDelivered.type, ConversationReset.type];
    const group = { name: 'bench.all', types, ordered: false, shards: 1, concurrency: 1, batchSize: 50 };
    await this.transport.subscribe(group, (batch) => {
      for (const { message } of batch) {
        const event = JSON.parse(message.body) as { id: string; sealedfields?: string; type: string; data: unknown };
        const data = decrypted(event.data, event, this.cipher) as { text?: string; causeId?: string };
        if (event.type === MessageReceived.type) this.questions.set(data.text!, { data: data as Question });
        if (event.type === MessageDelivered.type) this.delivered.add(data.causeId!);
      }
      return Promise.resolve();
    });
  }

  async heard(text: string): Promise<{ data: Question }> {
    if (!(await until(() => this.questions.has(text), DELIVERED_WITHIN_MS, 20)))
      throw new Error(`Nobody heard "${text}"`);
    return this.questions.get(text)!;
  }

  type(
    reply: { replyId: string; chatId: string; botId: string; answers: string[] },
    state: string,
    text: string,
  ): void {
    const { replyId, chatId, botId, answers } = reply;
    this.transport.signal(ReplyTyped.type, JSON.stringify({ replyId, chatId, botId, answers, state, text }));
  }

  /** Resolves when the answer was delivered, or time is up. */
  async finish(question: Question & { replyId: string }, text: string): Promise<void> {
    const { replyId, chatId, botId, userId, locale, messageId } = question;
    this.type({ replyId, chatId, botId, answers: [messageId] }, 'done', text);
    const { type, subject, data } = ReplyCompleted({
      replyId,
      chatId,
      botId,
      userId,
      locale,
      text,
      outcome: 'answered',
      answers: [messageId],
    });
    const id = uuidv7();
    const time = new Date().toISOString();
    const event = {
      specversion: '1.0',
      id,
      source: 'chat-ai',
      type,
      subject,
      time,
      datacontenttype: 'application/json',
      data,
    };
    const message: BusMessage = { id, type, subject, body: JSON.stringify(event) };
    await this.transport.publish([message]);
    await until(() => this.delivered.has(replyId), DELIVERED_WITHIN_MS, 20);
  }

  stop(): Promise<void> {
    return this.transport.close();
  }
}

/** People and what they see. */
class Telegram {
  private readonly sandbox: SandboxClient['telegram'];

  constructor({ telegram }: SandboxClient) {
    this.sandbox = telegram;
  }

  /** Returns the chat in which it was asked: a new one. */
  async ask(question: string, isGroup: boolean): Promise<number> {
    const { id: person } = await this.sandbox.addPerson({ firstName: 'Emma', languageCode: 'en' });
    if (!isGroup) {
      await this.sandbox.say(person, { bot: BOT.username }, question);
      return person;
    }
    const group = { title: 'Friends', people: [person], bots: [BOT.username] };
    const { id: chat } = await this.sandbox.addGroup(group);
    await this.sandbox.say(person, { chat }, `@${BOT.username} ${question}`);
    return chat;
  }

  async verdictOn({ text, chat, replyId }: Answer, kills: number[]) {
    const seen = await this.sandbox.messages(chat, BOT.username);
    const messages = seen.filter(({ from }) => from?.is_bot);
    const whole = messages.filter((message) => message.text === text);
    const [first] = whole;
    const verdict =
      messages.length === 0
        ? 'lost'
        : !first
          ? 'overwritten'
          : whole.length > 1
            ? 'doubled'
            : messages.length > 1
              ? 'stub'
              : 'good';
    const kill = verdict === 'doubled' ? kills.find((at) => at >= first!.storedAt) : undefined;
    const beforeKillMs = kill === undefined ? [] : [kill - first!.storedAt];
    return { replyId, verdict, beforeKillMs, messages: messages.map((message) => message.text) };
  }

  /** When the sandbox had stored each message of the bot, by chat and id. */
  async acceptedAt(nameOf: (chat: number) => string): Promise<Map<string, number>> {
    const chats = await this.sandbox.chats();
    const accepted = new Map<string, number>();
    for (const { id } of chats) {
      const seen = await this.sandbox.messages(id, BOT.username);
      // Those that were edited since were accepted later than stored.
      for (const { message_id, storedAt, from } of seen)
        if (from?.is_bot && id > 0) accepted.set(`${nameOf(id)} ${message_id}`, storedAt);
    }
    return accepted;
  }
}

function environment(
  stateDir: string,
  { databaseUrl, amqpUrl, sandboxUrl }: { databaseUrl: string; amqpUrl: string; sandboxUrl: string },
): Record<string, string | undefined> {
  const botsFolder = join(stateDir, 'bots');
  mkdirSync(botsFolder);
  const channel = { kind: 'telegram', apiRoot: 'sandbox', token: BOT.token };
  writeFileSync(join(botsFolder, `${BOT.id}.json`), JSON.stringify({ name: BOT.name, channel }));
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const key = { ...publicKey.export({ format: 'jwk' }), kid: 'bot-adapter', alg: 'EdDSA' };
  return {
    ...process.env,
    NODE_ENV: 'development',
    DATABASE_URL: databaseUrl,
    AMQP_URL: amqpUrl,
    BUS: 'rabbit',
    ...localSecrets(stateDir),
    SERVICE_PRIVATE_KEY: JSON.stringify(privateKey.export({ format: 'jwk' })),
    SERVICE_PUBLIC_KEYS: JSON.stringify({ keys: [key] }),
    MEDIA_FOLDER: join(stateDir, 'media'),
    BOTS_FOLDER: botsFolder,
    BOT_ADAPTER_SANDBOX_API_ROOT: `${sandboxUrl}/telegram`,
  };
}

async function ready(child: Child, url: string): Promise<void> {
  let over = false;
  void child.ended.then(() => (over = true));
  const answers = async () =>
    (await fetch(url, { signal: AbortSignal.timeout(2000) }).catch(() => undefined))?.ok === true;
  if ((await until(async () => over || (await answers()), READY_WITHIN_MS)) && !over) return;
  await child.stop();
  throw new Error(`${url} does not answer:\n${child.tail()}`);
}

/** The same numbers for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
