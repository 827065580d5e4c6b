import type { Chat, Message } from '../../src/phone/phone.api';
import { nothingYet, reduce, type Change, type Outgoing, type PhoneState } from './phone.state';
import { timeline } from './timeline';

const bot = { id: 2001, name: 'Shop', isBot: true };
const me = { id: 1001, name: 'Anna', isBot: false };
const noon = new Date(2026, 5, 1, 12).getTime() / 1000;

const aChat = (over: Partial<Chat> = {}): Chat => ({
  id: 2001,
  kind: 'private',
  title: 'Shop',
  bot: { id: 2001, username: 'shop_bot', name: 'Shop' },
  blocked: false,
  fresh: true,
  commands: [],
  ...over,
});
const aMessage = (id: number, over: Partial<Message> = {}): Message => ({
  id,
  chatId: 2001,
  from: bot,
  own: false,
  date: noon + id,
  text: `text ${id}`,
  ...over,
});
const anOwn = (id: number, text: string) => aMessage(id, { from: me, own: true, text });
const onItsWay = (key: string, text: string): Outgoing => ({
  key,
  chatId: 2001,
  preview: { ...anOwn(0, text), date: noon + 50 },
  content: { text },
});

const after = (changes: Change[], from: PhoneState = opened()) => changes.reduce(reduce, from);
const opened = () =>
  [
    { type: 'chats', chats: [aChat()] } satisfies Change,
    { type: 'page', chatId: 2001, messages: [], pageSize: 50 } satisfies Change,
  ].reduce(reduce, nothingYet);
const bubbles = (state: PhoneState) => timeline(state, 2001).flatMap(({ lines }) => lines);

describe('what the phone shows', () => {
  it('a message heard twice stands once', () => {
    const state = after([
      { type: 'message', message: aMessage(5) },
      { type: 'message', message: aMessage(5) },
    ]);
    expect(bubbles(state)).toHaveLength(1);
    expect(state.unread).toEqual({ 2001: 1 });
  });

  it('a sent message keeps its bubble when it arrives', () => {
    const state = after([
      { type: 'outgoing', outgoing: onItsWay('o1', 'hi') },
      { type: 'message', message: anOwn(7, 'hi') },
    ]);
    expect(bubbles(state).map(({ key, message }) => [key, message.id])).toEqual([['o1', 7]]);
    expect(state.outgoing).toEqual([]);
  });

  it('two equal messages on their way each find their own', () => {
    const state = after([
      { type: 'outgoing', outgoing: onItsWay('o1', 'hi') },
      { type: 'outgoing', outgoing: onItsWay('o2', 'hi') },
      { type: 'message', message: anOwn(7, 'hi') },
      { type: 'message', message: anOwn(8, 'hi') },
    ]);
    expect(bubbles(state).map(({ key }) => key)).toEqual(['o1', 'o2']);
  });

  it('what could not be sent stays where it was tried, and goes down when it is sent again', () => {
    const failed = after([
      { type: 'message', message: aMessage(5) },
      { type: 'outgoing', outgoing: onItsWay('o1', 'hi') },
      { type: 'failed', key: 'o1', failure: { words: 'the file is too large' } },
      { type: 'message', message: aMessage(6) },
    ]);
    expect(bubbles(failed).map(({ key }) => key)).toEqual(['message:5', 'o1', 'message:6']);
    const again = after([{ type: 'outgoing', outgoing: onItsWay('o1', 'hi') }], failed);
    expect(bubbles(again).map(({ key }) => key)).toEqual(['message:5', 'message:6', 'o1']);
  });

  it('a message that arrived after all takes its failed copy away', () => {
    const state = after([
      { type: 'outgoing', outgoing: onItsWay('o1', 'hi') },
      { type: 'failed', key: 'o1', failure: {} },
      { type: 'message', message: anOwn(7, 'hi') },
    ]);
    expect(state.outgoing).toEqual([]);
  });

  it('a draft turns into its message in the same bubble, also when the server clears the draft first', () => {
    const writing = after([
      { type: 'draft', chatId: 2001, draft: { id: 3, text: '' } },
      { type: 'draft', chatId: 2001, draft: { id: 3, text: 'Hel' } },
    ]);
    expect(bubbles(writing).map(({ message }) => message.text)).toEqual(['Hel']);
    const key = bubbles(writing)[0]?.key;
    const done = after(
      [
        { type: 'draft', chatId: 2001, draft: null },
        { type: 'message', message: aMessage(9, { text: 'Hello' }) },
      ],
      writing,
    );
    expect(bubbles(done).map((line) => [line.key, line.message.text])).toEqual([[key, 'Hello']]);
    expect(done.drafts).toEqual({});
  });

  it('an old draft that expires does not take the next one with it', () => {
    const state = after([
      { type: 'draft', chatId: 2001, draft: { id: 3, text: 'one' } },
      { type: 'draft', chatId: 2001, draft: null },
      { type: 'draft', chatId: 2001, draft: { id: 4, text: 'two' } },
      { type: 'draft-gone', chatId: 2001 },
    ]);
    expect(state.drafts[2001]?.message.text).toBe('two');
  });

  it('a draft that turns into nothing goes away', () => {
    const state = after([
      { type: 'draft', chatId: 2001, draft: { id: 3, text: 'one' } },
      { type: 'draft', chatId: 2001, draft: null },
      { type: 'draft-gone', chatId: 2001 },
    ]);
    expect(bubbles(state)).toEqual([]);
  });

  it('a reading after a break drops what was deleted and keeps what is newer', () => {
    const before = after([{ type: 'page', chatId: 2001, messages: [1, 2, 3].map((id) => aMessage(id)), pageSize: 50 }]);
    const state = after(
      [
        { type: 'message', message: aMessage(4) },
        { type: 'page', chatId: 2001, messages: [aMessage(1), aMessage(3)], pageSize: 50 },
      ],
      before,
    );
    expect(state.messages[2001]?.map(({ id }) => id)).toEqual([1, 3, 4]);
  });

  it('older pages go before newer ones, and a short page is the beginning', () => {
    const newest = after(
      [{ type: 'page', chatId: 2001, messages: [aMessage(8), aMessage(9)], pageSize: 2 }],
      nothingYet,
    );
    expect(newest.complete[2001]).toBe(false);
    const all = after([{ type: 'page', chatId: 2001, messages: [aMessage(7)], pageSize: 2, before: 8 }], newest);
    expect(all.messages[2001]?.map(({ id }) => id)).toEqual([7, 8, 9]);
    expect(all.complete[2001]).toBe(true);
  });

  it('the first own message ends a fresh chat and becomes its last message', () => {
    const state = after([{ type: 'message', message: anOwn(1, '/start') }]);
    expect(state.chats?.[0]).toMatchObject({ fresh: false, lastMessage: { text: '/start' } });
  });

  it('a deleted last message gives its place to the one before', () => {
    const state = after([
      { type: 'message', message: aMessage(1) },
      { type: 'message', message: aMessage(2) },
      { type: 'deleted', chatId: 2001, messageId: 2 },
    ]);
    expect(state.chats?.[0]?.lastMessage?.id).toBe(1);
  });

  it('each day begins with its date, and a run of bubbles has one tail', () => {
    const day = 86_400;
    const state = after([
      { type: 'message', message: aMessage(1) },
      { type: 'message', message: aMessage(2) },
      { type: 'message', message: aMessage(3, { date: noon + day }) },
    ]);
    expect(timeline(state, 2001).map(({ lines }) => lines.length)).toEqual([2, 1]);
    expect(bubbles(state).map(({ last }) => last)).toEqual([false, true, true]);
  });
});
