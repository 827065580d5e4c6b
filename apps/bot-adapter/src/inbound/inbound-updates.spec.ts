import {
  AuditEntryAppendRequested,
  ContactStarted,
  DiscardQuarantinedUpdate,
  ListQuarantinedUpdates,
  MessageEdited,
  MessageReceived,
  ReadQuarantinedUpdate,
  ReplayQuarantinedUpdate,
  ReplayQuarantinedUpdates,
  SummarizeQuarantinedUpdates,
} from '@switchboard/contracts';
import { type TestApp, until } from '@switchboard/testing';
import { BOTS, externalHash, hear, inSandbox, metric, reply, startBotAdapter } from '../../test/start-bot-adapter';
import { NORTHWIND, type PretendedTelegram, startTelegram } from '../../test/start-sandbox';
import { EMMA, TelegramWebhook } from '../../test/webhook';
import { webhookSecret } from '../channels/telegram/telegram.factory';
import { RetentionJobs } from '../retention/retention.jobs';
import { InboundUpdatesService } from './inbound-updates.service';

describe('updates', () => {
  let telegram: PretendedTelegram;
  let app: TestApp;
  let webhook: TelegramWebhook;

  beforeAll(async () => {
    telegram = await startTelegram();
    app = await startBotAdapter(telegram);
    webhook = new TelegramWebhook(app);
  });
  afterAll(async () => {
    await app.stop();
    await telegram.close();
  });

  const rows = <T>(sql: string, parameters: unknown[] = []) => app.service.db.query<T[]>(sql, parameters);
  const count = async (table: string, where = 'true') =>
    (await rows<{ n: number }>(`SELECT count(*)::int AS n FROM ${table} WHERE ${where}`))[0]!.n;
  const heard = (text: string) => app.probe.until(MessageReceived, ({ data }) => data.text === text);

  describe('of a group that becomes a supergroup', () => {
    const group = (id: number) => ({ id, type: id < -1_000_000 ? 'supergroup' : 'group' });
    const say = (id: number, message_id: number, text: string) =>
      webhook.message({ chat: group(id), message_id, text: `@lumen_bot ${text}` });
    const edit = (id: number, message_id: number, text: string) =>
      webhook.bring({
        edited_message: {
          message_id,
          date: 1,
          edit_date: 2,
          chat: group(id),
          from: EMMA,
          text: `@lumen_bot ${text}`,
          entities: [],
        },
      });

    it('ids of messages begin anew: none is lost, and an edit reaches the right one', async () => {
      await say(-50, 10, 'the old ten');
      await webhook.message({ chat: group(-50), message_id: 11, migrate_to_chat_id: -1_000_050 });
      await say(-1_000_050, 10, 'the new ten');
      const [before, after] = [await heard('the old ten'), await heard('the new ten')];
      expect(after.data.chatId).toBe(before.data.chatId);

      await edit(-1_000_050, 10, 'the new ten, corrected');
      await edit(-50, 10, 'the old ten, corrected');
      const corrected = async (text: string) =>
        (await app.probe.until(MessageEdited, ({ data }) => data.text.includes(text))).data.messageId;
      expect(await corrected('the new ten, corrected')).toBe(after.data.messageId);
      expect(await corrected('the old ten, corrected')).toBe(before.data.messageId);
      expect(await count('inbound_updates', 'failure IS NOT NULL')).toBe(0);
    });

    it.each([
      ['told in the new one first', -60, ['from', 'say', 'to']],
      ['when somebody writes there before either is told', -61, ['say', 'to', 'from']],
      ['when the new one tells it last', -62, ['say', 'from', 'to']],
    ])('the chat stays the same, %s', async (_how, old, steps) => {
      const now = old - 1_000_000;
      const start = `before the move of ${old}`;
      await say(old, 1, start);
      for (const step of steps) {
        if (step === 'say') await say(now, 1, `amid the move of ${old}`);
        if (step === 'to') await webhook.message({ chat: group(old), migrate_to_chat_id: now });
        if (step === 'from') await webhook.message({ chat: group(now), migrate_from_chat_id: old });
      }
      await say(now, 2, `after the move of ${old}`);
      expect((await heard(`after the move of ${old}`)).data.chatId).toBe((await heard(start)).data.chatId);
    });

    it('an answer to what was said amid the move goes where the chat is now', async () => {
      const person = await telegram.person();
      const now = (await telegram.group(person)).chat;
      await say(-70, 1, 'before it moved');
      await say(now, 1, 'amid it');
      const amid = await heard('amid it');
      await webhook.message({ chat: group(-70), migrate_to_chat_id: now });
      await until(() => count('chats', 'moved_to IS NOT NULL'), { what: 'the move' });
      await reply(app, amid, 'an answer to what was said amid the move');
      const sent = async () =>
        (await telegram.calls('sendMessage', now)).some(({ params }) => params.text?.includes('amid the move'));
      await until(sent, { what: 'the answer in the group as it is now' });
      expect(await telegram.calls('sendMessage', -70)).toEqual([]);
    });
  });

  describe('of a group that becomes a supergroup, told late', () => {
    const group = (id: number) => ({ id, type: id < -1_000_000 ? 'supergroup' : 'group' });
    const say = (id: number, message_id: number, text: string) =>
      webhook.message({ chat: group(id), message_id, text: `@lumen_bot ${text}` });

    it('what still comes from the old one goes on in the chat, with its history', async () => {
      await say(-80, 1, 'before the move of -80');
      await webhook.message({ chat: group(-80), migrate_to_chat_id: -1_000_080 });
      await say(-1_000_080, 2, 'after the move of -80');
      // Of the old group, whose ids of messages are others.
      await say(-80, 2, 'a straggler of -80');
      const said = ['before the move of -80', 'after the move of -80', 'a straggler of -80'];
      const [before, after, late] = await Promise.all(said.map(heard));
      expect(after!.data.chatId).toBe(before!.data.chatId);
      expect(late!.data.chatId).toBe(before!.data.chatId);
      expect(await count('inbound_updates', 'failure IS NOT NULL')).toBe(0);
    });

    it('of two that were met, the one that was met first goes on', async () => {
      await say(-1_000_081, 1, 'met under the new id');
      await say(-81, 1, 'met under the old id');
      await webhook.message({ chat: group(-81), migrate_to_chat_id: -1_000_081 });
      await say(-1_000_081, 2, 'after both');
      expect((await heard('after both')).data.chatId).toBe((await heard('met under the new id')).data.chatId);
    });
  });

  describe('of a group in which others talk', () => {
    it("a bystander's edit or a command that names no bot leaves no trace of who they are", async () => {
      const bystander = { ...EMMA, id: 9901, first_name: 'Nosy' };
      const chat = { id: -9900, type: 'group' };
      await webhook.message({ chat, from: bystander, text: '/help' });
      await webhook.bring({ edited_message: { message_id: 5, date: 1, chat, from: bystander, text: 'I meant this' } });
      for (const table of ['people', 'contacts'])
        expect(await count(table, `external_hash = '${externalHash(9901)}'`)).toBe(0);
      expect(await count('chats', `external_hash = '${externalHash(-9900)}'`)).toBe(0);
    });

    it('what is said in a topic is answered in it, and points to the command', async () => {
      const group = await telegram.group(await telegram.person());
      const chat = { id: group.chat, type: 'supergroup' };
      await webhook.message({
        chat,
        message_id: 31,
        text: '/privacy@lumen_bot',
        is_topic_message: true,
        message_thread_id: 7,
      });
      const sent = () => telegram.calls('sendMessage', group.chat);
      await until(async () => (await sent()).length > 0, { what: 'the answer' });
      expect((await sent())[0]!.params).toMatchObject({ message_thread_id: 7, reply_parameters: { message_id: 31 } });
      await webhook.message({
        chat,
        message_id: 32,
        text: '@lumen_bot in a topic',
        is_topic_message: true,
        message_thread_id: 7,
      });
      await heard('in a topic');
      expect(
        await rows('SELECT external_thread_id FROM inbound_messages WHERE external_message_id = $1', ['32']),
      ).toEqual([{ external_thread_id: '7' }]);
    });
  });

  describe('that cannot be read', () => {
    it.each([
      ['sticker', { sticker: {} }, /stickers/],
      ['video with a caption', { video: {}, caption: 'who is this?' }, /videos yet. Nor did I read the text/],
      ['kind that nobody here has heard of', { giveaway: {} }, /this kind of message/],
    ])('a %s is answered with what it was, and with what would be understood', async (_what, content, words) => {
      const { id } = await telegram.person();
      const said = async () => (await telegram.calls('sendMessage', id)).map(({ params }) => params.text ?? '');
      await webhook.message({ chat: { id, type: 'private' }, from: { ...EMMA, id }, ...content });
      await until(async () => (await said()).length > 0, { what: 'an answer' });
      const [answer] = await said();
      expect(answer).toMatch(words);
      expect(answer).toMatch(/What I understand: text, voice messages, photos, documents/);
    });

    it('a bot that does not read files says so, and invites nobody to send them', async () => {
      const emma = telegram.other(await telegram.person(), 'northwind_bot');
      await emma.start();
      await emma.answer(({ text }) => /What I understand: text, voice messages\./.test(text ?? ''));
      await emma.sendFile('document', Buffer.from('a plan'), { name: 'plan.txt', caption: 'what is it?' });
      await emma.answer(({ text }) => /cannot read files/.test(text ?? ''));
      expect(app.probe.all(MessageReceived).some(({ data }) => data.text === 'what is it?')).toBe(false);
    });
  });

  it('a deep link is shown to somebody who is known already, and starts no second contact', async () => {
    const emma = await telegram.person();
    const { data } = await hear(app, emma, 'hello');
    await emma.start('spring_sale_2');
    await emma.answer(({ text }) => /spring_sale_2/.test(text ?? ''));
    expect(app.probe.all(ContactStarted).filter((event) => event.data.userId === data.userId)).toHaveLength(1);
  });

  it('a contact whose profile was sealed with a key that is unknown here is heard all the same', async () => {
    const emma = await telegram.person();
    const { data } = await hear(app, emma, 'before the key was lost');
    await rows(`UPDATE contacts SET profile = 'v1.lost.AAAA' WHERE user_id = $1`, [data.userId]);
    await hear(app, emma, 'after the key was lost');
    const [contact] = await rows<{ profile: string }>('SELECT profile FROM contacts WHERE user_id = $1', [data.userId]);
    expect(contact!.profile).toMatch(/^p1\./);
  });

  describe('in quarantine', () => {
    const replay = async () => {
      const response = await fetch(`${app.url}/inbound-updates/quarantined/replay`, {
        method: 'POST',
        headers: await app.as('gateway'),
      });
      return (await response.json()) as { processed: number; failed: number };
    };

    it('are processed again in their order, once, when what kept them from it is mended', async () => {
      await rows(`ALTER TABLE inbound_messages ADD CONSTRAINT broken CHECK (external_message_id NOT LIKE '9000%')`);
      for (const n of [1, 2, 3]) await webhook.message({ message_id: 90_000 + n, text: `held ${n}` });
      await webhook.message({ text: 'not held' });
      await heard('not held');
      expect(await metric(app, 'updates_quarantined', 'bot="lumen"')).toBe(3);
      expect(await replay()).toEqual({ processed: 0, failed: 3 });

      await rows('ALTER TABLE inbound_messages DROP CONSTRAINT broken');
      const outcomes = await Promise.all([replay(), replay()]);
      expect(outcomes.reduce((sum, { processed }) => sum + processed, 0)).toBe(3);
      await heard('held 3');
      const said = app.probe
        .all(MessageReceived)
        .flatMap(({ data }) => (data.text?.startsWith('held') ? [data.text] : []));
      expect(said).toEqual(['held 1', 'held 2', 'held 3']);
      expect(await metric(app, 'updates_quarantined', 'bot="lumen"')).toBe(0);
      expect(await count('inbound_updates', 'content IS NOT NULL')).toBe(0);
    });

    it('are kept for two months, while others are forgotten', async () => {
      await webhook.bring({ message: 7 });
      const retention = app.service.nest.get(RetentionJobs, { strict: false });
      app.clock.advance(40 * 86_400_000);
      await retention.forgetOld();
      expect(await count('inbound_updates')).toBe(1);
      app.clock.advance(21 * 86_400_000);
      await retention.forgetOld();
      expect(await count('inbound_updates')).toBe(0);
      app.clock.advance(-61 * 86_400_000);
    });

    it('are looked at one by one, masked or in full for a reason, and tried again or given up', async () => {
      // Ids count for one account of the channel.
      const params = (update: number) => ({ botId: 'lumen', updateId: `7000000001:${update}` });
      const list = async (query: object = {}) => (await app.gateway.call(ListQuarantinedUpdates, { query })).data;
      await rows(`ALTER TABLE inbound_messages ADD CONSTRAINT broken CHECK (external_message_id NOT LIKE '8000%')`);
      const brought: number[] = [];
      for (const n of [1, 2]) brought.push(await webhook.message({ message_id: 80_000 + n, text: `amber ${n}` }));
      const [first, second] = brought as [number, number];
      const all = await list();
      expect(all).toMatchObject([
        { ...params(first), failure: expect.stringContaining('broken') as string },
        params(second),
      ]);
      expect(all[0]!.content).toMatchObject({ message: { text: '•••(7)', chat: { id: '•••', type: '•••(7)' } } });
      expect(JSON.stringify(all)).not.toContain('amber');
      const page = await app.gateway.call(ListQuarantinedUpdates, { query: { limit: 1 } });
      expect(await list({ limit: 1, after: page.page.next! })).toEqual([all[1]]);
      expect(await app.gateway.call(SummarizeQuarantinedUpdates, {})).toMatchObject({
        bots: [{ botId: 'lumen', count: 2 }],
      });

      const asked = { params: params(first), reason: 'to see its form' };
      const read = await app.gateway.call(ReadQuarantinedUpdate, asked);
      expect(read.content).toMatchObject({ message: { text: 'amber 1' } });
      await expect(app.gateway.call(ReadQuarantinedUpdate, { ...asked, reason: '' })).rejects.toMatchObject({
        status: 400,
      });

      const replayOne = (id: number) => app.gateway.call(ReplayQuarantinedUpdate, { params: params(id) });
      expect(await replayOne(first)).toEqual({ processed: 0, failed: 1 });
      await rows('ALTER TABLE inbound_messages DROP CONSTRAINT broken');
      expect(await replayOne(first)).toEqual({ processed: 1, failed: 0 });
      await heard('amber 1');
      const missing = { status: 404, problem: { code: 'bot-adapter.update_not_quarantined' } };
      await expect(replayOne(first)).rejects.toMatchObject(missing);

      const discard = () =>
        app.gateway.call(DiscardQuarantinedUpdate, { params: params(second), body: { why: 'nobody waits for it' } });
      await discard();
      await expect(discard()).rejects.toMatchObject(missing);
      expect(await list()).toEqual([]);
      expect(
        await count('inbound_updates', `update_id = '7000000001:${second}' AND content IS NULL AND failure IS NULL`),
      ).toBe(1);
      expect(app.probe.all(AuditEntryAppendRequested)).toMatchObject([
        {
          data: {
            action: 'bot-adapter.quarantined-updates.discard',
            resourceId: `lumen/7000000001:${second}`,
            reason: 'nobody waits for it',
            botId: 'lumen',
          },
        },
      ]);
    });

    it('of other bots do not exist for who may see some only', async () => {
      await webhook.bring({ message: 7 });
      const actor = { kind: 'staff' as const, id: 'sam', roles: [], scopes: ['updates:*'], bots: ['northwind'] };
      expect((await app.gateway.call(ListQuarantinedUpdates, {}, { actor })).data).toEqual([]);
      expect(await app.gateway.call(SummarizeQuarantinedUpdates, {}, { actor })).toEqual({ bots: [] });
      expect(await app.gateway.call(ReplayQuarantinedUpdates, {}, { actor })).toEqual({ processed: 0, failed: 0 });
      const [one] = (await app.gateway.call(ListQuarantinedUpdates, {})).data;
      const { botId, updateId } = one!;
      const asked = { params: { botId, updateId }, body: { why: 'not mine' } };
      await expect(app.gateway.call(DiscardQuarantinedUpdate, asked, { actor })).rejects.toMatchObject({ status: 404 });
      await app.gateway.call(DiscardQuarantinedUpdate, asked);
    });

    it("are nobody's business but the operator's", async () => {
      const url = `${app.url}/inbound-updates/quarantined`;
      expect((await fetch(url)).status).toBe(401);
      // As if there were nothing: nobody is told what they may not see.
      expect((await fetch(url, { headers: await app.as('chat-ai') })).status).toBe(404);
      expect(await app.gateway.call(SummarizeQuarantinedUpdates, {})).toEqual({ bots: [] });
    });
  });
});

