import { BOT_ID, PNG, type Running, startForSpec, until } from '../start-for-spec';
import type { Message, Update } from './wire';

const BOT = { bot: BOT_ID };

describe('kinds of messages', () => {
  let run: Running;
  let chat: number;

  beforeAll(async () => {
    run = await startForSpec();
    chat = run.anna.id;
    await run.say(run.anna, '/start');
  });
  afterAll(() => run.sandbox.close());

  /** The newest update of a kind. */
  const heard = async <K extends keyof Update>(kind: K) =>
    until(async () => (await run.updates()).findLast((update) => update[kind])?.[kind]);

  it.each<[method: string, params: object, shape: object]>([
    ['sendLocation', { latitude: 52.5, longitude: 13.4 }, { location: { latitude: 52.5, longitude: 13.4 } }],
    [
      'sendVenue',
      { latitude: '52.5', longitude: '13.4', title: 'Northwind', address: 'Harbour Street 4' },
      { venue: { title: 'Northwind', address: 'Harbour Street 4', location: { latitude: 52.5, longitude: 13.4 } } },
    ],
    [
      'sendContact',
      { phone_number: '+1 555', first_name: 'Ada' },
      { contact: { phone_number: '+1 555', first_name: 'Ada' } },
    ],
    ['sendDice', { emoji: '🏀' }, { dice: { emoji: '🏀', value: expect.any(Number) } }],
    [
      'sendRichMessage',
      { rich_message: { markdown: '# Plan\n\n1. **one**\n\n|a|\n|-|\n|b|' } },
      {
        rich_message: {
          blocks: [
            { type: 'heading', text: 'Plan', size: 1 },
            { type: 'list', items: [{ label: '1.' }] },
            { type: 'table', cells: [[{ text: 'a', is_header: true }], [{ text: 'b' }]] },
          ],
        },
      },
    ],
  ])('%s', async (method, params, shape) => {
    const sent = await run.sent(method, params);
    expect(sent).toMatchObject(shape);
    expect((await run.messages(chat)).at(-1)).toMatchObject({ message_id: sent.message_id, ...shape });
  });

  it.each([
    ['sendVideo', 'video'],
    ['sendAnimation', 'animation'],
    ['sendVideoNote', 'video_note'],
    ['sendSticker', 'sticker'],
  ] as const)('%s keeps its bytes, which its id sends again', async (method, kind) => {
    const form = new FormData();
    form.set('chat_id', String(chat));
    form.set(kind, new Blob([PNG]), 'thing.bin');
    const { result } = await run.api<Message>(method, form);
    expect(result[kind]).toMatchObject({ file_size: PNG.length });
    expect((await run.sent(method, { [kind]: result[kind]!.file_id }))[kind]).toEqual(result[kind]);
  });

  it.each([
    ['no place', 'sendLocation', { latitude: 91, longitude: 0 }, 'Bad Request: wrong location specified'],
    ['a strange die', 'sendDice', { emoji: '🐸' }, 'Bad Request: EMOTICON_INVALID'],
    [
      'a quiz without an answer',
      'sendPoll',
      { question: '?', options: ['a', 'b'], type: 'quiz' },
      /must have a correct/,
    ],
    ['a rich message of two kinds', 'sendRichMessage', { rich_message: { html: 'a', markdown: 'b' } }, /exactly one/],
    ['a currency without provider', 'sendInvoice', { ...invoice(), currency: 'EUR' }, /PAYMENT_PROVIDER_INVALID/],
    [
      'a quote nobody wrote',
      'sendMessage',
      { text: 'x', reply_parameters: { message_id: 1, quote: 'zzz' } },
      /QUOTE_TEXT/,
    ],
    ['a topic that is none', 'sendMessage', { text: 'x', message_thread_id: 7 }, /message thread not found/],
    ['a page for a photo', 'sendPhoto', { photo: 'https://example.com/a.png' }, /failed to get HTTP URL content/],
  ])('%s is refused', async (_what, method, params, description) => {
    expect(await run.api(method, { chat_id: chat, ...params })).toMatchObject({
      status: 400,
      description: typeof description === 'string' ? description : expect.stringMatching(description),
    });
  });

  it('a poll counts votes, tells its bot of them, and is closed', async () => {
    const poll = { question: 'Which?', options: ['Red', { text: 'Blue' }], is_anonymous: false };
    const { message_id, poll: sent } = await run.sent('sendPoll', poll);
    await run.telegram.vote(chat, BOT, message_id, 1);
    expect(await heard('poll_answer')).toMatchObject({ poll_id: sent!.id, user: { id: chat }, option_ids: [1] });
    const { result } = await run.api('stopPoll', { chat_id: chat, message_id });
    const options = [{ voter_count: 0 }, { voter_count: 1 }];
    expect(result).toMatchObject({ is_closed: true, total_voter_count: 1, options });
    await expect(run.telegram.vote(chat, BOT, message_id, 0)).rejects.toThrow('no poll to vote in');
  });

  it('a message is forwarded with its origin and copied without', async () => {
    const said = await run.say(run.anna, 'my words');
    const source = { from_chat_id: chat, message_id: said.message_id };
    expect(await run.sent('forwardMessage', source)).toMatchObject({
      text: 'my words',
      forward_origin: { type: 'user', sender_user: { id: chat } },
    });
    const { result: copy } = await run.api<Message>('copyMessage', { chat_id: chat, ...source });
    const copied = (await run.messages(chat)).find(({ message_id }) => message_id === copy.message_id)!;
    expect(copied).toMatchObject({ text: 'my words', from: { id: BOT_ID } });
    expect(copied.forward_origin).toBeUndefined();
    const both = { chat_id: chat, from_chat_id: chat, message_ids: [said.message_id, 999_999, copy.message_id] };
    expect((await run.api<object[]>('copyMessages', both)).result).toHaveLength(2);
    expect((await run.api<object[]>('forwardMessages', both)).result).toHaveLength(2);
    const again = await run.telegram.forward(chat, BOT, copy.message_id, BOT);
    expect(again.forward_origin).toMatchObject({ sender_user: { id: BOT_ID } });
  });

  it('a reply quotes a part of what it answers, on either side', async () => {
    const said = await run.say(run.anna, 'red, green and blue');
    const reply_parameters = { message_id: said.message_id, quote: 'green', quote_position: 5 };
    const answer = await run.sent('sendMessage', { text: 'this one', reply_parameters });
    expect(answer.quote).toEqual({ text: 'green', position: 5, is_manual: true });
    const back = await run.say(run.anna, 'why?', { replyTo: answer.message_id, quote: 'one' });
    expect(back).toMatchObject({ quote: { text: 'one', position: 5 }, reply_to_message: { text: 'this one' } });
  });

  it('reactions are set by both sides, and a bot hears of them only when it asks', async () => {
    const { message_id } = await run.sent('sendMessage', { text: 'good?' });
    await run.telegram.react(chat, BOT, message_id, '👍');
    expect((await run.updates()).some((update) => update.message_reaction)).toBe(false);
    await run.api('getUpdates', { offset: -1, allowed_updates: ['message_reaction', 'message', 'callback_query'] });
    await run.telegram.react(chat, BOT, message_id, '🔥');
    expect(await heard('message_reaction')).toMatchObject({
      message_id,
      old_reaction: [{ type: 'emoji', emoji: '👍' }],
      new_reaction: [{ type: 'emoji', emoji: '🔥' }],
    });
    await run.api('getUpdates', { offset: -1, allowed_updates: [] });
    const reaction = [{ type: 'emoji', emoji: '❤' }];
    expect((await run.api('setMessageReaction', { chat_id: chat, message_id, reaction })).result).toBe(true);
    const seen = (await run.messages(chat)).find((message) => message.message_id === message_id)!;
    expect(seen.reactions).toEqual([
      { from: chat, emoji: '🔥' },
      { from: BOT_ID, emoji: '❤' },
    ]);
  });

  it('a message is pinned with a message of its own, and unpinned', async () => {
    const { message_id } = await run.sent('sendMessage', { text: 'rules' });
    await run.api('pinChatMessage', { chat_id: chat, message_id });
    expect((await run.messages(chat)).at(-1)).toMatchObject({ pinned_message: { message_id, text: 'rules' } });
    const pinned = async () => (await run.api<{ pinned_message?: Message }>('getChat', { chat_id: chat })).result;
    expect((await pinned()).pinned_message).toMatchObject({ message_id });
    await run.api('unpinChatMessage', { chat_id: chat });
    expect((await pinned()).pinned_message).toBeUndefined();
  });

  it('the picture, caption and keyboard of a message are exchanged', async () => {
    const form = new FormData();
    form.set('chat_id', String(chat));
    form.set('photo', new Blob([PNG]), 'a.png');
    const { result } = await run.api<Message>('sendPhoto', form);
    const target = { chat_id: chat, message_id: result.message_id };
    const change = new FormData();
    Object.entries(target).forEach(([name, value]) => change.set(name, String(value)));
    change.set('media', JSON.stringify({ type: 'document', media: 'attach://new', caption: 'instead' }));
    change.set('new', new Blob(['x']), 'b.txt');
    const changed = (await run.api<Message>('editMessageMedia', change)).result;
    expect(changed).toMatchObject({ document: { file_name: 'b.txt' }, caption: 'instead' });
    const edited = await run.api<Message>('editMessageCaption', { ...target, caption: 'again' });
    expect(edited.result).toMatchObject({ document: { file_name: 'b.txt' }, caption: 'again' });
    const reply_markup = { inline_keyboard: [[{ text: 'B', callback_data: 'b' }]] };
    const marked = await run.api<Message>('editMessageReplyMarkup', { ...target, reply_markup });
    expect(marked.result).toMatchObject({ caption: 'again', reply_markup });
  });

  it('a keyboard below the field asks for a number and a place, and goes after one use', async () => {
    const keyboard = [
      [
        { text: 'Number', request_contact: true },
        { text: 'Shop', web_app: { url: 'https://x.example' } },
      ],
    ];
    await run.sent('sendMessage', { text: 'who?', reply_markup: { keyboard, one_time_keyboard: true } });
    const shown = async () => (await run.telegram.chats()).find(({ id }) => id === chat)!.replyKeyboard;
    expect(await shown()).toMatchObject({ keyboard });
    const data = await run.telegram.sendWebAppData(chat, BOT, '{"cart":1}', 'Shop');
    expect(data.web_app_data).toEqual({ data: '{"cart":1}', button_text: 'Shop' });
    const contact = { phone_number: '+1 555', first_name: run.anna.firstName };
    await run.telegram.send(chat, BOT, { contact });
    expect((await heard('message'))!.contact).toEqual({ ...contact, user_id: chat });
    expect(await shown()).toBeNull();
    const located = await run.telegram.send(chat, BOT, { location: { latitude: 1, longitude: 2 } });
    expect(located.location).toEqual({ latitude: 1, longitude: 2 });
  });

  it('Stop on a preview that allows it reaches the bot', async () => {
    await run.api('sendMessageDraft', { chat_id: chat, draft_id: 5, text: 'on and on' });
    await expect(run.telegram.stop(chat, BOT)).rejects.toThrow('nothing to stop');
    await run.api('sendMessageDraft', { chat_id: chat, draft_id: 5, text: 'on and on', can_stop: true });
    await run.telegram.stop(chat, BOT);
    expect(await heard('stopped_message_generation')).toMatchObject({ chat: { id: chat }, draft_id: 5 });
  });

  it('an inline query is answered, and what is picked is posted by way of the bot', async () => {
    const asking = run.telegram.inline(chat, BOT, 'tea');
    const query = await heard('inline_query');
    expect(query).toMatchObject({ query: 'tea', from: { id: chat } });
    const results = [
      {
        type: 'article',
        id: 'r1',
        title: 'Tea',
        input_message_content: { message_text: 'Have <b>tea</b>', parse_mode: 'HTML' },
      },
    ];
    expect((await run.api('answerInlineQuery', { inline_query_id: query!.id, results })).result).toBe(true);
    expect((await asking).results).toMatchObject([{ id: 'r1', title: 'Tea' }]);
    const posted = await run.telegram.pick(chat, BOT, 'r1');
    expect(posted).toMatchObject({ text: 'Have tea', entities: [{ type: 'bold' }], via_bot: { id: BOT_ID } });
    expect(await heard('chosen_inline_result')).toMatchObject({ result_id: 'r1', query: 'tea' });
    const late = await run.api('answerInlineQuery', { inline_query_id: query!.id, results });
    expect(late.description).toContain('query is too old');
  });
});

