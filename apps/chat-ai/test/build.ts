import {
  ConversationReset,
  ListConversations,
  type Locale,
  MessageEdited,
  MessageReceived,
} from '@switchboard/contracts';
import { type TestApp, until } from '@switchboard/testing';
import { ReplyCompleted } from '@switchboard/contracts';
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

/** What operators see of a chat. */
export const transcriptOf = (app: TestApp, chatId: string) =>
  app.gateway.call(ListConversations, { params: { chatId } });

/** Rows of a table of the service, as they lie in the database. */
export const rowsOf = <Row = Record<string, unknown>>(app: TestApp, sql: string, parameters: unknown[] = []) =>
  app.service.db.query<Row[]>(sql, parameters);

export const untilTrue = (what: string, look: () => boolean | Promise<boolean>) => until(look, { what });