it('an update of a bot that is not known here is not taken: its channel keeps it', async () => {
  const telegram = await startTelegram();
  const app = await startBotAdapter(telegram);
  const updates = app.service.nest.get(InboundUpdatesService, { strict: false });
  await expect(updates.process({ botId: 'nobody', id: '1', content: {} })).rejects.toThrow('nobody');
  await app.stop();
  await telegram.close();
});

it('a bot that is given another account hears what has the ids of the former one', async () => {
  const telegram = await startTelegram();
  const first = await startBotAdapter(telegram);
  const message = { message_id: 5, date: 1, chat: { id: EMMA.id, type: 'private' }, from: EMMA };
  const update = (text: string) => ({ update_id: 700, message: { ...message, text } });
  await new TelegramWebhook(first).post(update('to the first'));
  await first.probe.until(MessageReceived, ({ data }) => data.text === 'to the first');
  await first.stop({ keepDatabase: true });

  const bots = { lumen: { ...BOTS['lumen'], channel: inSandbox(NORTHWIND) } };
  const second = await startBotAdapter(telegram, { database: first.database, bots });
  const secret = webhookSecret({ id: 'lumen', token: NORTHWIND.token });
  const answer = await new TelegramWebhook(second).post(update('to the second'), secret);
  expect(answer.status).toBe(200);
  await second.probe.until(MessageReceived, ({ data }) => data.text === 'to the second');
  await second.stop();
  await telegram.close();
});

