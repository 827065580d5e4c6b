import { Update } from './telegram.shapes';
import { parseUpdate } from './telegram.updates';

const self = { id: 42, username: 'lumen_bot' };
const emma = { id: 7, is_bot: false, first_name: 'Emma', last_name: 'Stone', language_code: 'en' };
const inPrivate = { id: 7, type: 'private' };
const inGroup = { id: -1001, type: 'supergroup' };

const parse = (update: object) => parseUpdate(Update.parse({ update_id: 1, ...update }), self)[0];
const message = (fields: object) =>
  parse({ message: { message_id: 5, date: 1_790_000_000, chat: inPrivate, from: emma, ...fields } });
const entity = (type: string, text: string, word: string) => ({
  type,
  offset: text.indexOf(word),
  length: word.length,
});

describe('what an update of Telegram means', () => {
  it('a text is a message of its sender', () => {
    expect(message({ text: 'hello' })).toEqual({
      kind: 'message',
      chat: { externalId: '7', kind: 'private' },
      from: { externalId: '7', name: 'Emma Stone', language: 'en' },
      externalMessageId: '5',
      sentAt: new Date(1_790_000_000_000),
      text: 'hello',
    });
  });

  it('a photo is taken in its largest size, with its caption', () => {
    const photo = [
      { file_id: 'small', file_size: 10 },
      { file_id: 'large', file_size: 900 },
    ];
    expect(message({ photo, caption: 'what is it?', media_group_id: 'g' })).toMatchObject({
      text: 'what is it?',
      mediaGroup: 'g',
      file: { kind: 'photo', externalId: 'large', mimeType: 'image/jpeg', bytes: 900 },
    });
  });

  it('a voice note, a song and a document keep what Telegram knows of them', () => {
    expect(message({ voice: { file_id: 'v', duration: 3, mime_type: 'audio/ogg' } })).toMatchObject({
      file: { kind: 'voice', externalId: 'v', durationMs: 3000 },
    });
    expect(message({ audio: { file_id: 'a', duration: 61, file_name: 'song.mp3' } })).toMatchObject({
      file: { kind: 'audio', durationMs: 61_000, fileName: 'song.mp3' },
    });
    expect(message({ document: { file_id: 'd', file_name: 'a.pdf', mime_type: 'application/pdf' } })).toMatchObject({
      file: { kind: 'document', fileName: 'a.pdf', mimeType: 'application/pdf' },
    });
  });

  it.each([
    ['sticker', { sticker: {} }],
    ['poll', { poll: { question: 'Tea?', options: [] } }],
    ['dice', { dice: { emoji: '🎲', value: 3 } }],
    ['video', { video: {} }],
    // Telegram sends the file of an animation as a document as well, and the point of a venue as a location.
    ['animation', { animation: {}, document: { file_id: 'a', mime_type: 'video/mp4' } }],
    ['venue', { venue: {}, location: {} }],
  ])('a %s is something we cannot read', (what, content) => {
    expect(message(content)).toMatchObject({ kind: 'unsupported', what, hasText: false });
  });

  it('the words with a video are not taken for a message', () => {
    expect(message({ video: {}, caption: 'who is this?' })).toMatchObject({ kind: 'unsupported', hasText: true });
  });

  it('a message of rich blocks is read by its words', () => {
    const blocks = [
      { type: 'heading', text: 'Plan', size: 1 },
      {
        type: 'paragraph',
        text: ['Read ', { type: 'bold', text: 'this' }, ': ', { type: 'url', text: 'docs', url: 'https://x.io' }],
      },
      {
        type: 'list',
        items: [
          { label: '1.', blocks: [{ type: 'paragraph', text: 'tea' }] },
          { label: '2.', blocks: [] },
        ],
      },
      { type: 'table', cells: [[{ text: 'a' }, { text: 'b' }]] },
      { type: 'mathematical_expression', expression: 'a^2' },
      { type: 'photo', photo: [], caption: { text: 'a view', credit: 'me' } },
      { type: 'never_heard_of', text: 'new' },
    ];
    expect(message({ rich_message: { blocks } })).toMatchObject({
      kind: 'message',
      text: 'Plan\nRead this: docs (https://x.io)\n1. tea\na\nb\na^2\na view\nme\nnew',
    });
  });

  it('a message of rich blocks without words is something we cannot read', () => {
    expect(message({ rich_message: { blocks: [{ type: 'map', location: {} }] } })).toMatchObject({
      kind: 'unsupported',
      what: 'rich_message',
    });
  });

  it('the address behind a word is read with it', () => {
    const text = '😀 look here and https://y.io';
    const entities = [
      { ...entity('text_link', text, 'here'), url: 'https://x.io/a?b=1' },
      { ...entity('text_link', text, 'https://y.io'), url: 'https://y.io' },
    ];
    expect(message({ text, entities })).toMatchObject({ text: '😀 look here (https://x.io/a?b=1) and https://y.io' });
  });

  it('an answer to a part of a message quotes that part', () => {
    const reply = {
      reply_to_message: { message_id: 4, from: { id: 42 }, text: 'noon or midnight' },
      quote: { text: 'midnight' },
    };
    expect(message({ text: 'why?', ...reply })).toMatchObject({ replyToText: 'midnight' });
  });

  it('a deep link is the start command with an argument', () => {
    const text = '/start promo-7';
    expect(message({ text, entities: [entity('bot_command', text, '/start')] })).toMatchObject({
      kind: 'command',
      name: 'start',
      argument: 'promo-7',
    });
  });

  it('a command for another bot is not for us', () => {
    const text = '/help@other_bot';
    expect(message({ chat: inGroup, text, entities: [entity('bot_command', text, text)] })).toBeUndefined();
  });

  it('of a group only commands that name the bot, or answer it, are for us', () => {
    const command = (text: string, more: object = {}) =>
      message({ chat: inGroup, text, entities: [entity('bot_command', text, text)], ...more });
    expect(command('/help')).toBeUndefined();
    expect(command('/help@Lumen_bot')).toMatchObject({ kind: 'command', name: 'help' });
    expect(command('/help', { reply_to_message: { message_id: 4, from: { id: 42 } } })).toMatchObject({
      kind: 'command',
    });
  });

  it('a topic is kept, a thread of replies is none', () => {
    const text = '@lumen_bot hi';
    const addressed = { chat: inGroup, text, entities: [entity('mention', text, '@lumen_bot')], message_thread_id: 77 };
    expect(message({ ...addressed, is_topic_message: true })).toMatchObject({ chat: { threadId: '77' } });
    expect(message(addressed)).not.toHaveProperty('chat.threadId');
    const pressed = { message_id: 9, date: 0, chat: inGroup, message_thread_id: 77, is_topic_message: true };
    expect(parse({ callback_query: { id: 'q', from: emma, data: 'abc', message: pressed } })).toMatchObject({
      chat: { threadId: '77' },
    });
  });

  it('not everything in a topic that the bot has opened is an answer to it', () => {
    const opening = { message_id: 4, from: { id: 42 }, forum_topic_created: { name: 'Trips' } };
    expect(message({ chat: inGroup, text: 'hello all', reply_to_message: opening })).toBeUndefined();
  });

  it('of a group only what is addressed to the bot counts, without its name', () => {
    const text = '@Lumen_bot, what is the time?';
    expect(message({ chat: inGroup, text: 'hello all' })).toBeUndefined();
    expect(message({ chat: inGroup, text, entities: [entity('mention', text, '@Lumen_bot')] })).toMatchObject({
      text: 'what is the time?',
      chat: { kind: 'group' },
    });
    expect(
      message({ chat: inGroup, text: 'and now?', reply_to_message: { message_id: 4, from: { id: 42 }, text: 'noon' } }),
    ).toMatchObject({
      text: 'and now?',
      replyToText: 'noon',
    });
  });

  it('other bots and channels are nobody to talk to', () => {
    expect(message({ text: 'x', from: { ...emma, is_bot: true } })).toBeUndefined();
    expect(message({ text: 'x', chat: { id: -1, type: 'channel' } })).toBeUndefined();
  });

  it('posts of a channel that Telegram forwards to its discussion group are said by nobody', () => {
    const text = '@lumen_bot the news';
    const post = {
      ...{ chat: inGroup, text, entities: [entity('mention', text, '@lumen_bot')] },
      from: { id: 777_000, is_bot: false, first_name: 'Telegram' },
      sender_chat: { id: -1009, type: 'channel' },
    };
    expect(message({ ...post, is_automatic_forward: true })).toBeUndefined();
    expect(message(post)).toBeUndefined();
    const edited_message = { message_id: 5, date: 1, edit_date: 60, ...post };
    expect(parse({ edited_message })).toBeUndefined();
  });

  it('an edit carries the new text and the time of the edit', () => {
    const edited_message = { message_id: 5, date: 1, edit_date: 60, chat: inPrivate, from: emma, text: 'better' };
    expect(parse({ edited_message })).toMatchObject({
      kind: 'edited',
      externalMessageId: '5',
      text: 'better',
      sentAt: new Date(60_000),
    });
  });

  it('a pressed button names its message, even one too old to be shown', () => {
    const callback_query = { id: 'q', from: emma, data: 'abc', message: { message_id: 9, date: 0, chat: inPrivate } };
    expect(parse({ callback_query })).toMatchObject({
      kind: 'press',
      pressId: 'q',
      data: 'abc',
      externalMessageId: '9',
    });
  });

  it.each([
    ['kicked', 'blocked'],
    ['left', 'blocked'],
    ['member', 'unblocked'],
  ])('a bot that became %s was %s', (status, kind) => {
    expect(parse({ my_chat_member: { chat: inPrivate, from: emma, new_chat_member: { status } } })).toMatchObject({
      kind,
    });
  });

  it.each([
    ['may not write', 'muted', { can_send_messages: false }],
    ['left', 'blocked', { can_send_messages: true, is_member: false }],
    ['may send words but no pictures', 'unblocked', { can_send_messages: true, is_member: true }],
  ])('a bot that is restricted and %s was %s', (_what, kind, rights) => {
    const new_chat_member = { status: 'restricted', ...rights };
    expect(parse({ my_chat_member: { chat: inGroup, from: emma, date: 60, new_chat_member } })).toMatchObject({
      kind,
      sentAt: new Date(60_000),
    });
  });

  it('a group that became a supergroup has moved', () => {
    const moved = { kind: 'moved', from: '-1001', to: '-1002' };
    expect(message({ chat: inGroup, migrate_to_chat_id: -1002 })).toEqual(moved);
    expect(message({ chat: { ...inGroup, id: -1002 }, migrate_from_chat_id: -1001 })).toEqual(moved);
  });
});