describe('payments in Stars', () => {
  let run: Running;
  beforeEach(async () => {
    run = await startForSpec({ pace: 0.05 });
    await run.say(run.anna, '/start');
  });
  afterEach(() => run.sandbox.close());

  const query = () =>
    until(async () => (await run.updates()).findLast((update) => update.pre_checkout_query)?.pre_checkout_query);
  const answer = async (params: object) =>
    run.api('answerPreCheckoutQuery', { pre_checkout_query_id: (await query()).id, ...params });
  const payments = async () =>
    (await run.updates()).flatMap(({ message }) => (message?.successful_payment ? [message.successful_payment] : []));

  it('are asked for, confirmed, told of, listed and given back once', async () => {
    const { message_id, invoice: shown } = await run.sent('sendInvoice', invoice());
    expect(shown).toMatchObject({ currency: 'XTR', total_amount: 250 });
    const paying = run.telegram.pay(run.anna.id, BOT, { messageId: message_id });
    expect(await query()).toMatchObject({ currency: 'XTR', total_amount: 250, invoice_payload: 'order-1' });
    expect((await answer({ ok: true })).result).toBe(true);
    const paid = await paying;
    if (!paid.paid) throw new Error(paid.reason);
    const told = await payments();
    expect(told).toMatchObject([{ invoice_payload: 'order-1', telegram_payment_charge_id: paid.chargeId }]);
    expect((await answer({ ok: true })).description).toContain('query is too old');

    const refund = { user_id: run.anna.id, telegram_payment_charge_id: paid.chargeId };
    expect((await run.api('refundStarPayment', refund)).result).toBe(true);
    expect((await run.api('refundStarPayment', refund)).description).toBe('Bad Request: CHARGE_ALREADY_REFUNDED');
    const { result } = await run.api<{ transactions: object[] }>('getStarTransactions');
    expect(result.transactions).toMatchObject([
      { id: paid.chargeId, amount: 250, source: { invoice_payload: 'order-1' } },
      { id: paid.chargeId, amount: 250, receiver: { invoice_payload: 'order-1' } },
    ]);
  });

  it('do not happen when the bot says no, or says nothing', async () => {
    const { message_id } = await run.sent('sendInvoice', invoice());
    const refused = run.telegram.pay(run.anna.id, BOT, { messageId: message_id });
    expect((await answer({ ok: false })).description).toBe('Bad Request: error message is empty');
    await answer({ ok: false, error_message: 'sold out' });
    expect(await refused).toEqual({ paid: false, reason: 'sold out' });
    const silence = await run.telegram.pay(run.anna.id, BOT, { messageId: message_id });
    expect(silence).toEqual({ paid: false, reason: 'the bot did not answer in time' });
    expect(await payments()).toEqual([]);
  });

  it('a subscription is paid again each month until it is canceled', async () => {
    const { result: link } = await run.api<string>('createInvoiceLink', {
      ...invoice(),
      subscription_period: 2_592_000,
    });
    const paying = run.telegram.pay(run.anna.id, BOT, { link });
    await answer({ ok: true });
    const first = await paying;
    if (!first.paid) throw new Error(first.reason);
    const next = await run.telegram.renew(first.chargeId);
    expect(await payments()).toMatchObject([
      { telegram_payment_charge_id: first.chargeId, is_recurring: true, is_first_recurring: true },
      { telegram_payment_charge_id: next.chargeId, is_recurring: true, invoice_payload: 'order-1' },
    ]);
    await run.telegram.failRenewal(first.chargeId);
    expect((await run.updates()).at(-1)!.subscription).toMatchObject({ invoice_payload: 'order-1', state: 'failed' });
    const stranger = { user_id: run.emma.id, telegram_payment_charge_id: first.chargeId, is_canceled: true };
    expect((await run.api('editUserStarSubscription', stranger)).description).toContain('CHARGE_NOT_FOUND');
    await run.telegram.setCanceled(first.chargeId, true);
    expect((await run.updates()).at(-1)!.subscription).toMatchObject({ invoice_payload: 'order-1', state: 'canceled' });
    await expect(run.telegram.renew(first.chargeId)).rejects.toThrow('canceled');
  });
});

