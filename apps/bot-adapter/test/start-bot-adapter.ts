import { type EventOf, MessageReceived, ReplyCompleted } from '@switchboard/contracts';
import { startApp, type TestApp, type TestAppOptions } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { botAdapterApp } from '../src/bot-adapter.app';
import { LUMEN, NORTHWIND, type Phone, type PretendedTelegram } from './start-sandbox';

const bots = [
  { id: 'lumen', name: 'Lumen', token: LUMEN.token, apiRoot: 'sandbox', products: ['assistant'] },
  { id: 'northwind', name: 'Northwind', token: NORTHWIND.token, apiRoot: 'sandbox', products: ['assistant'] },
];

/** For specs about something else than the limits. */
export const WITHOUT_LIMITS = {
  BOT_ADAPTER_BOT_MESSAGES_PER_SECOND: '100000',
  BOT_ADAPTER_CHAT_MESSAGES_PER_SECOND: '100000',
  BOT_ADAPTER_GROUP_MESSAGES_PER_MINUTE: '100000',
};

/** The service under test, polling the pretended Telegram. */
export async function startBotAdapter(telegram: PretendedTelegram, options: TestAppOptions = {}): Promise<TestApp> {
  const { env, ...others } = options;
  return startApp(botAdapterApp, {
    ...others,
    env: {
      BOT_ADAPTER_BOTS: JSON.stringify(bots),
      BOT_ADAPTER_SANDBOX_API_ROOT: telegram.apiRoot,
      ...WITHOUT_LIMITS,
      ...env,
    },
  });
}

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
  more: { replyId?: string; locale?: 'en' | 'ru' } = {},
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
