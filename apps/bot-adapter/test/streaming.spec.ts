import { type EventOf, MessageDelivered, MessageReceived, ReplyTyped } from '@switchboard/contracts';
import { MemoryTransport } from '@switchboard/bus';
import { type TestApp, until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { hear, reply, startBotAdapter } from './start-bot-adapter';
import { type PretendedTelegram, startTelegram } from './start-sandbox';

describe('an answer while it is being written', () => {
  let telegram: PretendedTelegram;
  let app: TestApp;
  const transport = new MemoryTransport();

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

  type Heard = EventOf<typeof MessageReceived>;

  const type = (
    replyId: string,
    { data: { chatId, botId } }: Heard,
    state: 'thinking' | 'typing' | 'done',
    text = '',
  ) => transport.signal(ReplyTyped.type, JSON.stringify({ replyId, chatId, botId, state, text }));

  const calls = async (method: string, chat: number, atLeast: number) => {
    const enough = async () => {
      const found = (await telegram.calls(method, chat)).filter(({ status }) => status !== null);
      return found.length >= atLeast && found;
    };
    return until(enough, { what: `${atLeast} × ${method}` });
  };

  it('is shown as a draft, from thinking to the newest text, and the finished one replaces it', async () => {
    const emma = await telegram.person();
    const heard = await hear(app, emma, 'tell me');
    const replyId = uuidv7();
    type(replyId, heard, 'thinking');
    expect((await calls('sendChatAction', emma.id, 1))[0]!.params).toMatchObject({ action: 'typing' });
    await calls('sendMessageDraft', emma.id, 1);
    for (const text of ['The', 'The **tall', 'The **tallest** tree']) type(replyId, heard, 'typing', text);
    const drafts = await calls('sendMessageDraft', emma.id, 2);
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
    const [final] = await calls('sendMessage', emma.id, 1);
    const late = (await telegram.calls('sendMessageDraft', emma.id)).filter(
      ({ receivedAt }) => receivedAt > final!.receivedAt,
    );
    expect(late).toEqual([]);
  });

  it('is shown by edits in a group, and the finished one is the last edit', async () => {
    const group = await telegram.group(await telegram.person());
    await group.say('@lumen_bot tell me more');
    const heard = await app.probe.until(MessageReceived, ({ data }) => data.text === 'tell me more');
    const replyId = uuidv7();
    type(replyId, heard, 'thinking');
    type(replyId, heard, 'typing', 'Trees');
    await calls('sendMessage', group.chat, 1);
    type(replyId, heard, 'typing', 'Trees are');
    const [edit] = await calls('editMessageText', group.chat, 1);
    const [first] = await calls('sendMessage', group.chat, 1);
    expect(edit!.receivedAt - first!.receivedAt).toBeGreaterThanOrEqual(1900);
    await reply(app, heard, 'Trees are tall.', { replyId });
    await app.probe.until(MessageDelivered, ({ data }) => data.causeId === replyId);
    expect((await group.answers()).map(({ text }) => text)).toEqual(['Trees are tall.']);
    expect(await telegram.calls('sendMessageDraft', group.chat)).toEqual([]);
  });

  it('previews rest when told to, do not turn into edits, and the finished answer does not wait for them', async () => {
    const emma = await telegram.person();
    const heard = await hear(app, emma, 'quickly');
    const replyId = uuidv7();
    await telegram.misbehave({ target: 'telegram.sendMessageDraft', kind: '429', retryAfter: 30 });
    type(replyId, heard, 'typing', 'One');
    await calls('sendMessageDraft', emma.id, 1);
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
    await until(async () => (await telegram.calls('sendMessageDraft', emma.id)).length > 0, {
      what: 'the hanging draft',
    });
    const from = performance.now();
    await reply(app, heard, 'Well, yes.', { replyId });
    await emma.answer(({ text }) => text === 'Well, yes.');
    expect(performance.now() - from).toBeLessThan(4000);
  });
});