describe('Stars that go back unasked', () => {
  it('are told of, or only found among the transactions', async () => {
    const run = await startForSpec();
    await run.say(run.anna, '/start');
    const pay = async () => {
      const { result: link } = await run.api<string>('createInvoiceLink', invoice());
      const paying = run.telegram.pay(run.anna.id, BOT, { link });
      const { id } = await until(
        async () => (await run.updates()).findLast((one) => one.pre_checkout_query)?.pre_checkout_query,
      );
      await run.api('answerPreCheckoutQuery', { pre_checkout_query_id: id, ok: true });
      const paid = await paying;
      if (!paid.paid) throw new Error(paid.reason);
      return paid.chargeId;
    };
    const told = await pay();
    await run.telegram.block(run.anna.id, BOT, true);
    await run.telegram.takeBack(told);
    const refunds = async () => (await run.updates()).flatMap(({ message }) => message?.refunded_payment ?? []);
    expect(await refunds()).toMatchObject([{ telegram_payment_charge_id: told, invoice_payload: 'order-1' }]);
    await run.telegram.block(run.anna.id, BOT, false);
    const untold = await pay();
    await run.telegram.takeBack(untold, { silently: true });
    expect(await refunds()).toHaveLength(1);
    const { result } = await run.api<{ transactions: { id: string; receiver?: object }[] }>('getStarTransactions');
    expect(result.transactions.filter(({ receiver }) => receiver).map(({ id }) => id)).toEqual([told, untold]);
    expect((await run.api('getStarTransactions', { limit: 101 })).description).toContain('LIMIT_INVALID');
    await run.sandbox.close();
  });
});

