import {
  HandoverBegan,
  MessageReceived,
  StaffMessageSent,
  TicketAnswerRefused,
  TicketAnswerRequested,
  TicketChanged,
  TicketClosed,
  TicketOpened,
} from '@switchboard/contracts';
import { type TestApp, until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { BOTS, hear, startBotAdapter } from '../../../test/start-bot-adapter';
import { LUMEN, type Phone, type PretendedTelegram, startTelegram } from '../../../test/start-sandbox';

const TOPIC = 'support';

describe('the group of the staff of a bot that has an assistant alone', () => {
  let telegram: PretendedTelegram;
  let app: TestApp;
  let group: Phone;
  let topicId: number;

  beforeAll(async () => {
    telegram = await startTelegram();
    const member = await telegram.person('en', undefined, 'Sam');
    const { id: chat } = await telegram.control<{ id: number }>('POST', 'telegram/chats', {
      ...{ title: 'Staff', people: [member.id], bots: [LUMEN.username], admins: [LUMEN.username], forum: true },
    });
    group = telegram.inGroup(member, { chat } as Phone);
    const topic = await telegram.ask<{ message_thread_id: number }>('createForumTopic', { chat_id: chat, name: TOPIC });
    topicId = topic.message_thread_id;
    const staff = { chat: String(chat), topics: { support: String(topicId) } };
    app = await startBotAdapter(telegram, { bots: { lumen: { ...BOTS['lumen'], staff } } });
    await group.say(`/start@${LUMEN.username}`);
    await until(
      async () => (await app.service.db.query<unknown[]>(`SELECT FROM chats WHERE kind = 'group'`)).length > 0,
      {
        what: 'the group being known',
      },
    );
  });
  afterAll(async () => {
    await app.stop();
    await telegram.close();
  });

  const said = async (words: RegExp) => {
    const message = (await group.answer(({ text }) => words.test(text ?? ''))) as { message_id: number } & {
      message_thread_id?: number;
      text?: string;
    };
    return message;
  };
  const timesSaid = async (words: RegExp) =>
    (await group.answers()).filter(({ text }) => words.test(text ?? '')).length;

  /** Somebody who wants a human, in whose chat the assistant is silent. */
  async function handedOver(name: string, more: { assignee?: string; reason?: string } = {}) {
    const phone = await telegram.person('en', LUMEN.username, name);
    const { chatId, botId, channel, userId } = (await hear(app, phone, 'Hello')).data;
    const ids = { ticketId: uuidv7(), conversationId: uuidv7() };
    const at = new Date().toISOString();
    const ticket = {
      ...{ ...ids, chatId, botId, channel, userId, brandId: botId, at },
      ...{ state: 'open', reason: 'asked', language: 'en', answers: 0, ...more },
    };
    const end = new Date(Date.now() + 3_600_000).toISOString();
    await app.probe.say(TicketOpened(ticket));
    const { conversationId } = ids;
    await app.probe.say(HandoverBegan({ conversationId, chatId, botId, userId, reason: 'asked', until: end }));
    const isSilent = 'SELECT FROM chats WHERE id = $1 AND handed_over_until IS NOT NULL';
    await until(async () => (await app.service.db.query<unknown[]>(isSilent, [chatId])).length > 0, {
      what: 'silence',
    });
    return { phone, ticket, ticketId: ids.ticketId };
  }
  const requested = (ticketId: string) =>
    app.probe
      .all(TicketAnswerRequested)
      .filter(({ data }) => data.ticketId === ticketId)
      .map(({ data }) => data);

  it('is told in its topic who waits, and reads what they write; the assistant reads along', async () => {
    const { phone } = await handedOver('Olga');
    expect((await said(/^🙋 Lumen: Olga wants/)).message_thread_id).toBe(topicId);
    await phone.say('It stopped at noon');
    await said(/^💬 Lumen, Olga:\s+It stopped at noon/);
    await app.probe.until(MessageReceived, ({ data }) => data.text === 'It stopped at noon');
  });

  it('answers by a reply, which the desk sends', async () => {
    const { phone, ticket, ticketId } = await handedOver('Max');
    const question = await said(/^🙋 Lumen: Max wants/);
    await group.say('Just chatting');
    await group.say('I am here', { replyTo: question.message_id });
    await said(/^✅ Passed on/);
    expect(requested(ticketId)).toMatchObject([{ author: 'group', text: 'I am here' }]);
    const { chatId, botId, channel, userId, conversationId, at } = ticket;
    const sent = { chatId, botId, channel, userId, conversationId, ticketId, messageId: uuidv7(), at };
    const end = new Date(Date.now() + 3_600_000).toISOString();
    const words = { author: 'group', text: 'I am here', locale: 'en', until: end };
    await app.probe.say(StaffMessageSent({ ...sent, ...words }));
    await phone.answer(({ text }) => text === 'I am here');
  });

  it('is told when somebody takes a conversation in the console, and may not answer it then', async () => {
    const { phone, ticket, ticketId } = await handedOver('Eva');
    const question = await said(/^🙋 Lumen: Eva wants/);
    await app.probe.say(TicketChanged({ ...ticket, assignee: uuidv7() }));
    await said(/^✋ Lumen: somebody has taken/);
    await phone.say('Words for the console');
    await app.probe.until(MessageReceived, ({ data }) => data.text === 'Words for the console');
    await group.say('Me too', { replyTo: question.message_id });
    await said(/^Not sent: somebody has taken/);
    expect(requested(ticketId)).toEqual([]);
    expect(await timesSaid(/Words for the console/)).toBe(0);
  });

  it('is told when the console was faster, and when nothing is left to answer', async () => {
    const { ticket, ticketId } = await handedOver('Ivan');
    const question = await said(/^🙋 Lumen: Ivan wants/);
    const before = await timesSaid(/^Not sent: somebody has taken/);
    await app.probe.say(TicketAnswerRefused({ ticketId, clientId: uuidv7(), reason: 'taken' }));
    await until(async () => (await timesSaid(/^Not sent: somebody has taken/)) > before, { what: 'the word' });
    await app.probe.say(TicketClosed({ ...ticket, state: 'closed' }));
    const isClosed = 'SELECT FROM staff_group_tickets WHERE ticket_id = $1 AND closed_at IS NOT NULL';
    await until(async () => (await app.service.db.query<unknown[]>(isClosed, [ticketId])).length > 0, {
      what: 'the end',
    });
    await group.say('Too late', { replyTo: question.message_id });
    await said(/^Not sent: this conversation is closed/);
    expect(requested(ticketId)).toEqual([]);
  });

  it('is not bothered with what somebody has in the console from the begin', async () => {
    await handedOver('Rita', { assignee: uuidv7(), reason: 'staff' });
    await handedOver('Nina');
    await said(/^🙋 Lumen: Nina wants/);
    expect(await timesSaid(/Rita/)).toBe(0);
  });
});
