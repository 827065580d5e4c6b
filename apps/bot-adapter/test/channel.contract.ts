import {
  CheckChannel,
  ContactBlocked,
  MessageDelivered,
  MessageReceived,
  MessageUndeliverable,
  ReplyTyped,
} from '@switchboard/contracts';
import { MemoryTransport } from '@switchboard/bus';
import { type TestApp, until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { metric, reply } from './start-bot-adapter';

export type Account = 'one' | 'two';

/** Somebody with that channel on their phone. */
export interface Someone {
  say(text: string): Promise<unknown>;
  sendSticker(): Promise<unknown>;
  /** What they see of the bot, oldest first. */
  answers(): Promise<string[]>;
  /** Makes a choice of the last message that offers it, by a button or as the channel has it done. */
  choose(label: string): Promise<unknown>;
}

export interface ChannelWorld {
  readonly app: TestApp;
  /** Somebody new, who writes to the bot of an account. */
  someone(account: Account): Promise<Someone>;
  /** Several people say something, in as few calls as the channel makes of it. */
  sayTogether(said: readonly { who: Someone; text: string }[]): Promise<void>;
  /** Somebody says something once, and the channel brings it twice. */
  sayTwice(who: Someone, text: string): Promise<unknown>;
  /** From the channel, but in no form it has. */
  bringNonsense(): Promise<Response>;
  /** In the right form, from somebody else. */
  forge(text: string): Promise<Response>;
  /** The next message to be sent meets this. */
  misbehave(
    fault: 'busy for a second' | 'taken but not confirmed' | 'blocked by the person',
    who: Someone,
  ): Promise<void>;
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

  it('when nobody knows whether a message was taken it is sent again, and counted', async () => {
    const emma = await world.someone('one');
    const asked = await hear(emma, 'are you sure?');
    await world.misbehave('taken but not confirmed', emma);
    const before = await metric(world.app, 'deliveries_outcome_unknown_total');
    await delivered(await reply(world.app, asked, 'quite'));
    expect(await emma.answers()).toEqual(['quite', 'quite']);
    expect(await metric(world.app, 'deliveries_outcome_unknown_total')).toBe(before + 1);
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
}