describe('who a bot talks to', () => {
  let telegram: PretendedTelegram;
  let app: TestApp;
  let webhook: TelegramWebhook;
  const [guest, stranger, pest] = [901, 902, 903].map((id) => ({ ...EMMA, id }));

  beforeAll(async () => {
    telegram = await startTelegram();
    const channel = { kind: 'telegram', apiRoot: 'sandbox', token: '7000000001:sandbox-lumen' };
    const access = { allow: ['901', '@friend', '903'], block: ['903'], flood: { burst: 3, perMinute: 60 } };
    app = await startBotAdapter(telegram, { bots: { lumen: { name: 'Lumen', channel, access } } });
    webhook = new TelegramWebhook(app);
  });
  afterAll(async () => {
    await app.stop();
    await telegram.close();
  });

  const say = (from: { id: number }, text: string) =>
    webhook.message({ chat: { id: from.id, type: 'private' }, from, text });
  const answers = async ({ id }: { id: number }) =>
    (await telegram.calls('sendMessage', id)).map(({ params }) => params.text ?? '');
  const kept = async ({ id }: { id: number }) =>
    (
      await app.service.db.query<{ n: number }[]>('SELECT count(*)::int AS n FROM contacts WHERE external_hash = $1', [
        externalHash(id),
      ])
    )[0]!.n;

  it('those who are invited, by id or by name', async () => {
    await say(guest!, 'let me in');
    await say({ ...EMMA, id: 904, username: 'Friend' } as never, 'and me');
    await app.probe.until(MessageReceived, ({ data }) => data.text === 'let me in');
    await app.probe.until(MessageReceived, ({ data }) => data.text === 'and me');
  });

  it('others are told by which id they could be invited, and nothing of theirs is kept', async () => {
    await say(stranger!, 'and what about me?');
    await until(async () => (await answers(stranger!)).some((text) => text.includes('Your id here is 902')), {
      what: 'a word',
    });
    expect(await kept(stranger!)).toBe(0);
  });

  it('those who are blocked get no answer, and nothing of theirs is kept', async () => {
    await say(pest!, '/start');
    await say(guest!, '/start');
    await until(async () => (await answers(guest!)).length > 0, { what: 'an answer to somebody else' });
    expect(await answers(pest!)).toEqual([]);
    expect(await kept(pest!)).toBe(0);
  });

  it('who writes too fast is told so once, and heard again after the wait', async () => {
    app.clock.advance(60_000);
    for (const n of [1, 2, 3, 4, 5, 6]) await say(guest!, `flood ${n}`);
    await until(async () => (await answers(guest!)).some((text) => /Please wait 1 s/.test(text)), {
      what: 'a word of warning',
    });
    app.clock.advance(4000);
    await say(guest!, 'calmly');
    await app.probe.until(MessageReceived, ({ data }) => data.text === 'calmly');
    const said = app.probe
      .all(MessageReceived)
      .flatMap(({ data }) => (data.text?.startsWith('flood') ? [data.text] : []));
    expect(said).toEqual(['flood 1', 'flood 2', 'flood 3']);
    expect((await answers(guest!)).filter((text) => /too fast|faster than/.test(text))).toHaveLength(1);
    expect(await metric(app, 'updates_total', 'kind="too_fast"')).toBe(3);
  });

  const heardOf = (prefix: string) =>
    app.probe.all(MessageReceived).flatMap(({ data }) => (data.text?.startsWith(prefix) ? [data.text] : []));
  const calmly = async (text: string) => {
    app.clock.advance(60_000);
    await say(guest!, text);
    await app.probe.until(MessageReceived, ({ data }) => data.text === text);
  };
  const guestSays = (fields: object) =>
    webhook.message({ chat: { id: guest!.id, type: 'private' }, from: guest!, ...fields });

  it('what an outage has held up counts by when it was written', async () => {
    app.clock.advance(3_600_000);
    const start = Math.floor(app.clock.now().getTime() / 1000) - 1800;
    for (let n = 1; n <= 8; n++) await guestSays({ date: start + n * 10, text: `held up ${n}` });
    await calmly('after the outage');
    expect(heardOf('held up')).toHaveLength(8);
  });

  it('files that were sent together count once', async () => {
    app.clock.advance(60_000);
    const photo = (n: number) => [{ file_id: `photo-${n}`, width: 1, height: 1 }];
    for (let n = 1; n <= 6; n++) await guestSays({ media_group_id: 'album', photo: photo(n), caption: `photo ${n}` });
    await calmly('after the album');
    expect(heardOf('photo')).toHaveLength(6);
  });

  it('what is replayed counts nothing', async () => {
    app.clock.advance(60_000);
    await app.service.db.query('ALTER TABLE inbound_messages ADD CONSTRAINT broken CHECK (false) NOT VALID');
    for (let n = 1; n <= 6; n++) await say(guest!, `quarantined ${n}`);
    await app.service.db.query('ALTER TABLE inbound_messages DROP CONSTRAINT broken');
    await app.service.nest.get(InboundUpdatesService, { strict: false }).replay();
    await calmly('after the replay');
    expect(heardOf('quarantined')).toHaveLength(6);
  });

  it('edits count as messages do', async () => {
    app.clock.advance(60_000);
    await guestSays({ message_id: 5000, text: 'to be edited' });
    const date = Math.floor(app.clock.now().getTime() / 1000);
    const chat = { id: guest!.id, type: 'private' };
    for (let n = 1; n <= 6; n++) {
      const edit = { message_id: 5000, date, edit_date: date, chat, from: guest!, text: `edit ${n}` };
      await webhook.bring({ edited_message: edit });
    }
    await calmly('after the edits');
    expect(app.probe.all(MessageEdited).map(({ data }) => data.text)).toEqual(['edit 1', 'edit 2']);
  });

  it('a stranger who goes on is told once a minute', async () => {
    const [noisy, next] = [911, 912].map((id) => ({ ...EMMA, id }));
    const told = (who: { id: number }, times: number) =>
      until(async () => (await answers(who)).length === times, { what: `${times} answers` });
    await say(noisy!, 'hello?');
    await told(noisy!, 1);
    for (let n = 1; n <= 4; n++) {
      await say(noisy!, `hello ${n}?`);
      await say({ ...next!, id: 920 + n }, 'hello?');
      await told({ id: 920 + n }, 1);
    }
    expect(await answers(noisy!)).toHaveLength(1);
    app.clock.advance(61_000);
    await say(noisy!, 'and now?');
    await told(noisy!, 2);
  });
});
