import { BOT_ID, type Running, startForSpec, TOKEN } from '../start-for-spec';
import type { Message } from './wire';

/** A single transparent pixel. */
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
);

describe('sending', () => {
  let run: Running;
  let chat: number;

  beforeAll(async () => {
    run = await startForSpec();
    chat = run.anna.id;
    await run.say(run.anna, '/start');
  });
  afterAll(() => run.sandbox.close());

  const send = async (text: string, more: object = {}) =>
    (await run.api<Message>('sendMessage', { chat_id: chat, text, ...more })).result;
  const keyboard = (button: object) => ({ inline_keyboard: [[{ text: 'B', ...button }]] });
  const textOf = (length: number) => 'я'.repeat(length);

  it.each<[why: string, method: string, params: object, status: number, description: string]>([
    ['no chat', 'sendMessage', { chat_id: '', text: 'x' }, 400, 'Bad Request: chat_id is empty'],
    ['an unknown chat', 'sendMessage', { chat_id: 1, text: 'x' }, 400, 'Bad Request: chat not found'],
    ['no text', 'sendMessage', { text: ' ' }, 400, 'Bad Request: message text is empty'],
    ['4097 letters', 'sendMessage', { text: textOf(4097) }, 400, 'Bad Request: message is too long'],
    [
      'a strange parse mode',
      'sendMessage',
      { text: 'x', parse_mode: 'BBCode' },
      400,
      'Bad Request: unsupported parse_mode',
    ],
    [
      '65 bytes of callback data',
      'sendMessage',
      { text: 'x', reply_markup: keyboard({ callback_data: 'я'.repeat(32) + 'x' }) },
      400,
      'Bad Request: BUTTON_DATA_INVALID',
    ],
    [
      'a button that does nothing',
      'sendMessage',
      { text: 'x', reply_markup: keyboard({}) },
      400,
      "Bad Request: can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
    ],
    [
      'a keyboard that is a word',
      'sendMessage',
      { text: 'x', reply_markup: 'hi' },
      400,
      'Bad Request: object expected as reply markup',
    ],
    [
      'a huge keyboard',
      'sendMessage',
      { text: 'x', reply_markup: keyboard({ url: 'https://' + 'x'.repeat(10_000) }) },
      400,
      'Bad Request: reply markup is too long',
    ],
    [
      'a reply to nothing',
      'sendMessage',
      { text: 'x', reply_parameters: { message_id: 999_999 } },
      400,
      'Bad Request: message to be replied not found',
    ],
    [
      'someone who never started the bot',
      'sendMessage',
      { chat_id: 5_100_000_003, text: 'x' },
      403,
      "Forbidden: bot can't initiate conversation with a user",
    ],
    [
      'an edit of no message at all',
      'editMessageText',
      { text: 'x' },
      400,
      'Bad Request: message identifier is not specified',
    ],
    [
      'an edit of nothing',
      'editMessageText',
      { message_id: 999_999, text: 'x' },
      400,
      'Bad Request: message to edit not found',
    ],
    [
      'an edit of the person’s message',
      'editMessageText',
      { message_id: 1, text: 'x' },
      400,
      "Bad Request: message can't be edited",
    ],
    [
      'a deletion of nothing',
      'deleteMessage',
      { message_id: 999_999 },
      400,
      'Bad Request: message to delete not found',
    ],
    [
      'a caption of 1025 letters',
      'sendDocument',
      { document: 'x', caption: textOf(1025) },
      400,
      'Bad Request: message caption is too long',
    ],
    ['no photo', 'sendPhoto', {}, 400, 'Bad Request: there is no photo in the request'],
    [
      'an album of one',
      'sendMediaGroup',
      { media: [{ type: 'photo', media: 'x' }] },
      400,
      'Bad Request: wrong number of messages to send as an album: expected 2-10',
    ],
    ['what is no file', 'getFile', { file_id: 'x' }, 400, 'Bad Request: invalid file_id'],
    [
      'a file that is gone',
      'getFile',
      { file_id: 'BQACAgIAAxgone' },
      400,
      'Bad Request: wrong file_id or the file is temporarily unavailable',
    ],
    ['half an emoji', 'sendMessage', { text: 'x\ud83d' }, 400, 'Bad Request: strings must be encoded in UTF-8'],
    [
      'half an emoji on a button',
      'sendMessage',
      { text: 'x', reply_markup: keyboard({ text: '\ud83d', callback_data: 'x' }) },
      400,
      'Bad Request: inline keyboard button text must be encoded in UTF-8',
    ],
    [
      'half an emoji on a key',
      'sendMessage',
      { text: 'x', reply_markup: { keyboard: [[{ text: '\ud83d' }]] } },
      400,
      'Bad Request: keyboard button text must be encoded in UTF-8',
    ],
    ['a text in which nothing is seen', 'sendMessage', { text: '\u200b' }, 400, 'Bad Request: text must be non-empty'],
    [
      'a Web App without TLS',
      'sendMessage',
      { text: 'x', reply_markup: keyboard({ web_app: { url: 'http://shop.example' } }) },
      400,
      "Bad Request: inline keyboard button Web App URL 'http://shop.example' is invalid: Only HTTPS links are allowed",
    ],
    [
      'a Web App without TLS behind a key',
      'sendMessage',
      { text: 'x', reply_markup: { keyboard: [[{ text: 'Shop', web_app: { url: 'http://shop.example' } }]] } },
      400,
      "Bad Request: keyboard button Web App URL 'http://shop.example' is invalid: Only HTTPS links are allowed",
    ],
    [
      'a button that leads nowhere',
      'sendMessage',
      { text: 'x', reply_markup: keyboard({ url: 'not a url' }) },
      400,
      "Bad Request: inline keyboard button URL 'not a url' is invalid: Wrong HTTP URL",
    ],
    [
      'an entity of no kind',
      'sendMessage',
      { text: 'x', entities: [{ type: 'glitter', offset: 0, length: 1 }] },
      400,
      "Bad Request: can't parse entities: unsupported type specified",
    ],
    [
      'an entity within an emoji',
      'sendMessage',
      { text: '😀', entities: [{ type: 'bold', offset: 1, length: 1 }] },
      400,
      'Bad Request: entity begins in a middle of a UTF-16 symbol at byte offset 0',
    ],
    [
      'an entity that leads nowhere',
      'sendMessage',
      { text: 'x', entities: [{ type: 'text_link', url: 'not a url', offset: 0, length: 1 }] },
      400,
      "Bad Request: entity URL 'not a url' is invalid: Wrong HTTP URL",
    ],
    [
      'a late answer to a button',
      'answerCallbackQuery',
      { callback_query_id: '1' },
      400,
      'Bad Request: query is too old and response timeout expired or query ID is invalid',
    ],
    ['a strange action', 'sendChatAction', { action: 'dance' }, 400, 'Bad Request: wrong parameter action in request'],
    [
      'a command with capitals',
      'setMyCommands',
      { commands: [{ command: 'Go', description: 'x' }] },
      400,
      'Bad Request: BOT_COMMAND_INVALID',
    ],
    ['a method the sandbox lacks', 'sendChecklist', {}, 400, 'Bad Request: method is not supported by the sandbox'],
    ['a method nobody has', 'sendLove', {}, 404, 'Not Found: method not found'],
  ])('%s is refused as Telegram does', async (_why, method, params, status, description) => {
    const answer = await run.api(method, { chat_id: chat, ...params });
    expect(answer).toMatchObject({ status, ok: false, error_code: status, description });
  });

  it('4096 letters fit, and markup does not count', async () => {
    const sent = await send(`<b>${textOf(4096)}</b>`, { parse_mode: 'HTML' });
    expect(sent.text).toHaveLength(4096);
  });

  it('64 bytes of callback data fit', async () => {
    const sent = await send('x', { reply_markup: keyboard({ callback_data: 'я'.repeat(32) }) });
    expect(sent.reply_markup!.inline_keyboard[0]![0]!.callback_data).toBe('я'.repeat(32));
  });

  it.each<[encoding: string, init: (params: Record<string, string>) => [query: string, init?: RequestInit]]>([
    ['query', (params) => [`?${new URLSearchParams(params)}`]],
    ['urlencoded', (params) => ['', { method: 'POST', body: new URLSearchParams(params) }]],
    ['multipart', (params) => ['', { method: 'POST', body: form(params) }]],
    [
      'JSON',
      (params) => [
        '',
        { method: 'POST', body: JSON.stringify(params), headers: { 'content-type': 'application/json' } },
      ],
    ],
  ])('%s is understood, whatever the case of the method', async (encoding, init) => {
    const reply_markup = JSON.stringify(keyboard({ callback_data: 'x' }));
    const [query, options] = init({ chat_id: String(chat), text: `by ${encoding}`, reply_markup });
    const response = await fetch(`${run.sandbox.telegramUrl}/bot${TOKEN}/SENDmessage${query}`, options);
    expect(await response.json()).toMatchObject({
      ok: true,
      result: { text: `by ${encoding}`, reply_markup: keyboard({ callback_data: 'x' }) },
    });
  });

  it('a token that is none, or nobody’s, is unauthorized', async () => {
    expect(await run.api('getMe', {}, '0:x')).toMatchObject({
      status: 401,
      description: 'Unauthorized: invalid token specified',
    });
    const strict = await startForSpec();
    expect(await strict.api('getMe', {}, '42:x')).toMatchObject({ status: 401, description: 'Unauthorized' });
    await strict.sandbox.close();
  });

  it('an identical edit is refused, a different one keeps the id and loses the keyboard', async () => {
    const { message_id } = await send('one', { reply_markup: keyboard({ callback_data: 'x' }) });
    const target = { chat_id: chat, message_id };
    const same = await run.api('editMessageText', {
      ...target,
      text: 'one',
      reply_markup: keyboard({ callback_data: 'x' }),
    });
    expect(same.description).toMatch(/^Bad Request: message is not modified: specified new message content/);
    const { result } = await run.api<Message>('editMessageText', { ...target, text: 'two' });
    expect(result).toMatchObject({ message_id, text: 'two', edit_date: expect.any(Number) });
    expect(result.reply_markup).toBeUndefined();
  });

  it('deleting several skips those that are gone', async () => {
    const [one, two] = [await send('1'), await send('2')];
    const message_ids = [one.message_id, 999_999, two.message_id];
    expect((await run.api('deleteMessages', { chat_id: chat, message_ids })).result).toBe(true);
    const left = (await run.messages(chat)).map(({ message_id }) => message_id);
    expect(left).not.toContain(one.message_id);
    expect(left).not.toContain(two.message_id);
  });

  it('a photo keeps its pixels, and its id can be sent again', async () => {
    const upload = form({ chat_id: String(chat), caption: '<i>dot</i>', parse_mode: 'HTML' });
    upload.set('photo', new Blob([PNG]), 'dot.png');
    const { result: first } = await run.api<Message>('sendPhoto', upload);
    expect(first).toMatchObject({
      caption: 'dot',
      caption_entities: [{ type: 'italic' }],
      photo: [{ width: 1, height: 1, file_size: PNG.length }],
    });
    const again = await run.api<Message>('sendPhoto', { chat_id: chat, photo: first.photo![0]!.file_id });
    expect(again.result.photo).toEqual(first.photo);
    const asDocument = await run.api('sendDocument', { chat_id: chat, document: first.photo![0]!.file_id });
    expect(asDocument.description).toBe("Bad Request: can't use file of type Photo as Document");
  });

  it('an album takes its parts from the form and is one group', async () => {
    const media = ['a', 'b'].map((name) => ({ type: 'document', media: `attach://${name}`, caption: name }));
    const upload = form({ chat_id: String(chat), media: JSON.stringify(media) });
    upload.set('a', new Blob(['AA']), 'а.txt');
    upload.set('b', new Blob(['B']), 'b.txt');
    const { result } = await run.api<Message[]>('sendMediaGroup', upload);
    expect(result.map(({ document, caption }) => [document!.file_name, document!.file_size, caption])).toEqual([
      ['а.txt', 2, 'a'],
      ['b.txt', 1, 'b'],
    ]);
    expect(result[0]!.media_group_id).toBe(result[1]!.media_group_id);
  });

  it('a file can be fetched by its address', async () => {
    const photo = `${run.sandbox.url}/phone/api/files/${await somePhoto()}`;
    const { result } = await run.api<Message>('sendPhoto', { chat_id: chat, photo });
    expect(result.photo![0]!.file_size).toBe(PNG.length);
  });

  it('commands are kept by scope and language', async () => {
    const commands = [{ command: 'go', description: 'Вперёд' }];
    await run.api('setMyCommands', { commands, language_code: 'ru', scope: { type: 'all_private_chats' } });
    expect((await run.api('getMyCommands')).result).toEqual([]);
    const chats = await run.ask<{ id: number; commands: object[] }[]>('GET', `/phone/api/people/${chat}/chats`);
    expect(chats.find(({ id }) => id === BOT_ID)!.commands).toEqual(commands);
  });

  it('a blocked bot cannot write, and hears of it', async () => {
    const before = (await run.updates()).at(-1)!.update_id;
    await run.say(run.emma, '/start');
    await run.telegram.block(run.emma.id, { bot: BOT_ID }, true);
    const refused = await run.api('sendMessage', { chat_id: run.emma.id, text: 'x' });
    expect(refused).toMatchObject({ status: 403, description: 'Forbidden: bot was blocked by the user' });
    const heard = (await run.updates())
      .filter(({ update_id }) => update_id > before)
      .map(({ my_chat_member }) => my_chat_member);
    expect(heard.at(-1)!.new_chat_member.status).toBe('kicked');
    await run.telegram.start(run.emma.id, { bot: BOT_ID });
    expect((await run.api('sendMessage', { chat_id: run.emma.id, text: 'x' })).ok).toBe(true);
  });

  it('who joins a group and leaves it is told to a bot with rights that asks for it', async () => {
    const group = { title: 'News', username: 'lumen_news', people: [run.emma.id], bots: [BOT_ID], admins: [BOT_ID] };
    const { id } = await run.telegram.addGroup(group);
    const { id: anna } = await run.telegram.addPerson({ firstName: 'Anna' });
    const statusOf = async () => {
      const { ok, result } = await run.api<{ status: string }>('getChatMember', {
        chat_id: '@Lumen_News',
        user_id: anna,
      });
      return ok ? result.status : undefined;
    };
    expect(await statusOf()).toBeUndefined();
    await run.api('getUpdates', { offset: -1, allowed_updates: ['chat_member'] });
    await run.telegram.setMember(id, anna, true);
    await run.telegram.setMember(id, anna, true);
    expect(await statusOf()).toBe('member');
    await run.telegram.setMember(id, anna, false);
    expect(await statusOf()).toBe('left');
    const told = (await run.updates()).flatMap(({ chat_member }) => chat_member ?? []);
    expect(told.map(({ new_chat_member }) => new_chat_member.status)).toEqual(['member', 'left']);
    expect(told[0]).toMatchObject({ chat: { id, username: 'lumen_news' }, new_chat_member: { user: { id: anna } } });
    await run.api('getUpdates', { allowed_updates: [] });
  });

  async function somePhoto(): Promise<string> {
    const upload = form({ chat_id: String(chat) });
    upload.set('photo', new Blob([PNG]), 'dot.png');
    return (await run.api<Message>('sendPhoto', upload)).result.photo![0]!.file_id;
  }
});

function form(fields: Record<string, string>): FormData {
  const data = new FormData();
  Object.entries(fields).forEach(([name, value]) => data.set(name, value));
  return data;
}
