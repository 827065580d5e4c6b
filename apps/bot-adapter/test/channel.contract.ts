import {
  CheckChannel,
  ContactBlocked,
  ForeignReplyNoticed,
  HandoverBegan,
  HandoverEnded,
  LinkFollowed,
  MessageDeleted,
  MessageDelivered,
  MessageRead,
  MessageReceived,
  MessageUndeliverable,
  ReplyRateRequested,
  ReplyTyped,
} from '@switchboard/contracts';
import { MemoryTransport } from '@switchboard/bus';
import { type TestApp, until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { ChannelsService } from '../src/channels/channels.service';
import { metric, reply } from './start-bot-adapter';

export type Account = 'one' | 'two';

export type Fault =
  | 'busy for a second'
  | 'busy for a minute'
  | 'taken but not confirmed'
  | 'blocked by the person'
  /** Of channels that can be disconnected only. */
  | 'disconnected';

/** Somebody with that channel on their phone. */
export interface Someone {
  /** `agoMs`: they have said it so long ago, and the channel brings it now. */
  say(text: string, how?: { agoMs?: number }): Promise<unknown>;
  sendSticker(): Promise<unknown>;
  /** What they see of the bot, oldest first. */
  answers(): Promise<string[]>;
  /** Makes a choice of the last message that offers it, by a button or as the channel has it done. */
  choose(label: string): Promise<unknown>;
}

/** What only some channels bring: absent where there is no such thing. */
export interface Extras {
  /** Somebody of the shop writes to them in the app of the channel, or another program does. */
  answerElsewhere?(who: Someone, text: string, author: 'person' | 'unknown'): Promise<unknown>;
  /** Says something and takes it back. */
  sayAndTakeBack?(who: Someone, text: string): Promise<unknown>;
  /** Gives the last message that they see of the bot a reaction. */
  react?(who: Someone, emoji: string): Promise<unknown>;
  /** Comes by a link. */
  follow?(who: Someone, ref: string): Promise<unknown>;
  sendPhoto?(who: Someone): Promise<unknown>;
  /** Looks at the last message of the bot, and the channel says so. */
  look?(who: Someone): Promise<unknown>;
  /** The channel says that the last message of the bot has not arrived, and repeats itself. */
  failLater?(who: Someone): Promise<unknown>;
  /** Whether the fault `disconnected` is one that it has. */
  readonly canBeDisconnected?: boolean;
  /** Whether the last thing that they said was marked as read. */
  wasRead?(who: Someone): boolean | Promise<boolean>;
}

export interface ChannelWorld extends Extras {
  readonly app: TestApp;
  /** Somebody new, who writes to the bot of an account. */
  someone(account: Account): Promise<Someone>;
  /** One person who writes to both bots, by the id that the channel gives them in each. */
  inBoth(): Promise<Record<Account, Someone>>;
  /** Several people say something, in as few calls as the channel makes of it. */
  sayTogether(said: readonly { who: Someone; text: string }[]): Promise<void>;
  /** Somebody says something once, and the channel brings it twice. */
  sayTwice(who: Someone, text: string): Promise<unknown>;
  /** From the channel, but in no form it has. */
  bringNonsense(): Promise<Response>;
  /** In the right form, from somebody else. */
  forge(text: string): Promise<Response>;
  /** The next message to be sent meets this. */
  misbehave(fault: Fault, who: Someone): Promise<void>;
  /** A section and its secrets as a third bot could have them, with credentials that the channel knows, or does not. */
  credentials(which: 'good' | 'wrong' | "the first bot's"): {
    channel: Record<string, unknown>;
    secrets: Record<string, string>;
  };
  /** Whether a message that was sent can be changed. */
  readonly edits: boolean;
  /** Whether files can come in. */
  readonly files: boolean;
  /** What a message counts, in the unit of the channel's limit. */
  readonly limit: { readonly max: number; measure(text: string): number };
  stop(): Promise<void>;
}

/** What every channel does, whatever it can do. One suite for all: a new one has to pass it as it is. */
export function channelContract(start: (transport: MemoryTransport) => Promise<ChannelWorld>): void {
  const transport = new MemoryTransport();
  let world: ChannelWorld;

  beforeAll(async () => {
    world = await start(transport);
  });
  afterAll(async () => {
    await world.stop();
    await transport.close();
  });

  /** As the channel itself says it. */
  const can = () => world.app.service.nest.get(ChannelsService, { strict: false }).get('lumen').capabilities;
  /** What waits for a receipt that may come late does not wait for real. */
  const judgeEchoes = () =>
    world.app.service.db.query(
      `UPDATE bot_adapter_jobs._private_jobs SET run_at = now() WHERE key LIKE 'judge-echo:%' AND locked_at IS NULL AND run_at > now()`,
    );
  const heard = (text: string) => world.app.probe.until(MessageReceived, ({ data }) => data.text === text);
  async function hear(who: Someone, text: string) {
    await who.say(text);
    return heard(text);
  }
  const sees = (who: Someone, words: RegExp) =>
    until(async () => (await who.answers()).find((text) => words.test(text)), { what: `an answer like ${words}` });
  const delivered = (replyId: string) =>
    world.app.probe.until(MessageDelivered, ({ data }) => data.causeId === replyId, 20_000);

  it('what somebody says is heard, of the bot they say it to', async () => {
    const [emma, oliver] = [await world.someone('one'), await world.someone('two')];
    const [inOne, inTwo] = [await hear(emma, 'hello one'), await hear(oliver, 'hello two')];
    expect([inOne.data.botId, inTwo.data.botId]).toEqual(['lumen', 'northwind']);
    expect(inOne.data.userId).not.toBe(inTwo.data.userId);
  });

  it('who writes to two bots is one person, unless ids count for one account of the channel only', async () => {
    const emma = await world.inBoth();
    const [inOne, inTwo] = [await hear(emma.one, 'here'), await hear(emma.two, 'and there')];
    expect(inOne.data.userId === inTwo.data.userId).toBe(can().personScope === 'channel');
  });

  it('what several people say at once is heard of each of them, in their order', async () => {
    const people = [await world.someone('one'), await world.someone('two'), await world.someone('one')];
    const said = [1, 2, 3].flatMap((round) => people.map((who, n) => ({ who, text: `together ${n} round ${round}` })));
    await world.sayTogether(said);
    for (const n of people.keys()) {
      await heard(`together ${n} round 3`);
      const of = world.app.probe
        .all(MessageReceived)
        .flatMap(({ data }) => (data.text?.startsWith(`together ${n}`) ? [data.text] : []));
      expect(of).toEqual([1, 2, 3].map((round) => `together ${n} round ${round}`));
    }
  });

  it('what is brought twice is heard once', async () => {
    const emma = await world.someone('one');
    await world.sayTwice(emma, 'only once');
    await heard('only once');
    await hear(emma, 'and then');
    expect(world.app.probe.all(MessageReceived).filter(({ data }) => data.text === 'only once')).toHaveLength(1);
  });

  it('what cannot be read is kept, and holds up nothing behind it', async () => {
    expect((await world.bringNonsense()).status).toBe(200);
    expect(await metric(world.app, 'updates_quarantined')).toBe(1);
    await hear(await world.someone('one'), 'behind the nonsense');
  });

  it('what somebody else brings is refused', async () => {
    expect((await world.forge('forged')).status).toBe(401);
    expect(world.app.probe.all(MessageReceived).some(({ data }) => data.text === 'forged')).toBe(false);
  });

  it('of credentials it is said whose they are, when they are wrong, and which bot has them already', async () => {
    const check = (which: Parameters<ChannelWorld['credentials']>[0]) =>
      world.app.gateway.call(CheckChannel, { body: { botId: 'third', ...world.credentials(which) } });
    const good = await check('good');
    expect(good.account?.id).toEqual(expect.any(String));
    expect(good.findings.filter(({ severity }) => severity === 'error')).toEqual([]);
    const wrong = await check('wrong');
    expect(wrong).toEqual({ findings: [expect.objectContaining({ severity: 'error' })] });
    const [taken] = (await check("the first bot's")).findings;
    expect(taken).toMatchObject({ code: 'account_in_use', severity: 'error', params: { bot: 'lumen' } });
  });

  it('what it cannot carry to us is answered in words', async () => {
    const emma = await world.someone('one');
    await emma.sendSticker();
    await sees(
      emma,
      world.files ? /stickers.*What I understand: text, .*photos/ : /stickers.*What I understand: text\.$/,
    );
  });

  it('a command is answered', async () => {
    const emma = await world.someone('one');
    await emma.say('/privacy');
    await sees(emma, /30 days/);
  });

  it('a choice is made, and holds', async () => {
    const emma = await world.someone('one');
    await emma.say('/language');
    await sees(emma, /Which language/);
    await emma.choose('Русский');
    await sees(emma, /На каком языке/);
    await emma.say('/privacy');
    await sees(emma, /30 дн/);
  });

  it('an answer shows all its words, whatever looks it has, and no marks', async () => {
    const emma = await world.someone('one');
    const markdown = '# Plan\n\n- **buy** `salt`\n- [read](https://x.io/a)\n\n|a|b|\n|-|-|\n|1|2|';
    await delivered(await reply(world.app, await hear(emma, 'the plan'), markdown));
    const shown = (await emma.answers()).join('\n');
    for (const word of ['Plan', 'buy', 'salt', 'read', 'a', 'b', '1', '2']) expect(shown).toContain(word);
    expect(shown).not.toMatch(/\*\*|`|^#|\|-/m);
  });

  it('a long answer arrives whole, in messages that the channel takes', async () => {
    const emma = await world.someone('one');
    const sentences = Array.from({ length: 400 }, (_, n) => `Предложение ${n}, сказанное не спеша.`);
    const { data } = await delivered(await reply(world.app, await hear(emma, 'a story'), sentences.join(' ')));
    const messages = await emma.answers();
    expect(messages).toHaveLength(data.parts);
    expect(messages.join(' ')).toBe(sentences.join(' '));
    for (const message of messages) expect(world.limit.measure(message)).toBeLessThanOrEqual(world.limit.max);
  }, 60_000);

  it('an answer that was shown while it was written arrives once, as it is in the end', async () => {
    const emma = await world.someone('one');
    const asked = await hear(emma, 'tell me');
    const replyId = uuidv7();
    const { chatId, botId } = asked.data;
    for (const text of ['Once', 'Once upon']) {
      transport.signal(ReplyTyped.type, JSON.stringify({ replyId, chatId, botId, state: 'typing', text }));
    }
    await delivered(await reply(world.app, asked, 'Once upon a time.', { replyId }));
    expect(await emma.answers()).toEqual(['Once upon a time.']);
  });

  it('an answer that was asked for again takes the place of the former one, or follows it where nothing can be changed', async () => {
    const emma = await world.someone('one');
    const asked = await hear(emma, 'which colour?');
    const first = await reply(world.app, asked, 'Blue.');
    await delivered(first);
    await delivered(await reply(world.app, asked, 'Green.', { replaces: first }));
    expect(await emma.answers()).toEqual(world.edits ? ['Green.'] : ['Blue.', 'Green.']);
  });

  it('when the channel asks to wait, the answer waits', async () => {
    const emma = await world.someone('one');
    const asked = await hear(emma, 'are you busy?');
    await world.misbehave('busy for a second', emma);
    await delivered(await reply(world.app, asked, 'a little'));
    expect(await emma.answers()).toEqual(['a little']);
  });

  it('when nobody knows whether a message was taken it is sent again, unless the channel says so later, and counted', async () => {
    const emma = await world.someone('one');
    const asked = await hear(emma, 'are you sure?');
    await world.misbehave('taken but not confirmed', emma);
    const before = await metric(world.app, 'deliveries_outcome_unknown_total');
    const replyId = await reply(world.app, asked, 'quite');
    const counted = async () => (await metric(world.app, 'deliveries_outcome_unknown_total')) === before + 1;
    await until(counted, { what: 'an outcome that is not known' });
    await judgeEchoes();
    await delivered(replyId);
    expect(await emma.answers()).toEqual(can().confirms === 'none' ? ['quite', 'quite'] : ['quite']);
    expect(await counted()).toBe(true);
  });

  it('to somebody who wrote too long ago nothing is sent where the channel forbids it, until they write again', async () => {
    const { window } = can();
    if (!window) return;
    const emma = await world.someone('one');
    await emma.say('long ago', { agoMs: window.forBotMs + 600_000 });
    const replyId = await reply(world.app, await heard('long ago'), 'too late');
    const { data } = await world.app.probe.until(MessageUndeliverable, (event) => event.data.causeId === replyId);
    expect(data.reason).toBe('window_closed');
    await emma.say('just now', { agoMs: window.forBotMs - 600_000 });
    await delivered(await reply(world.app, await heard('just now'), 'in time'));
    expect(await emma.answers()).toEqual(['in time']);
  });

  it('to somebody who has closed the door nothing is sent, and everyone hears of it', async () => {
    const emma = await world.someone('one');
    const asked = await hear(emma, 'goodbye');
    await world.misbehave('blocked by the person', emma);
    const replyId = await reply(world.app, asked, 'too late');
    const { data } = await world.app.probe.until(MessageUndeliverable, (event) => event.data.causeId === replyId);
    expect(data.reason).toBe('blocked');
    await world.app.probe.until(ContactBlocked, (event) => event.data.userId === asked.data.userId);
    expect(await emma.answers()).toEqual([]);
  });

  it('what an answer suggests can be picked where the channel has a way to', async () => {
    const { buttons, choices } = can();
    const emma = await world.someone('one');
    const asked = await hear(emma, 'which colours are there?');
    await delivered(await reply(world.app, asked, 'Two.', { suggestions: ['The blue one', 'The red one'] }));
    expect((await emma.answers()).at(-1)).toMatch(buttons || choices.how !== 'none' ? /^Two\.$/ : /The blue one/);
    if (!buttons && choices.how === 'none') return;
    await emma.choose('The blue one');
    const { data } = await heard('The blue one');
    expect(data.userId).toBe(asked.data.userId);
  });

  it('a choice can be typed where it cannot be pressed for long', async () => {
    const { buttons, pressesStay } = can();
    if (buttons && pressesStay) return;
    const emma = await world.someone('one');
    await emma.say('/language');
    await sees(emma, /Which language/);
    await emma.say('русский');
    await sees(emma, /На каком языке/);
  });

  it('what we have sent and comes back is nobody else’s answer, and what others have sent is noticed once', async () => {
    if (!world.answerElsewhere) return;
    const emma = await world.someone('one');
    const asked = await hear(emma, 'is anybody there?');
    await delivered(await reply(world.app, asked, 'the assistant'));
    await world.answerElsewhere(emma, 'a person', 'person');
    await world.answerElsewhere(emma, 'another program', 'unknown');
    const noticed = () =>
      world.app.probe.all(ForeignReplyNoticed).filter(({ data }) => data.chatId === asked.data.chatId);
    const bothNoticed = async () => {
      await judgeEchoes();
      return noticed().length >= 2;
    };
    await until(bothNoticed, { what: 'the answers of others' });
    expect(
      noticed()
        .map(({ data }) => data.text)
        .sort(),
    ).toEqual(['a person', 'another program']);
  });

  it('what somebody says is marked as read where that can be seen', async () => {
    const emma = await world.someone('one');
    await hear(emma, 'do you read this?');
    if (!can().readMarks) return;
    await until(() => Promise.resolve(world.wasRead!(emma)), { what: 'the read mark' });
  });

  it('what somebody takes back is to be kept by nobody', async () => {
    if (!world.sayAndTakeBack) return;
    const emma = await world.someone('one');
    await world.sayAndTakeBack(emma, 'I did not say that');
    const { data } = await heard('I did not say that');
    await world.app.probe.until(MessageDeleted, (event) => event.data.messageId === data.messageId);
  });

  it('a reaction to an answer says what it was worth', async () => {
    if (!world.react) return;
    const emma = await world.someone('one');
    const replyId = await reply(world.app, await hear(emma, 'a joke'), 'Ha.');
    await delivered(replyId);
    await world.react(emma, '👍');
    const { data } = await world.app.probe.until(ReplyRateRequested, (event) => event.data.replyId === replyId);
    expect(data.rating).toBe(1);
  });

  it('a link by which somebody comes says the same as a command', async () => {
    if (!world.follow) return;
    const emma = await world.someone('one');
    await world.follow(emma, 'spring');
    const { data } = await world.app.probe.until(LinkFollowed, (event) => event.data.deepLink === 'spring');
    expect(data.botId).toBe('lumen');
  });

  it('a photo is heard of, and fetched before the channel forgets it', async () => {
    if (!world.sendPhoto) return;
    const emma = await world.someone('one');
    const before = new Set(world.app.probe.all(MessageReceived));
    await world.sendPhoto(emma);
    const { data } = await world.app.probe.until(
      MessageReceived,
      (event) => event.data.kind === 'photo' && !before.has(event),
    );
    if (!can().filesExpire) return;
    const isFetched = async () => {
      const rows = await world.app.service.db.query<unknown[]>(
        'SELECT FROM media WHERE id = $1 AND fetched_at IS NOT NULL',
        [data.media!.mediaId],
      );
      return rows.length > 0;
    };
    await until(isFetched, { what: 'the file' });
  });

  it('that an answer was read is said of that answer', async () => {
    if (!world.look) return;
    const emma = await world.someone('one');
    const replyId = await reply(world.app, await hear(emma, 'something to read'), 'Here.');
    await delivered(replyId);
    await world.look(emma);
    await world.app.probe.until(MessageRead, ({ data }) => data.messageIds.includes(replyId));
  });

  it('what did not arrive after all is said once, however often the channel says it', async () => {
    if (!world.failLater) return;
    const emma = await world.someone('one');
    const replyId = await reply(world.app, await hear(emma, 'will it arrive?'), 'Yes.');
    await delivered(replyId);
    await world.failLater(emma);
    await hear(emma, 'it did not');
    const failed = world.app.probe.all(MessageUndeliverable).filter(({ data }) => data.causeId === replyId);
    expect(failed.map(({ data }) => data.reason)).toEqual(['rejected']);
  });

  it('an account that is disconnected in the middle loses nothing', async () => {
    if (!world.canBeDisconnected) return;
    const emma = await world.someone('one');
    const asked = await hear(emma, 'are you still there?');
    await world.misbehave('disconnected', emma);
    await delivered(await reply(world.app, asked, 'again'));
    expect(await emma.answers()).toEqual(['again']);
  });

  it('while staff answer, what is typed is for them, and commands still work', async () => {
    const emma = await world.someone('one');
    const { data } = await hear(emma, 'a human, please');
    await emma.say('/language');
    await sees(emma, /Which language/);
    const { chatId, botId, userId } = data;
    const about = { conversationId: uuidv7(), chatId, botId, userId };
    const isHandedOver = async () =>
      (
        await world.app.service.db.query<unknown[]>(
          'SELECT FROM chats WHERE id = $1 AND handed_over_until IS NOT NULL',
          [chatId],
        )
      ).length > 0;
    const end = new Date(world.app.clock.now().getTime() + 3_600_000).toISOString();
    await world.app.probe.say(HandoverBegan({ ...about, reason: 'asked', until: end }));
    await until(isHandedOver, { what: 'the handover' });
    await hear(emma, 'Русский');
    await emma.say('/privacy');
    await sees(emma, /30 days/);
    await world.app.probe.say(HandoverEnded({ ...about, by: 'staff' }));
    await until(async () => !(await isHandedOver()), { what: 'the end of the handover' });
  });

  it('what the bot was still to say is not said once staff have taken over', async () => {
    const emma = await world.someone('one');
    const asked = await hear(emma, 'a long story');
    const { chatId, botId, userId } = asked.data;
    await world.misbehave('busy for a minute', emma);
    const replyId = await reply(world.app, asked, 'Once upon a time.');
    const isWaiting = async () =>
      (
        await world.app.service.db.query<unknown[]>(
          "SELECT FROM chats WHERE id = $1 AND next_send_at > now() + interval '5 seconds'",
          [chatId],
        )
      ).length > 0;
    await until(isWaiting, { what: 'an answer that waits' });
    const end = new Date(world.app.clock.now().getTime() + 3_600_000).toISOString();
    await world.app.probe.say(
      HandoverBegan({ conversationId: uuidv7(), chatId, botId, userId, reason: 'staff', until: end }),
    );
    const given = await world.app.probe.until(MessageUndeliverable, (event) => event.data.causeId === replyId);
    expect(given.data.reason).toBe('taken_over');
    expect(await emma.answers()).toEqual([]);
  });
}
