import {
  ConversationReset,
  ListConversations,
  ListMessages,
  ListTurns,
  type Locale,
  MessageEdited,
  MessageReceived,
  ReplyCompleted,
  ReplyRateRequested,
  ReplyRegenerateRequested,
  ReplyStopRequested,
  ReplyTyped,
} from '@switchboard/contracts';
import { BotsRegistry, Schedules } from '@switchboard/service-kit';
import { type TestApp, until } from '@switchboard/testing';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { v7 as uuidv7 } from 'uuid';

type Received = Parameters<typeof MessageReceived>[0];

/** One person in one chat with one bot, who talks to the service under test. */
export function aPerson(app: () => TestApp, { botId = 'lumen', locale = 'en' as Locale } = {}) {
  const chatId = uuidv7();
  const inChat = { chatId, botId, channel: 'telegram' as const, userId: uuidv7() };
  const sentAt = () => new Date().toISOString();
  return {
    ...inChat,
    async writes(text: string, more: Partial<Received> = {}): Promise<string> {
      const messageId = uuidv7();
      await app().probe.say(
        MessageReceived({ ...inChat, messageId, locale, kind: 'text', text, sentAt: sentAt(), ...more }),
      );
      return messageId;
    },
    edits: (messageId: string, text: string) =>
      app().probe.say(MessageEdited({ ...inChat, messageId, text, sentAt: sentAt() })),
    resets: () => app().probe.say(ConversationReset(inChat)),
    stops: (replyId?: string) => app().probe.say(ReplyStopRequested({ ...inChat, ...(replyId && { replyId }) })),
    asksAgain: (replyId: string) => app().probe.say(ReplyRegenerateRequested({ ...inChat, replyId })),
    rates: (replyId: string, rating: number) => app().probe.say(ReplyRateRequested({ ...inChat, replyId, rating })),
    /** How far the answers in this chat were said to be. */
    typed: () =>
      app()
        .probe.signalsOf(ReplyTyped)
        .filter((signal) => signal.chatId === chatId),
    replies: () =>
      app()
        .probe.all(ReplyCompleted)
        .filter(({ data }) => data.chatId === chatId)
        .map(({ data }) => data),
    /** Waits for the reply that answers a message. */
    replyTo: async (messageId: string) =>
      (await app().probe.until(ReplyCompleted, ({ data }) => data.answers.includes(messageId))).data,
  };
}

/** What staff see of a chat: its conversations, the latest first, each with its messages and turns in order. */
export async function transcriptOf(app: TestApp, chatId: string) {
  const { data } = await app.gateway.call(ListConversations, { query: { chatId } });
  const conversations = data.map(async (conversation) => {
    const asked = { params: { conversationId: conversation.id }, query: { limit: 200 } };
    const [messages, turns] = await Promise.all([
      app.gateway.call(ListMessages, { ...asked, reason: 'a spec' }),
      app.gateway.call(ListTurns, asked),
    ]);
    return { ...conversation, messages: messages.data.reverse(), turns: turns.data.reverse() };
  });
  return { conversations: await Promise.all(conversations) };
}

/** Rows of a table of the service, as they lie in the database. */
export const rowsOf = <Row = Record<string, unknown>>(app: TestApp, sql: string, parameters: unknown[] = []) =>
  app.service.db.query<Row[]>(sql, parameters);

export const untilTrue = (what: string, look: () => boolean | Promise<boolean>) => until(look, { what });

/** A folder that describes bots, each by what its assistant says and by more if need be. */
export async function botsFolder(bots: Record<string, { assistant?: object; [more: string]: unknown }>) {
  const root = await mkdtemp(join(tmpdir(), 'bots-'));
  const path = join(root, 'bots');
  await mkdir(path);
  const write = async (id: string, more: object) => {
    const channel = { kind: 'telegram', apiRoot: 'sandbox', token: `1:${id}` };
    // Written aside and moved: nobody reads half a file.
    await writeFile(join(root, id), JSON.stringify({ name: id, channel, ...more }));
    await rename(join(root, id), join(path, `${id}.json`));
  };
  for (const [id, more] of Object.entries(bots)) await write(id, more);
  return { path, write, remove: () => rm(root, { recursive: true }) };
}

/** Has a service read the descriptions of its bots again, instead of waiting until it notices. */
export const rereadBots = (app: TestApp) => app.service.nest.get(BotsRegistry).refresh();

let slots = 0;

/** Runs what is scheduled, as if its time had come, and waits for its end. */
export async function runScheduled(app: TestApp, job: string): Promise<void> {
  // A slot of its own, later than any that the service has claimed by the clock of the database.
  const slot = new Date(Date.now() + ++slots * 86_400_000);
  if (!(await app.service.nest.get(Schedules).runSlot(job, slot))) throw new Error(`${job} has run later than that`);
  const isDone = `SELECT FROM schedules WHERE job = $1 AND last_success_slot = last_slot`;
  await untilTrue(`the end of ${job}`, async () => (await rowsOf(app, isDone, [job])).length === 1);
}
