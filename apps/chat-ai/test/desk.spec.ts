import {
  AddTicketNote,
  AnswerTicket,
  AssignTicket,
  AuditEntryAppendRequested,
  CloseTicket,
  ErasureRequested,
  ForeignReplyNoticed,
  HandBackTicket,
  HandoverBegan,
  HandoverEnded,
  ListTicketMessages,
  ListTickets,
  MessageDelivered,
  MessageUndeliverable,
  NoticeSendRequested,
  ReadTicket,
  SetDeskTags,
  SetTicketTags,
  SnoozeTicket,
  StaffMessageSent,
  SurveyAnswered,
  SurveyAskRequested,
  TakeConversation,
  TakeTicket,
  TicketAnswerRefused,
  TicketAnswerRequested,
  TicketChanged,
  TicketClosed,
  TicketOpened,
  WindowChanged,
} from '@switchboard/contracts';
import { FakeClock, startApp, type TestApp } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import type { z } from 'zod';
import { chatAiApp } from '../src/chat-ai.app';
import { aPerson, botsFolder, rowsOf, runScheduled, untilTrue } from './build';
import { aStaffMember } from './desk';
import { type RunningModel, startModel } from './start-model';

const MINUTE_MS = 60_000;

type ListQuery = z.input<(typeof ListTickets)['query']>;