describe('groups', () => {
  let run: Running;
  beforeAll(async () => {
    run = await startForSpec();
  });
  afterAll(() => run.sandbox.close());

  it('a basic group becomes a supergroup with another id, where message ids begin anew', async () => {
    const people = [run.anna.id, run.emma.id];
    const group = await run.telegram.addGroup({ title: 'G', people, bots: ['spec_bot'], basic: true });
    expect(group.chat.type).toBe('group');
    const { result: before } = await run.api<Message>('sendMessage', { chat_id: group.id, text: 'hi' });
    const supergroup = await run.telegram.migrate(group.id);
    expect(supergroup.chat.type).toBe('supergroup');
    expect(await run.api('sendMessage', { chat_id: group.id, text: 'hi' })).toMatchObject({
      status: 400,
      description: 'Bad Request: group chat was upgraded to a supergroup chat',
      parameters: { migrate_to_chat_id: supergroup.id },
    });
    const told = (await run.updates()).map(({ message }) => message!);
    expect(told.find(({ migrate_to_chat_id: to }) => to)).toMatchObject({
      chat: { id: group.id },
      migrate_to_chat_id: supergroup.id,
    });
    const begun = told.find(({ migrate_from_chat_id: from }) => from)!;
    expect(begun).toMatchObject({ chat: { id: supergroup.id }, migrate_from_chat_id: group.id, message_id: 1 });
    expect(before.message_id).toBeGreaterThanOrEqual(1);
    await expect(run.say(run.anna, '/go', { chat: group.id })).rejects.toThrow('supergroup');
    await run.say(run.anna, '/go', { chat: supergroup.id });
  });

  it('a forum has topics, and what is said in one stays there', async () => {
    const group = await run.telegram.addGroup({
      title: 'F',
      people: [run.anna.id],
      bots: ['spec_bot'],
      admins: ['spec_bot'],
      forum: true,
    });
    const at = { chat_id: group.id };
    const { result: topic } = await run.api<{ message_thread_id: number }>('createForumTopic', { ...at, name: 'News' });
    const threadId = topic.message_thread_id;
    const said = await run.say(run.anna, 'no command, and yet heard', { chat: group.id, threadId });
    expect(said).toMatchObject({ message_thread_id: threadId, is_topic_message: true, chat: { is_forum: true } });
    expect((await run.updates()).at(-1)!.message).toMatchObject({ message_id: said.message_id });
    const answer = await run.api<Message>('sendMessage', { ...at, text: 'here', message_thread_id: threadId });
    expect(answer.result.message_thread_id).toBe(threadId);
    await run.api('editForumTopic', { ...at, message_thread_id: threadId, name: 'Olds' });
    await run.api('closeForumTopic', { ...at, message_thread_id: threadId });
    expect((await run.telegram.chats()).find(({ id }) => id === group.id)!.topics).toMatchObject([{ name: 'Olds' }]);
    await run.api('deleteForumTopic', { ...at, message_thread_id: threadId });
    const left = await run.messages(group.id);
    expect(left.map(({ message_id }) => message_id)).not.toContain(said.message_id);
  });

  it('what a channel posts is forwarded to its discussion group by Telegram itself', async () => {
    const group = await run.telegram.addGroup({ title: 'Talk', people: [run.anna.id], bots: ['spec_bot'] });
    const post = await run.telegram.postInChannel(group.id, { channel: 'News', text: 'ask @spec_bot' });
    const heard = (await run.updates()).at(-1)!.message!;
    expect(heard).toMatchObject({
      message_id: post.message_id,
      from: { id: 777_000, is_bot: false, first_name: 'Telegram' },
      sender_chat: { type: 'channel', title: 'News' },
      is_automatic_forward: true,
      forward_origin: { type: 'channel', chat: { title: 'News' } },
      text: 'ask @spec_bot',
    });
  });

  it('without rights a bot makes no topic and pins nothing', async () => {
    const group = await run.telegram.addGroup({ title: 'P', people: [run.anna.id], bots: ['spec_bot'], forum: true });
    const { result } = await run.api<Message>('sendMessage', { chat_id: group.id, text: 'x' });
    const pin = await run.api('pinChatMessage', { chat_id: group.id, message_id: result.message_id });
    expect(pin.description).toContain('not enough rights');
    expect((await run.api('createForumTopic', { chat_id: group.id, name: 'N' })).description).toContain('rights');
  });
});

function invoice() {
  return {
    title: 'Month',
    description: 'Thirty days',
    payload: 'order-1',
    currency: 'XTR',
    prices: [{ label: 'x', amount: 250 }],
  };
}
