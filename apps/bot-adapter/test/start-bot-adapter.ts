import { type EventOf, MessageReceived, ReplyCompleted } from '@switchboard/contracts';
import type { AppDefinition } from '@switchboard/service-kit';
import { startApp, testIndex, type TestApp, type TestAppOptions } from '@switchboard/testing';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import { botAdapterApp } from '../src/bot-adapter.app';
import { LUMEN, NORTHWIND, type Phone, type PretendedTelegram } from './start-sandbox';

export type BotDescriptions = Readonly<Record<string, object>>;

/** People of specs write fast. */
const UNHURRIED = { flood: { burst: 10_000 } };

export const inSandbox = ({ token }: { token: string }) => ({ kind: 'telegram', apiRoot: 'sandbox', token });

export const BOTS: BotDescriptions = {
  lumen: { name: 'Lumen', channel: inSandbox(LUMEN), access: UNHURRIED },
  northwind: { name: 'Northwind', channel: inSandbox(NORTHWIND), accepts: ['voice'], access: UNHURRIED },
};

/** A folder as BOTS_FOLDER takes it. */
export function botsFolder(bots: BotDescriptions = BOTS): string {
  const folder = mkdtempSync(join(tmpdir(), 'switchboard-bots-'));
  writeBots(folder, bots);
  return folder;
}

export function writeBots(folder: string, bots: BotDescriptions): void {
  for (const [id, description] of Object.entries(bots)) {
    writeFileSync(join(folder, `${id}.json`), JSON.stringify(description));
  }
}

/** For specs about something else than the limits. */
export const WITHOUT_LIMITS = {
  BOT_ADAPTER_BOT_MESSAGES_PER_SECOND: '100000',
  BOT_ADAPTER_CHAT_MESSAGES_PER_SECOND: '100000',
  BOT_ADAPTER_GROUP_MESSAGES_PER_MINUTE: '100000',
};

/** The service under test, polling the pretended Telegram. */
export async function startBotAdapter(
  telegram: Pick<PretendedTelegram, 'apiRoot'>,
  options: TestAppOptions & { bots?: BotDescriptions; app?: AppDefinition } = {},
): Promise<TestApp> {
  const { env, bots, app: definition = botAdapterApp, ...others } = options;
  const folder = env?.['BOTS_FOLDER'] ?? botsFolder(bots);
  const app = await startApp(definition, {
    ...others,
    env: { BOTS_FOLDER: folder, BOT_ADAPTER_SANDBOX_API_ROOT: telegram.apiRoot, ...WITHOUT_LIMITS, ...env },
  });
  const stop = async (how?: Parameters<TestApp['stop']>[0]) => {
    await app.stop(how);
    if (folder) rmSync(folder, { recursive: true, force: true });
  };
  return { ...app, stop };
}

/** By which a person or a chat of Telegram is found in the tables. */
export const externalHash = (id: number | string): string =>
  testIndex('bot-adapter').hash('external-id', 'telegram', String(id));

/** A person says something, and this is what the other services hear. */
export async function hear(app: TestApp, phone: Phone, text: string): Promise<EventOf<typeof MessageReceived>> {
  const before = new Set(app.probe.all(MessageReceived));
  await phone.say(text);
  return app.probe.until(MessageReceived, (event) => event.data.text === text && !before.has(event));
}

/** chat-ai answers a message. Returns the id of the reply. */
export async function reply(
  app: TestApp,
  { data }: Pick<EventOf<typeof MessageReceived>, 'data'>,
  text: string,
  more: {
    replyId?: string;
    replaces?: string;
    suggestions?: string[];
    confirmationId?: string;
    locale?: 'en' | 'ru';
  } = {},
): Promise<string> {
  const { chatId, botId, userId, locale, messageId } = data;
  const { replyId = uuidv7() } = more;
  const answer = { chatId, botId, userId, locale, text, outcome: 'answered', ...more, replyId } as const;
  await app.probe.say(ReplyCompleted({ ...answer, answers: [messageId] }));
  return replyId;
}

/** A counter as Prometheus would read it, summed over the series with this label. */
export async function metric(app: TestApp, name: string, label = ''): Promise<number> {
  const text = await (await fetch(`${app.url}/metrics`)).text();
  const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`) && line.includes(label));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}