describe('the desk', () => {
  let model: RunningModel;
  let folder: Awaited<ReturnType<typeof botsFolder>>;
  let app: TestApp;
  const [ann, bob] = [aStaffMember(), aStaffMember()];

  beforeAll(async () => {
    model = await startModel();
    const assistant = { systemPrompt: 'S', tools: ['hand_over'], handoverHours: 6 };
    const hours = { mon: ['09:00-18:00'], tue: ['09:00-18:00'], fri: ['09:00-18:00'] };
    folder = await botsFolder({
      shop: { assistant, staff: { chat: '-100' }, desk: { promiseMinutes: 15 } },
      closed: { assistant, staff: { chat: '-100' }, hours, timeZone: 'Europe/Berlin' },
      other: { assistant },
    });
    app = await startApp(chatAiApp, {
      clock: new FakeClock(new Date('2026-11-20T12:00:00Z')),
      env: { BOTS_FOLDER: folder.path, CHAT_AI_BASE_URL: model.baseUrl, CHAT_AI_API_KEY: 'sk-sandbox' },
    });
  });
  afterAll(async () => {
    await app.stop();
    await Promise.all([model.stop(), folder.remove()]);
  });
  beforeEach(() => model.reset());

  /** Somebody whom the assistant has handed over. */
  async function handedOver(botId = 'shop') {
    const anna = aPerson(() => app, { botId });
    await model.script({ reply: { toolCalls: [{ name: 'hand_over', arguments: { reason: 'asked' } }] } });
    await model.say('Somebody will look into it.');
    const reply = await anna.replyTo(await anna.writes('I want to talk to a human'));
    const opened = await app.probe.until(TicketOpened, ({ data }) => data.userId === anna.userId);
    const { ticketId, conversationId } = opened.data;
    return { anna, ticketId, conversationId, reply, opened: opened.data };
  }
  const read = (ticketId: string, actor = ann) => app.gateway.call(ReadTicket, { params: { ticketId } }, { actor });
  const take = async (ticketId: string, actor = ann, seen?: number) =>
    app.gateway.call(
      TakeTicket,
      { params: { ticketId }, ifMatch: `"${seen ?? (await read(ticketId)).revision}"` },
      { actor },
    );
  const answer = (ticketId: string, text: string, { actor = ann, clientId = uuidv7(), chatId = '' } = {}) =>
    app.gateway.call(
      AnswerTicket,
      { params: { ticketId }, body: { clientId, text, ...(chatId && { chatId }) }, idempotencyKey: uuidv7() },
      { actor },
    );
  const handBack = (ticketId: string, body: { close?: boolean; ask?: boolean } = {}) =>
    app.gateway.call(HandBackTicket, { params: { ticketId }, body, ifMatch: '*' }, { actor: ann });
  const messagesOf = async (ticketId: string) =>
    (await app.gateway.call(ListTicketMessages, { params: { ticketId } }, { actor: ann })).data;
  const listed = async (query: ListQuery, actor = ann) =>
    (await app.gateway.call(ListTickets, { query }, { actor })).data.map(({ id }) => id);
  const deliveryOf = async (ticketId: string, id: string) =>
    (await messagesOf(ticketId)).find((message) => message.id === id)?.delivery;
  const stateOf = async (messageId: string) =>
    (await rowsOf<{ state: string }>(app, 'SELECT state FROM messages WHERE id = $1', [messageId]))[0]?.state;

  it('has a ticket for whoever wants a human, without their words', async () => {
    const { anna, ticketId, conversationId, opened } = await handedOver();
    expect(opened).toMatchObject({ brandId: 'shop', botId: 'shop', state: 'open', reason: 'asked', answers: 0 });
    const ticket = await read(ticketId);
    expect(ticket).toMatchObject({
      ...{ conversationId, state: 'open', assignee: null, channel: 'telegram', language: 'en', window: null },
      handedOverUntil: new Date('2026-11-20T18:00:00Z'),
      accounts: [{ botId: 'shop', chatId: anna.chatId }],
      ...{ notes: [], earlier: 0 },
    });
    expect(JSON.stringify(ticket)).not.toContain('talk to a human');
    expect(await listed({ userId: anna.userId })).toEqual([ticketId]);
    expect(await listed({ userId: anna.userId, view: 'unassigned' })).toEqual([ticketId]);
    expect(await listed({ userId: anna.userId, view: 'closed' })).toEqual([]);
  });

  it('shows the words to who works on it, which the audit log is told once', async () => {
    const { ticketId } = await handedOver();
    const messages = await messagesOf(ticketId);
    expect(messages.map(({ role, text }) => [role, text?.slice(0, 9)])).toEqual([
      ['assistant', 'Somebody '],
      ['person', 'I want to'],
    ]);
    await messagesOf(ticketId);
    const told = () => app.probe.all(AuditEntryAppendRequested).filter(({ data }) => data.resourceId === ticketId);
    await untilTrue('the entry', () => told().length > 0);
    expect(told().map(({ data }) => [data.action, data.actor.id])).toEqual([['chat-ai.desk.read', ann.id]]);
  });

  it('lets one take a conversation; whoever comes second is told who was first', async () => {
    const { anna, ticketId } = await handedOver();
    const { revision } = await read(ticketId);
    const both = await Promise.allSettled([take(ticketId, ann, revision), take(ticketId, bob, revision)]);
    const won = both.find((each) => each.status === 'fulfilled')!.value;
    const lost = both.find((each) => each.status === 'rejected')!.reason as unknown;
    expect(lost).toMatchObject({
      status: 409,
      problem: { code: 'chat-ai.taken_by_another', params: { staffId: won.assignee } },
    });
    const began = app.probe.all(HandoverBegan).filter(({ data }) => data.chatId === anna.chatId);
    expect(began.map(({ data }) => [data.reason, data.by])).toEqual([
      ['asked', undefined],
      ['staff', won.assignee],
    ]);
    const winner = won.assignee === ann.id ? ann : bob;
    await expect(take(ticketId, winner, revision)).rejects.toMatchObject({ status: 412 });
    expect(await listed({ view: 'mine', userId: anna.userId }, winner)).toEqual([ticketId]);
  });

  it('brings what staff write to the person once, and says what became of it', async () => {
    const { anna, ticketId } = await handedOver();
    app.clock.advance(4000);
    const clientId = uuidv7();
    const sent = await answer(ticketId, 'I am *here*', { clientId });
    expect(await answer(ticketId, 'I am *here*', { clientId })).toMatchObject({ id: sent.id });
    const events = () => app.probe.all(StaffMessageSent).filter(({ data }) => data.ticketId === ticketId);
    await untilTrue('the event', () => events().length > 0);
    expect(events().map(({ data }) => data)).toMatchObject([
      {
        ...{ messageId: sent.id, chatId: anna.chatId, botId: 'shop', author: 'staff', staffId: ann.id },
        ...{ text: 'I am *here*', waitedMs: 4000 },
      },
    ]);
    expect(sent).toMatchObject({ role: 'staff', staffId: ann.id, clientId, delivery: { state: 'queued' } });
    expect(await read(ticketId)).toMatchObject({
      ...{ state: 'waiting', assignee: ann.id, answers: 1, firstAnswerMs: 4000, waitingSince: null },
    });
    const about = { chatId: anna.chatId, botId: 'shop', channel: 'telegram', userId: anna.userId };
    const delivery = { ...about, deliveryId: uuidv7(), causeId: sent.id };
    const deliveredAt = new Date().toISOString();
    await app.probe.say(MessageDelivered({ ...delivery, kind: 'staff', parts: 1, deliveredAt }));
    await untilTrue('the delivery', async () => (await deliveryOf(ticketId, sent.id))?.state === 'sent');
    const lost = await answer(ticketId, 'And this');
    await app.probe.say(
      MessageUndeliverable({ ...about, deliveryId: uuidv7(), causeId: lost.id, reason: 'window_closed' }),
    );
    await untilTrue('the failure', async () => (await deliveryOf(ticketId, lost.id))?.state === 'failed');
    expect(await deliveryOf(ticketId, lost.id)).toEqual({ state: 'failed', reason: 'window_closed' });
    await expect(answer(ticketId, 'Me too', { actor: bob })).rejects.toMatchObject({ status: 409 });
  });

  it('brings a ticket back when the person writes, and the assistant stays silent', async () => {
    const { anna, ticketId } = await handedOver();
    await answer(ticketId, 'Which size?');
    const wrote = await anna.writes('A large one');
    const changed = ({ data }: { data: { ticketId: string; state: string } }) =>
      data.ticketId === ticketId && data.state === 'open';
    await app.probe.until(TicketChanged, changed);
    expect(await stateOf(wrote)).toBe('handed_over');
    expect((await read(ticketId)).waitingSince).not.toBeNull();
    expect(anna.replies()).toHaveLength(1);
  });

  it('hands back: the assistant knows what was said, and answers only what is written from then on', async () => {
    const { anna, ticketId, conversationId } = await handedOver();
    await take(ticketId);
    const asked = await anna.writes('Is the red one warm?');
    await untilTrue('the question', async () => (await stateOf(asked)) === 'handed_over');
    await answer(ticketId, 'It is, very.');
    expect(await handBack(ticketId)).toMatchObject({ state: 'closed', closedBy: ann.id });
    const ended = await app.probe.until(HandoverEnded, ({ data }) => data.conversationId === conversationId);
    expect(ended.data.by).toBe('staff');
    await app.probe.until(TicketClosed, ({ data }) => data.ticketId === ticketId);
    await model.say('Twenty euros.');
    const next = await anna.writes('And what does it cost?');
    expect((await anna.replyTo(next)).answers).toEqual([next]);
    expect(await stateOf(asked)).toBe('handed_over');
    const { messages } = (await model.calls()).at(-1)!.body;
    expect(messages.slice(-3).map(({ role, content }) => [role, content])).toEqual([
      ['user', 'Is the red one warm?'],
      ['assistant', 'It is, very.'],
      ['user', 'And what does it cost?'],
    ]);
    await expect(answer(ticketId, 'Too late')).rejects.toMatchObject({
      status: 409,
      problem: { code: 'chat-ai.ticket_closed' },
    });
  });

  it('asks the person what it was worth, once nothing was said for ten minutes', async () => {
    const { anna, ticketId } = await handedOver();
    await answer(ticketId, 'Done');
    await app.gateway.call(CloseTicket, { params: { ticketId }, body: {}, ifMatch: '*' }, { actor: ann });
    const asked = () => app.probe.all(SurveyAskRequested).filter(({ data }) => data.userId === anna.userId);
    await runScheduled(app, 'ask-for-scores');
    expect(asked()).toEqual([]);
    // What people write has the time of the machine, and the clock of this service is behind it.
    app.clock.set(new Date(Date.now() + 11 * MINUTE_MS));
    await runScheduled(app, 'ask-for-scores');
    await runScheduled(app, 'ask-for-scores');
    await untilTrue('the question', () => asked().length > 0);
    expect(asked().map(({ data }) => data.question)).toEqual(['csat']);
    const { surveyId } = asked()[0]!.data;
    const about = { chatId: anna.chatId, botId: 'shop', channel: 'telegram', userId: anna.userId };
    await app.probe.say(SurveyAnswered({ ...about, surveyId, question: 'csat', score: 5 }));
    await untilTrue('the score', async () => (await read(ticketId)).score === 5);
    app.clock.set(new Date('2026-11-20T12:00:00Z'));
  });

  it('puts a ticket aside until its time, or until the person writes', async () => {
    const { anna, ticketId } = await handedOver();
    const snooze = (minutes: number) =>
      app.gateway.call(
        SnoozeTicket,
        {
          params: { ticketId },
          body: { until: new Date(app.clock.now().getTime() + minutes * MINUTE_MS).toISOString() },
          ifMatch: '*',
        },
        { actor: ann },
      );
    await expect(snooze(-1)).rejects.toMatchObject({ status: 422, problem: { code: 'chat-ai.snooze_over' } });
    expect((await snooze(30)).state).toBe('snoozed');
    await runScheduled(app, 'wake-tickets');
    expect((await read(ticketId)).state).toBe('snoozed');
    app.clock.advance(31 * MINUTE_MS);
    await runScheduled(app, 'wake-tickets');
    expect((await read(ticketId)).state).toBe('open');
    await snooze(30);
    await anna.writes('Hello?');
    await untilTrue('the return', async () => (await read(ticketId)).state === 'open');
    app.clock.set(new Date('2026-11-20T12:00:00Z'));
  });

  it('keeps notes and tags, and both go with the person', async () => {
    const { anna, ticketId } = await handedOver();
    const note = { params: { ticketId }, body: { text: 'Likes red' }, idempotencyKey: uuidv7() };
    await app.gateway.call(AddTicketNote, note, { actor: ann });
    const tags = [{ name: 'wholesale', colour: 'blue' as const }];
    await app.gateway.call(SetDeskTags, { query: { brandId: 'shop' }, body: { tags } }, { actor: ann });
    const tagged = (names: string[]) =>
      app.gateway.call(SetTicketTags, { params: { ticketId }, body: { tags: names } }, { actor: ann });
    await expect(tagged(['retail'])).rejects.toMatchObject({ status: 404 });
    await tagged(['wholesale']);
    expect(await listed({ tag: ['wholesale'] })).toEqual([ticketId]);
    expect(await read(ticketId)).toMatchObject({ tags: ['wholesale'], notes: [{ text: 'Likes red', author: ann.id }] });
    expect(JSON.stringify(await rowsOf(app, 'SELECT text FROM desk_notes'))).not.toContain('Likes red');
    await app.probe.say(ErasureRequested({ erasureId: uuidv7(), userId: anna.userId }));
    await app.probe.until(TicketClosed, ({ data }) => data.ticketId === ticketId);
    await expect(read(ticketId)).rejects.toMatchObject({ status: 404 });
    for (const table of ['desk_tickets', 'desk_notes'])
      expect(await rowsOf(app, `SELECT FROM ${table} WHERE user_id = $1`, [anna.userId])).toEqual([]);
  });

  it('is seen by nobody who has not the account', async () => {
    const { anna, ticketId, conversationId } = await handedOver();
    const stranger = aStaffMember(['other']);
    const refused = { status: 404, problem: { code: 'chat-ai.ticket_not_found' } };
    await expect(read(ticketId, stranger)).rejects.toMatchObject(refused);
    await expect(take(ticketId, stranger)).rejects.toMatchObject(refused);
    await expect(answer(ticketId, 'Hello', { actor: stranger })).rejects.toMatchObject(refused);
    const taking = app.gateway.call(TakeConversation, { params: { conversationId } }, { actor: stranger });
    await expect(taking).rejects.toMatchObject({ status: 404 });
    expect(await listed({ userId: anna.userId }, stranger)).toEqual([]);
  });

  it('gives nothing to somebody who is not on it', async () => {
    const { ticketId } = await handedOver();
    const assign = { params: { ticketId }, body: { assignee: bob.id }, ifMatch: '*' };
    await expect(app.gateway.call(AssignTicket, assign, { actor: ann })).rejects.toMatchObject({
      status: 422,
      problem: { code: 'chat-ai.staff_not_on_desk' },
    });
  });

  it('hears of what somebody answers in the app of the channel: it belongs to the talk, and the assistant is silent', async () => {
    const anna = aPerson(() => app, { botId: 'shop' });
    await model.say('Hello');
    await anna.replyTo(await anna.writes('Hi'));
    await model.pace(5000);
    const asked = await anna.writes('Is it open?');
    await untilTrue('thinking', () => anna.typed().at(-1)?.state === 'thinking');
    const { chatId, botId, channel, userId } = anna;
    const reply = {
      messageId: uuidv7(),
      by: 'channel' as const,
      text: 'We are open',
      sentAt: new Date().toISOString(),
    };
    const noticed = ForeignReplyNoticed({ chatId, botId, channel, userId, ...reply });
    await app.probe.say(noticed);
    await app.probe.say(noticed);
    const { data } = await app.probe.until(TicketOpened, (event) => event.data.userId === userId);
    expect(data).toMatchObject({ reason: 'foreign_reply' });
    await untilTrue('silence', () => anna.typed().at(-1)?.state === 'cancelled');
    expect(await stateOf(asked)).toBe('handed_over');
    expect(await messagesOf(data.ticketId)).toMatchObject([
      { role: 'staff', author: 'channel', staffId: null, text: 'We are open', delivery: null },
      { role: 'person', text: 'Is it open?' },
      { role: 'assistant' },
      { role: 'person' },
    ]);
    expect(await read(data.ticketId)).toMatchObject({ assignee: null, state: 'waiting', answers: 1 });
  });

  it('is answered from the group of the staff, unless somebody has it in the console', async () => {
    const { ticketId } = await handedOver();
    const requested = (text: string) =>
      app.probe.say(TicketAnswerRequested({ ticketId, clientId: uuidv7(), author: 'group', text }));
    await requested('Here I am');
    const sent = () => app.probe.all(StaffMessageSent).filter(({ data }) => data.ticketId === ticketId);
    await untilTrue('the answer', () => sent().length > 0);
    expect(sent()[0]!.data).toMatchObject({ author: 'group', text: 'Here I am' });
    await take(ticketId, bob);
    await requested('Me too');
    const refused = await app.probe.until(TicketAnswerRefused, ({ data }) => data.ticketId === ticketId);
    expect(refused.data.reason).toBe('taken');
    await answer(ticketId, 'It is me now', { actor: bob });
    await untilTrue('the second answer', () => sent().length > 1);
    expect(sent().map(({ data }) => data.text)).toEqual(['Here I am', 'It is me now']);
  });

  it('writes to nobody whose window is closed', async () => {
    const { anna, ticketId } = await handedOver();
    const { chatId, botId, channel, userId } = anna;
    const until = new Date(app.clock.now().getTime() + MINUTE_MS);
    const window = { chatId, botId, channel, userId, forPersonUntil: until.toISOString() };
    await app.probe.say(WindowChanged(window));
    await untilTrue('the window', async () => (await read(ticketId)).window?.staffUntil?.getTime() === until.getTime());
    await answer(ticketId, 'In time');
    app.clock.advance(2 * MINUTE_MS);
    await expect(answer(ticketId, 'Too late')).rejects.toMatchObject({
      status: 409,
      problem: { code: 'chat-ai.window_closed', params: { until: until.toISOString(), chatIds: [] } },
    });
    app.clock.set(new Date('2026-11-20T12:00:00Z'));
  });

  it('tells staff and the person when nobody comes as soon as was promised', async () => {
    const { anna, conversationId } = await handedOver();
    const notices = () =>
      app.probe.all(NoticeSendRequested).filter(({ data }) => /nobody has taken/.test(data.texts.en)).length;
    await runScheduled(app, 'remind-of-promises');
    const before = notices();
    app.clock.advance(16 * MINUTE_MS);
    await runScheduled(app, 'remind-of-promises');
    await runScheduled(app, 'remind-of-promises');
    await untilTrue('the words', () => anna.replies().length > 1);
    expect(anna.replies().map(({ text }) => text)[1]).toMatch(/Nobody was free/);
    expect(anna.replies()).toHaveLength(2);
    expect(notices()).toBeGreaterThan(before);
    const promised = await rowsOf(app, 'SELECT promised_at FROM desk_tickets WHERE conversation_id = $1', [
      conversationId,
    ]);
    expect(promised).toEqual([{ promised_at: null }]);
    app.clock.set(new Date('2026-11-20T12:00:00Z'));
  });

  it('says after hours when somebody is there again, and promises nothing before', async () => {
    app.clock.set(new Date('2026-11-20T20:00:00Z'));
    const { reply, ticketId } = await handedOver('closed');
    expect(reply.text).toMatch(/after hours.*Monday, (23 November|November 23) at 09:00 \(Europe\/Berlin\)\.$/s);
    const [row] = await rowsOf<{ at: Date }>(app, 'SELECT promised_at AS at FROM desk_tickets WHERE id = $1', [
      ticketId,
    ]);
    expect(row!.at).toEqual(new Date('2026-11-23T08:30:00Z'));
    app.clock.set(new Date('2026-11-20T12:00:00Z'));
  });
});
