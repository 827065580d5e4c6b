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

  it('a sticker is told to be something we cannot read', () => {
    expect(message({ sticker: {} })).toMatchObject({ kind: 'unsupported', what: 'sticker' });
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

  it('of a group only what is addressed to the bot counts, without its name', () => {
    const text = '@Lumen_bot, what is the time?';
    expect(message({ chat: inGroup, text: 'hello all' })).toBeUndefined();
    expect(message({ chat: inGroup, text, entities: [entity('mention', text, '@Lumen_bot')] })).toMatchObject({
      text: 'what is the time?',
      chat: { kind: 'group' },
    });
    expect(
      message({ chat: inGroup, text: 'and now?', reply_to_message: { from: { id: 42 }, text: 'noon' } }),
    ).toMatchObject({
      text: 'and now?',
      replyToText: 'noon',
    });
  });

  it('other bots and channels are nobody to talk to', () => {
    expect(message({ text: 'x', from: { ...emma, is_bot: true } })).toBeUndefined();
    expect(message({ text: 'x', chat: { id: -1, type: 'channel' } })).toBeUndefined();
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

  it('a group that became a supergroup has moved', () => {
    expect(message({ chat: inGroup, migrate_to_chat_id: -1002 })).toEqual({
      kind: 'moved',
      from: '-1001',
      to: '-1002',
    });
  });
});
