import { until } from '@switchboard/testing';
import { externalHash, type Installation } from './installation';
import { type Message, Person } from './person';
import type { Fault } from './sandbox';

const textsOf = (messages: Message[]) => messages.map(({ text }) => text);

/** What people can count on when third parties fail. */
export function troubleStories(installation: () => Installation): void {
  const sandbox = () => installation().sandbox;
  const doubts = () =>
    installation().counter('bot-adapter', 'deliveries_outcome_unknown_total', 'cause="server_error"');

  it.each<[string, Fault['kind'], number, RegExp]>([
    ['is asked too often', '429:ms', 3, /^Very many people are asking me right now/],
    ['may not be paid any more', '429:insufficient-quota', 1, /^I cannot think right now/],
    ['stays broken', '500', 3, /^I cannot think right now/],
    ['hides behind a broken proxy', '502-html', 3, /^I cannot think right now/],
    ['never begins', 'hang', 1, /^This took me too long/],
    ['has nothing to say', 'empty', 2, /^I could not think of anything to say/],
    ['refuses', 'refusal', 1, /^I'm sorry, but I can't help with that/],
    ['cannot take so much', 'context-too-long', 2, /^This is too much text for me/],
    ['breaks off', 'cut-stream:6', 1, /…\n\nHere my answer broke off\. Ask me to go on/],
    ['falls silent', 'stall:6', 1, /…\n\nHere my answer broke off\. Ask me to go on/],
  ])('a model that %s ends in one message in plain words', async (_what, kind, times, words) => {
    const person = await Person.meet(sandbox(), 'en');
    await sandbox().misbehave({ target: 'openai.chat', kind, times, retryAfter: 0.05 });
    await person.say('Tell me about wheels');
    const { text } = await person.reads(words);
    expect(textsOf(await person.allItSaid())).toEqual([text]);
  });

  it('an update that Telegram delivers twice is answered once', async () => {
    const person = await Person.meet(sandbox(), 'en');
    const duplicates = () => installation().counter('bot-adapter', 'updates_total', 'kind="duplicate"');
    const before = await duplicates();
    await sandbox().misbehave({ target: 'telegram.updates', kind: 'duplicate', times: 1 });
    await person.say('Only once, please');
    await person.reads(/Only once, please/);
    await until(async () => (await duplicates()) === before + 1, { what: 'the duplicate' });
    expect(await person.allItSaid()).toHaveLength(1);
  });

  it('updates that Telegram delivers in the wrong order are both heard, each once', async () => {
    await sandbox().pace(800, 10);
    const person = await Person.meet(sandbox(), 'en');
    await sandbox().misbehave({ target: 'telegram.updates', kind: 'reorder', times: 1, ms: 3000 });
    await person.say('What does it cost?');
    await person.say('I mean the red bicycle');
    await person.reads(/What does it cost\?/);
    const [request] = (await sandbox().modelRequests('What does it cost?')).slice(-1);
    const asked = request!.body.messages.filter(({ role }) => role === 'user').map(({ content }) => content);
    expect(asked).toEqual(['I mean the red bicycle', 'What does it cost?']);
    expect(await person.allItSaid()).toHaveLength(1);
  });

  it('told by Telegram to wait, the bot waits exactly so long and then sends the answer once', async () => {
    const person = await Person.meet(sandbox(), 'en');
    await sandbox().misbehave({ target: 'telegram.sendMessage', kind: '429', retryAfter: 2, times: 1 });
    await person.say('Take your time');
    await person.reads(/Take your time/);
    const calls = await sandbox().calls('sendMessage', person.chat);
    expect(calls.map(({ status }) => status)).toEqual([429, 200]);
    expect(calls[1]!.receivedAt - calls[0]!.receivedAt).toBeGreaterThanOrEqual(2000);
    expect(await person.allItSaid()).toHaveLength(1);
  });

  it('an answer that Telegram took without saying so is sent again, and the doubt is counted', async () => {
    const person = await Person.meet(sandbox(), 'en');
    const before = await doubts();
    await sandbox().misbehave({ target: 'telegram.sendMessage', kind: '500-after-commit', times: 1 });
    await person.say('Did you get that?');
    await until(async () => (await person.answers()).length === 2, { what: 'the repeated answer' });
    const [first, second, ...more] = textsOf(await person.allItSaid());
    expect(second).toBe(first);
    expect(more).toEqual([]);
    expect((await doubts()) - before).toBe(1);
  });

  it('to someone who blocked the bot nothing is sent until they come back', async () => {
    await sandbox().pace(1500, 10);
    const person = await Person.meet(sandbox(), 'en');
    await person.say('Are you there?');
    await until(async () => (await sandbox().modelRequests('Are you there?')).length > 0, { what: 'the model' });
    await person.block(true);
    const deliveries = () =>
      installation().rows<{ state: string; reason: string | null; blocked: boolean }>(
        'bot-adapter',
        `SELECT d.state, d.reason, c.blocked_at IS NOT NULL AS blocked
           FROM deliveries d JOIN chats c ON c.id = d.chat_id WHERE c.external_hash = $1 AND d.state IN ('sent', 'failed')`,
        [externalHash(person.id)],
      );
    const [given] = await until(async () => (await deliveries()).length > 0 && deliveries(), { what: 'the end of it' });
    expect(given).toEqual({ state: 'failed', reason: 'blocked', blocked: true });
    expect(await sandbox().calls('sendMessage', person.chat)).toEqual([]);

    await person.block(false);
    await person.say('Here I am again');
    await person.reads(/Here I am again/);
  });
}
