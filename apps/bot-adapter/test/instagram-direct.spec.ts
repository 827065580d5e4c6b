import { ForeignReplyNoticed, MessageReceived, MessageUndeliverable } from '@switchboard/contracts';
import { until } from '@switchboard/testing';
import { ChannelsService } from '../src/channels/channels.service';
import { ACCOUNTS, InstagramWorld } from './channels/instagram.world';
import { metric, reply } from './start-bot-adapter';

const SHOP = ACCOUNTS.one;
const DAY_MS = 86_400_000;
const comments = { mode: 'keyword', keywords: ['price', 'цена'], text: 'Hello! Ask me here.' };

describe('Instagram Direct', () => {
  let world: InstagramWorld;
  beforeAll(async () => {
    world = await InstagramWorld.start({ channel: { comments }, env: { BOT_ADAPTER_SEND_TIMEOUT_MS: '1500' } });
  });
  afterEach(() => world.sandbox.setFaults());
  afterAll(() => world.stop());

  const heard = (text: string) => world.app.probe.until(MessageReceived, ({ data }) => data.text === text);
  const jobsOf = (name: string) =>
    world.app.service.db.query<{ key: string }[]>(
      `SELECT j.key FROM bot_adapter_jobs._private_jobs j JOIN bot_adapter_jobs._private_tasks t ON t.id = j.task_id WHERE t.identifier = $1`,
      [name],
    );
  const hurry = () =>
    world.app.service.db.query(
      `UPDATE bot_adapter_jobs._private_jobs SET run_at = now() WHERE key LIKE 'judge-echo:%' AND locked_at IS NULL`,
    );
  async function meet(text = 'hello') {
    const emma = await world.person();
    await world.say(emma, SHOP, { text });
    return { emma, event: await heard(text) };
  }

  it('is answered after a mention in a story, which opens the window as words do', async () => {
    const emma = await world.person();
    const before = new Set(world.app.probe.all(MessageReceived));
    await world.say(emma, SHOP, { attachments: [{ type: 'story_mention', base64: 'aGk=' }] });
    const event = await world.app.probe.until(
      MessageReceived,
      (one) => one.data.about === 'story-mention' && !before.has(one),
    );
    await reply(world.app, event, 'Thank you!');
    await world.answer(emma, SHOP, ({ text }) => text === 'Thank you!');
  });

  it('answers a comment in private, once, and only one that asks for it', async () => {
    const emma = await world.person();
    const comment = (text: string, more: object = {}) =>
      world.ask('POST', `/people/${emma}/comments`, { account: SHOP, postId: 'post-1', text, ...more });
    await comment('how beautiful');
    await comment('Price?', { times: 3 });
    await world.answer(emma, SHOP, ({ text }) => text === comments.text);
    await until(async () => (await jobsOf('reply-to-comment')).length === 0, { what: 'the end of the jobs' });
    expect(await world.answers(emma, SHOP)).toHaveLength(1);
    // What comes back of it is nobody else's answer, also once there is a conversation.
    await world.say(emma, SHOP, { text: 'it is me' });
    await heard('it is me');
    await comment('and the price of this one?');
    await until(async () => (await world.answers(emma, SHOP)).length === 2, { what: 'the second answer' });
    await hurry();
    await until(async () => (await jobsOf('judge-echo')).length === 0, { what: 'the end of the jobs' });
    expect(world.app.probe.all(ForeignReplyNoticed)).toEqual([]);
  });

  it('opens no window by a comment, and none by a reaction', async () => {
    const emma = await world.person();
    await world.say(emma, SHOP, { text: 'long ago', agoMs: 2 * DAY_MS });
    const event = await heard('long ago');
    const first = await reply(world.app, event, 'too late');
    await world.app.probe.until(MessageUndeliverable, ({ data }) => data.causeId === first);
    await world.ask('POST', `/people/${emma}/comments`, { account: SHOP, postId: 'post-2', text: 'price?' });
    const { mid } = await world.answer(emma, SHOP, ({ text }) => text === comments.text);
    await world.ask('POST', `/people/${emma}/reactions`, { account: SHOP, mid, emoji: '👍' });
    const second = await reply(world.app, event, 'still too late');
    const { data } = await world.app.probe.until(MessageUndeliverable, (one) => one.data.causeId === second);
    expect(data.reason).toBe('window_closed');
    expect((await world.answers(emma, SHOP)).map(({ text }) => text)).toEqual([comments.text]);
  });

  it('says a message once whose call was never answered: the echo says that it has arrived', async () => {
    const { emma, event } = await meet('do you hear me?');
    await world.misbehave('messages', 'hang-after-commit');
    await reply(world.app, event, 'I do');
    await world.answer(emma, SHOP, ({ text }) => text === 'I do');
    const sent = async () => {
      await hurry();
      const rows = await world.app.service.db.query<{ state: string }[]>(
        `SELECT state FROM deliveries WHERE chat_id = $1 AND kind = 'text'`,
        [event.data.chatId],
      );
      return rows.every(({ state }) => state === 'sent') && rows.length > 0;
    };
    await until(sent, { what: 'a message that was sent', timeoutMs: 15_000 });
    expect((await world.answers(emma, SHOP)).filter(({ text }) => text === 'I do')).toHaveLength(1);
  });

  it('never says what the bot says in the name of a person', async () => {
    const { emma, event } = await meet('who are you?');
    await reply(world.app, event, 'The assistant of the shop.');
    expect(
      (await world.answer(emma, SHOP, ({ text }) => text?.startsWith('The assistant') ?? false)).tag,
    ).toBeUndefined();
    const channel = world.app.service.nest.get(ChannelsService, { strict: false }).get('lumen');
    const { scopedId } = await world.thread(emma, SHOP);
    const [message] = channel.compose({
      text: [{ type: 'paragraph', children: [{ type: 'text', text: 'Anna here.' }] }],
    });
    await channel.send({ externalId: scopedId }, message!, { author: 'person' });
    const said = (await world.answers(emma, SHOP)).find(({ text }) => text === 'Anna here.');
    expect(said!.tag).toBe('HUMAN_AGENT');
  });

  it('says of a file whose link has ended that it is gone', async () => {
    const emma = await world.person();
    await world.sandbox.setFaults({
      target: 'instagram.cdn',
      kind: 'answer',
      answer: { status: 403, body: 'expired' },
    });
    await world.say(emma, SHOP, { text: 'look', attachments: [{ type: 'image', base64: 'aGk=' }] });
    const { data } = await heard('look');
    await until(async () => (await jobsOf('fetch-media')).length === 0, { what: 'the end of the jobs' });
    const params = { mediaId: data.media!.mediaId };
    const asked = await fetch(`${world.app.url}/media/${params.mediaId}`, { headers: await world.app.as('chat-ai') });
    expect(asked.status).toBe(404);
  });

  it('knows by name who writes, and goes on without one', async () => {
    const named = await world.person('Emma Stone');
    await world.say(named, SHOP, { text: 'I have a name' });
    const { userId } = (await heard('I have a name')).data;
    const shown = await fetch(`${world.app.url}/people/${userId}/contacts`, { headers: await world.app.as('gateway') });
    expect([shown.status, await shown.text()]).toEqual([200, expect.stringContaining('lumen')]);
    await world.misbehave('profile', '500');
    const other = await world.person();
    await world.say(other, SHOP, { text: 'I have none' });
    await heard('I have none');
  });

  it('takes a batch of several accounts apart, and counts what is of nobody', async () => {
    const said = (account: string) =>
      [1, 2, 3].map((n) => ({
        sender: { id: '1340282366841710301' },
        recipient: { id: account },
        timestamp: Date.now(),
        message: { mid: `batch ${account} ${n}`, text: `batch ${account} ${n}` },
      }));
    const nonsense: unknown[] = said(SHOP);
    nonsense[1] = { sender: 7 };
    const entry = [
      { id: SHOP, time: 1, messaging: nonsense },
      { id: ACCOUNTS.two, time: 1, messaging: said(ACCOUNTS.two) },
      { id: '17841400000000099', time: 1, messaging: said('17841400000000099') },
    ];
    expect(await world.bring({ object: 'instagram', entry })).toBe(200);
    await heard(`batch ${ACCOUNTS.two} 3`);
    const found = world.app.probe.all(MessageReceived).filter(({ data }) => data.text?.startsWith('batch'));
    expect(found).toHaveLength(5);
    expect(await metric(world.app, 'updates_quarantined')).toBe(1);
    expect(await metric(world.app, 'updates_total', 'kind="of_nobody"')).toBe(3);
  });
});
