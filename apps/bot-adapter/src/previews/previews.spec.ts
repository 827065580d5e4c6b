import { MemoryTransport } from '@switchboard/bus';
import {
  type EventOf,
  MessageDelivered,
  MessageReceived,
  ReplyStopRequested,
  ReplyTyped,
} from '@switchboard/contracts';
import { LeaderElection, Service } from '@switchboard/service-kit';
import { type TestApp, until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { BotLeaderElection } from '../bots/bot-leader-election';
import { DeliveriesJobs } from '../deliveries/deliveries.jobs';
import { hear, metric, reply, startBotAdapter } from '../../test/start-bot-adapter';
import { type Phone, type PretendedTelegram, startTelegram } from '../../test/start-sandbox';
import { PreviewsJobs } from './previews.jobs';

type Heard = Pick<EventOf<typeof MessageReceived>, 'data'>;

/** chat-ai writes: every process of the service hears it. */
const typed =
  (...transports: MemoryTransport[]) =>
  (replyId: string, { data: { chatId, botId, messageId } }: Heard, state: string, text = '', replaces?: string) => {
    for (const transport of transports) {
      transport.signal(
        ReplyTyped.type,
        JSON.stringify({ replyId, chatId, botId, answers: [messageId], state, text, replaces }),
      );
    }
  };

/** Calls of the Bot API that were answered, once there are so many. */
const answered = (telegram: PretendedTelegram, method: string, chat: number, atLeast: number) =>
  until(
    async () => {
      const found = (await telegram.calls(method, chat)).filter(({ status }) => status !== null);
      return found.length >= atLeast && found;
    },
    { what: `${atLeast} × ${method}` },
  );

const begun = (telegram: PretendedTelegram, method: string, chat: number, atLeast = 1) =>
  until(async () => (await telegram.calls(method, chat)).length >= atLeast, { what: `${atLeast} × ${method} begun` });

/** One row of a table, once it is so. */
const row = <T>({ service }: TestApp, sql: string, id: string, fits: (found: T) => boolean) =>
  until(
    async () => {
      const [found] = await service.db.query<T[]>(sql, [id]);
      return found && fits(found) && found;
    },
    { what: sql },
  );

const textsIn = async (phone: Phone) => (await phone.answers()).map(({ text }) => text);

async function askInGroup(telegram: PretendedTelegram, app: TestApp, text: string): Promise<[Phone, Heard]> {
  const group = await telegram.group(await telegram.person());
  await group.say(`@lumen_bot ${text}`);
  return [group, await app.probe.until(MessageReceived, ({ data }) => data.text === text)];
}

describe('an answer while it is being written', () => {
  let telegram: PretendedTelegram;
  let app: TestApp;
  const transport = new MemoryTransport();
  const type = typed(transport);

  beforeAll(async () => {
    telegram = await startTelegram();
    app = await startBotAdapter(telegram, { transport });
  });
  afterAll(async () => {
    await app.stop();
    await transport.close();
    await telegram.close();
  });
  afterEach(() => telegram.misbehave());

  const delivered = (replyId: string) => app.probe.until(MessageDelivered, ({ data }) => data.causeId === replyId);

  it('is shown as a draft, from thinking to the newest text, and the finished one replaces it', async () => {
    const emma = await telegram.person();
    const heard = await hear(app, emma, 'tell me');
    const replyId = uuidv7();
    type(replyId, heard, 'thinking');
    expect((await answered(telegram, 'sendChatAction', emma.id, 1))[0]!.params).toMatchObject({ action: 'typing' });
    await answered(telegram, 'sendMessageDraft', emma.id, 1);
    for (const text of ['The', 'The **tall', 'The **tallest** tree']) type(replyId, heard, 'typing', text);
    const drafts = await answered(telegram, 'sendMessageDraft', emma.id, 2);
    expect(drafts.map(({ params }) => params.text)).toEqual(['', 'The tallest tree']);
    expect(new Set(drafts.map(({ params }) => params.draft_id)).size).toBe(1);
    expect(drafts[1]!.receivedAt - drafts[0]!.receivedAt).toBeGreaterThanOrEqual(390);

    type(replyId, heard, 'typing', 'The **tallest** tree is');
    await reply(app, heard, 'The **tallest** tree is Hyperion.', { replyId });
    await emma.answer(({ text }) => text === 'The tallest tree is Hyperion.');
    // A signal that comes late must not bring the preview back.
    type(replyId, heard, 'typing', 'The **tallest** tree is Hyp');
    await reply(app, heard, 'the end');
    await emma.answer(({ text }) => text === 'the end');
    const [final] = await answered(telegram, 'sendMessage', emma.id, 1);
    const late = (await telegram.calls('sendMessageDraft', emma.id)).filter(
      ({ receivedAt }) => receivedAt > final!.receivedAt,
    );
    expect(late).toEqual([]);
  });

  it('is not shown beside the one that it will replace', async () => {
    const emma = await telegram.person();
    const heard = await hear(app, emma, 'tell me');
    const first = await reply(app, heard, 'A tree.');
    await delivered(first);
    const replyId = uuidv7();
    type(replyId, heard, 'thinking', '', first);
    type(replyId, heard, 'typing', 'Another', first);
    await answered(telegram, 'sendChatAction', emma.id, 1);
    await delivered(await reply(app, heard, 'Another tree.', { replyId, replaces: first }));
    expect((await emma.answers()).map(({ text }) => text)).toEqual(['Another tree.']);
    expect(await telegram.calls('sendMessageDraft', emma.id)).toEqual([]);
  });

  it('is shown by edits in a group, and the finished one is the last edit', async () => {
    const [group, heard] = await askInGroup(telegram, app, 'tell me more');
    const replyId = uuidv7();
    type(replyId, heard, 'thinking');
    type(replyId, heard, 'typing', 'Trees');
    await answered(telegram, 'sendMessage', group.chat, 1);
    type(replyId, heard, 'typing', 'Trees are');
    const [edit] = await answered(telegram, 'editMessageText', group.chat, 1);
    const [first] = await answered(telegram, 'sendMessage', group.chat, 1);
    expect(edit!.receivedAt - first!.receivedAt).toBeGreaterThanOrEqual(1900);
    await reply(app, heard, 'Trees are tall.', { replyId });
    await delivered(replyId);
    expect(await textsIn(group)).toEqual(['Trees are tall.']);
    expect(await telegram.calls('sendMessageDraft', group.chat)).toEqual([]);
  });

  it('an answer that is finished while its first preview is on its way leaves no stub', async () => {
    const [group, heard] = await askInGroup(telegram, app, 'a quick one');
    const replyId = uuidv7();
    await telegram.misbehave({ target: 'telegram.sendMessage', kind: 'delay', ms: 400, times: 1 });
    type(replyId, heard, 'typing', 'Qui');
    await begun(telegram, 'sendMessage', group.chat);
    await reply(app, heard, 'Quick.', { replyId });
    await delivered(replyId);
    expect(await textsIn(group)).toEqual(['Quick.']);
  });

  it('a first preview that takes longer than the finished answer waits is deleted once it is there', async () => {
    const [group, heard] = await askInGroup(telegram, app, 'a slow one');
    const replyId = uuidv7();
    await telegram.misbehave({ target: 'telegram.sendMessage', kind: 'delay', ms: 4000, times: 1 });
    type(replyId, heard, 'typing', 'Slo');
    await begun(telegram, 'sendMessage', group.chat);
    await reply(app, heard, 'Slowly.', { replyId });
    await delivered(replyId);
    await answered(telegram, 'deleteMessage', group.chat, 1);
    expect(await textsIn(group)).toEqual(['Slowly.']);
  });

  it('what Telegram took without saying so is counted, and not begun a second time', async () => {
    const counted = () => metric(app, 'deliveries_outcome_unknown_total', 'cause="preview"');
    const before = await counted();
    const [group, heard] = await askInGroup(telegram, app, 'a lost one');
    const replyId = uuidv7();
    await telegram.misbehave({ target: 'telegram.sendMessage', kind: 'reset-after-commit', times: 1 });
    type(replyId, heard, 'typing', 'Los');
    await until(async () => (await textsIn(group)).length === 1, { what: 'the preview' });
    type(replyId, heard, 'typing', 'Lost');
    await reply(app, heard, 'Lost and found.', { replyId });
    await delivered(replyId);
    expect(await textsIn(group)).toEqual(['Los', 'Lost and found.']);
    expect(await counted()).toBe(before + 1);
  });

  it('an older text that arrives after the finished answer is written over', async () => {
    const [group, heard] = await askInGroup(telegram, app, 'a frozen one');
    const replyId = uuidv7();
    type(replyId, heard, 'typing', 'Fro');
    const [shown] = await answered(telegram, 'sendMessage', group.chat, 1);
    // That the call was made is written after Telegram's answer, and would end what is pretended next.
    const message = `SELECT external_message_id FROM previews WHERE reply_id = $1`;
    await row<{ external_message_id: string | null }>(
      app,
      message,
      replyId,
      (found) => found.external_message_id !== null,
    );
    // Of a process that was frozen in the middle of its call, and by now is thought dead.
    await app.service.db.query(`UPDATE previews SET call_ends_at = now() - interval '1 s' WHERE reply_id = $1`, [
      replyId,
    ]);
    await reply(app, heard, 'Frozen, and thawed.', { replyId });
    await delivered(replyId);
    const [finished] = await group.answers();
    await telegram.ask('editMessageText', { chat_id: group.chat, message_id: finished!.message_id, text: 'Froz' });
    expect(shown!.params.text).toBe('Fro');
    expect(await textsIn(group)).toEqual(['Froz']);

    // Added after the delivery was told.
    const { payload } = await row<{ payload: { deliveryId: string; chatHash: string } }>(
      app,
      `SELECT payload FROM bot_adapter_jobs.jobs JOIN bot_adapter_jobs._private_jobs USING (id)
       WHERE task_identifier = 'confirm-answer' AND payload->>'deliveryId' IN (SELECT id::text FROM deliveries WHERE cause_id = $1)`,
      replyId,
      () => true,
    );
    await app.service.nest.get(DeliveriesJobs).confirm(payload);
    expect(await textsIn(group)).toEqual(['Frozen, and thawed.']);
  });

  it('what was shown of an answer is taken back when the conversation begins anew', async () => {
    const [group, heard] = await askInGroup(telegram, app, 'tell me everything');
    const replyId = uuidv7();
    type(replyId, heard, 'thinking');
    type(replyId, heard, 'typing', 'Everything be');
    await answered(telegram, 'sendMessage', group.chat, 1);
    await group.say('/new@lumen_bot');
    await answered(telegram, 'deleteMessage', group.chat, 1);
    // chat-ai has not heard of it yet.
    type(replyId, heard, 'typing', 'Everything begins');
    await until(async () => (await textsIn(group)).some((text) => /fresh start/.test(text!)), {
      what: 'the answer to /new',
    });
    expect(await textsIn(group)).toHaveLength(1);
  });

  it('what was shown of an answer is taken back when chat-ai gives it up', async () => {
    const [group, heard] = await askInGroup(telegram, app, 'never mind');
    const replyId = uuidv7();
    type(replyId, heard, 'typing', 'I do mi');
    await answered(telegram, 'sendMessage', group.chat, 1);
    type(replyId, heard, 'cancelled');
    await answered(telegram, 'deleteMessage', group.chat, 1);
    expect(await textsIn(group)).toEqual([]);
  });

  it('what was shown of an answer that nobody finished is deleted after an hour', async () => {
    const [group, heard] = await askInGroup(telegram, app, 'are you there?');
    const replyId = uuidv7();
    type(replyId, heard, 'typing', 'I a');
    await answered(telegram, 'sendMessage', group.chat, 1);
    const previews = app.service.nest.get(PreviewsJobs);
    await previews.deleteLeftOver();
    app.clock.advance(3_600_001);
    await previews.deleteLeftOver();
    app.clock.advance(-3_600_001);
    await answered(telegram, 'deleteMessage', group.chat, 1);
    expect(await textsIn(group)).toEqual([]);
  });

  it('carries a button that stops the answer where somebody offers one, and the finished answer does not', async () => {
    const oliver = await telegram.person();
    const group = await telegram.group(await telegram.person(), oliver);
    await group.say('@lumen_bot stop me');
    const heard = await app.probe.until(MessageReceived, ({ data }) => data.text === 'stop me');
    const replyId = uuidv7();
    type(replyId, heard, 'typing', 'I will');
    await answered(telegram, 'sendMessage', group.chat, 1);
    const [shown] = await group.answers();
    expect((await telegram.inGroup(oliver, group).press(shown!.message_id, '■ Stop')).text).toMatch(/somebody else/);
    expect(app.probe.all(ReplyStopRequested)).toEqual([]);
    expect((await group.press(shown!.message_id, '■ Stop')).text).toBe('I stop here.');
    const stopped = await app.probe.until(ReplyStopRequested, ({ data }) => data.chatId === heard.data.chatId);
    expect(stopped.data).toMatchObject({ replyId, userId: heard.data.userId });
    await reply(app, heard, 'I will not stop.', { replyId });
    await delivered(replyId);
    expect((await group.answers())[0]!.reply_markup).toBeUndefined();

    const emma = await telegram.person();
    const draftId = uuidv7();
    const { data } = await hear(app, emma, 'stop me, too');
    type(draftId, { data }, 'typing', 'I will');
    const [draft] = await answered(telegram, 'sendMessageDraft', emma.id, 1);
    expect(draft!.params).toMatchObject({ can_stop: true });
    await telegram.control('POST', `telegram/people/${emma.id}/stop`, emma.where);
    const drafted = await app.probe.until(ReplyStopRequested, (event) => event.data.chatId === data.chatId);
    expect(drafted.data).toMatchObject({ replyId: draftId, userId: data.userId });
  });

  it('is shown in the topic of the question, as a reply to it', async () => {
    const topic = await telegram.topic(await telegram.person());
    const question = await topic.say('@lumen_bot off topic?');
    const heard = await app.probe.until(MessageReceived, ({ data }) => data.text === 'off topic?');
    const replyId = uuidv7();
    const { chatId, botId, messageId } = heard.data;
    const signal = { replyId, chatId, botId, answers: [messageId], state: 'typing', text: 'On' };
    transport.signal(ReplyTyped.type, JSON.stringify(signal));
    const [shown] = await answered(telegram, 'sendMessage', topic.chat, 1);
    expect(shown!.params).toMatchObject({
      message_thread_id: topic.where.threadId,
      reply_parameters: { message_id: question.message_id, allow_sending_without_reply: true },
    });
  });

  it('previews rest when told to, do not turn into edits, and the finished answer does not wait for them', async () => {
    const emma = await telegram.person();
    const heard = await hear(app, emma, 'quickly');
    const replyId = uuidv7();
    await telegram.misbehave({ target: 'telegram.sendMessageDraft', kind: '429', retryAfter: 30 });
    type(replyId, heard, 'typing', 'One');
    await answered(telegram, 'sendMessageDraft', emma.id, 1);
    type(replyId, heard, 'typing', 'One two');
    await reply(app, heard, 'One two three', { replyId });
    await emma.answer(({ text }) => text === 'One two three');
    expect(await telegram.calls('sendMessageDraft', emma.id)).toHaveLength(1);
    expect(await telegram.calls('editMessageText', emma.id)).toEqual([]);
  });

  it('a preview that hangs delays the finished answer by its short deadline at most', async () => {
    const emma = await telegram.person();
    const heard = await hear(app, emma, 'hang on');
    const replyId = uuidv7();
    await telegram.misbehave({ target: 'telegram.sendMessageDraft', kind: 'hang', times: 1 });
    type(replyId, heard, 'typing', 'Well');
    await begun(telegram, 'sendMessageDraft', emma.id);
    const from = performance.now();
    await reply(app, heard, 'Well, yes.', { replyId });
    await emma.answer(({ text }) => text === 'Well, yes.');
    expect(performance.now() - from).toBeLessThan(4000);
  });
});

describe('an answer in a group, shown by one process and finished by another', () => {
  let telegram: PretendedTelegram;
  const transports = [new MemoryTransport(), new MemoryTransport()] as const;
  let first: TestApp;
  let second: TestApp;
  const type = typed(...transports);

  beforeAll(async () => {
    telegram = await startTelegram();
    // Without its jobs, so that the first process shows and the second one sends.
    jest.spyOn(Service.prototype, 'start').mockResolvedValueOnce();
    first = await startBotAdapter(telegram, { transport: transports[0] });
    first.service.nest.get(LeaderElection).start();
    const leaders = first.service.nest.get(BotLeaderElection, { strict: false });
    await until(() => leaders.has('lumen'), { what: 'the lead' });
    second = await startBotAdapter(telegram, { transport: transports[1], database: first.database });
  });
  afterAll(async () => {
    await second.stop();
    for (const transport of transports) await transport.close();
    await telegram.close();
  });
  afterEach(() => telegram.misbehave());

  const finished = (replyId: string) =>
    row<{ state: string }>(
      second,
      `SELECT state FROM deliveries WHERE cause_id = $1`,
      replyId,
      ({ state }) => state === 'sent',
    );

  it('a preview that is still on its way does not end up over the finished answer', async () => {
    const [group, heard] = await askInGroup(telegram, second, 'how late can it be?');
    const replyId = uuidv7();
    type(replyId, heard, 'typing', 'It can be');
    await answered(telegram, 'sendMessage', group.chat, 1);
    await telegram.misbehave({ target: 'telegram.editMessageText', kind: 'delay', ms: 900, times: 1 });
    type(replyId, heard, 'typing', 'It can be late');
    await begun(telegram, 'editMessageText', group.chat);
    await reply(second, heard, 'It can be late, but not last.', { replyId });
    await answered(telegram, 'editMessageText', group.chat, 2);
    expect(await textsIn(group)).toEqual(['It can be late, but not last.']);
  });

  it('signals that come after the finished answer change nothing', async () => {
    const [group, heard] = await askInGroup(telegram, second, 'are you done?');
    const replyId = uuidv7();
    type(replyId, heard, 'typing', 'I am');
    await answered(telegram, 'sendMessage', group.chat, 1);
    await reply(second, heard, 'I am done.', { replyId });
    await finished(replyId);
    type(replyId, heard, 'typing', 'I am do');
    await until(async () => (await metric(first, 'previews_total', 'outcome="late"')) === 1, {
      what: 'the late preview',
    });
    expect(await textsIn(group)).toEqual(['I am done.']);
  });

  it('the next process goes on in the same message', async () => {
    const [group, heard] = await askInGroup(telegram, second, 'who are you now?');
    const replyId = uuidv7();
    type(replyId, heard, 'typing', 'I am');
    await answered(telegram, 'sendMessage', group.chat, 1);
    await first.stop({ keepDatabase: true });
    await until(
      async () => {
        type(replyId, heard, 'typing', `I am the ${uuidv7()}`);
        const shown = await textsIn(group);
        return shown.length > 1 || shown[0]!.startsWith('I am the');
      },
      { what: 'a preview by the second process' },
    );
    expect(await textsIn(group)).toHaveLength(1);
    await reply(second, heard, 'I am the second.', { replyId });
    await finished(replyId);
    expect(await textsIn(group)).toEqual(['I am the second.']);
  });
});
