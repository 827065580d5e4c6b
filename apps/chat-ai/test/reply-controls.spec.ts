import { TranscriptionCompleted, TurnInterrupted } from '@switchboard/contracts';
import { startApp, type TestApp } from '@switchboard/testing';
import { chatAiApp } from '../src/chat-ai.app';
import { aPerson, rowsOf, transcriptOf, untilTrue } from './build';
import { type RunningModel, startModel } from './start-model';

const WAITING = `SELECT FROM messages WHERE id = $1 AND state = 'pending'`;

describe('an answer in the hands of the person', () => {
  let model: RunningModel;
  let app: TestApp;
  const person = () => aPerson(() => app);
  type Person = ReturnType<typeof person>;
  const statesOf = (anna: Person) => anna.typed().map(({ state }) => state);
  const visible = (anna: Person) => untilTrue('visible text', () => statesOf(anna).includes('typing'));
  const asked = () => untilTrue('the model being asked', async () => (await model.calls()).length > 0);
  const questionsOf = async () => (await model.calls()).at(-1)!.body.messages.filter(({ role }) => role === 'user');

  beforeAll(async () => {
    model = await startModel();
    app = await startApp(chatAiApp, { env: { CHAT_AI_BASE_URL: model.baseUrl, CHAT_AI_API_KEY: 'sk-sandbox' } });
  });
  afterAll(async () => {
    await app.stop();
    await model.stop();
  });
  beforeEach(() => model.reset());

  it('stopped while it is written, it ends with what is visible of it', async () => {
    await model.pace(0, 100);
    await model.say('One two three four five six seven eight nine ten eleven twelve thirteen fourteen.');
    const anna = person();
    const message = await anna.writes('Count');
    await visible(anna);
    await anna.stops(anna.typed()[0]!.replyId);
    const reply = await anna.replyTo(message);
    expect(reply).toMatchObject({ outcome: 'stopped', answers: [message] });
    expect(reply.text).toMatch(/^One[a-z ]*…$/);
    expect((await model.calls())[0]!.aborted).toBe(true);
    expect(anna.typed().at(-1)).toMatchObject({ state: 'done', answers: [message] });
    await model.reset();
    await anna.replyTo(await anna.writes('And now?'));
    expect((await model.calls()).at(-1)!.body.messages.map(({ role }) => role)).toEqual([
      'system',
      'user',
      'assistant',
      'user',
    ]);
  });

  it('stopped before its first word, there is none, and who shows it is told', async () => {
    await model.pace(3000);
    const anna = person();
    await anna.writes('Think');
    await asked();
    await anna.stops();
    await untilTrue('the end', () => statesOf(anna).at(-1) === 'cancelled');
    await model.pace(0);
    const next = await anna.writes('Something else');
    expect((await anna.replyTo(next)).answers).toEqual([next]);
    expect((await questionsOf()).map(({ content }) => content)).toEqual(['Something else']);
    expect(await rowsOf(app, 'SELECT outcome FROM usages WHERE user_id = $1 ORDER BY id', [anna.userId])).toEqual([
      { outcome: 'superseded' },
      { outcome: 'answered' },
    ]);
  });

  /** As another process would: the database alone knows of it. */
  const stopElsewhere = async ({ chatId }: Person) => {
    await app.service.db.query(
      `UPDATE messages SET state = 'cancelled' FROM conversations c
       WHERE c.id = conversation_id AND c.chat_id = $1 AND state = 'pending'`,
      [chatId],
    );
    await app.service.db.query('UPDATE conversations SET revision = revision + 1 WHERE chat_id = $1', [chatId]);
  };

  it('stopped by way of another process while it is written, it ends all the same', async () => {
    await model.pace(0, 150);
    await model.say('One two three four five six seven eight nine ten eleven twelve thirteen fourteen.'.repeat(4));
    const anna = person();
    const message = await anna.writes('Count');
    await visible(anna);
    await stopElsewhere(anna);
    expect(await anna.replyTo(message)).toMatchObject({ outcome: 'stopped' });
    expect((await model.calls())[0]!.aborted).toBe(true);
  });

  it('stopped by way of another process while the model thinks, it ends all the same', async () => {
    await model.pace(20_000);
    const anna = person();
    await anna.writes('Think');
    await asked();
    await stopElsewhere(anna);
    await untilTrue('the end', () => statesOf(anna).at(-1) === 'cancelled');
    expect((await model.calls())[0]!.aborted).toBe(true);
  });

  it('of a stop the other processes are told', async () => {
    await model.pace(20_000);
    const anna = person();
    await anna.writes('Think');
    await asked();
    await anna.stops();
    const chats = () => app.probe.signalsOf(TurnInterrupted).map(({ chatId }) => chatId);
    await untilTrue('the signal', () => chats().includes(anna.chatId));
  });

  it('an answer that came to its end when it had been stopped already is not delivered whole', async () => {
    await model.pace(0, 60);
    await model.say('One two three four five six.');
    const anna = person();
    const message = await anna.writes('Count');
    await visible(anna);
    await stopElsewhere(anna);
    const reply = await anna.replyTo(message);
    expect(reply).toMatchObject({ outcome: 'stopped' });
    expect(reply.text).toMatch(/^One.*…$/);
  });

  it('a stop that comes after the end of its answer stops nothing', async () => {
    await model.pace(0, 50);
    const anna = person();
    const first = await anna.replyTo(await anna.writes('One'));
    await model.say('Two words and more words and more words.', 'Two');
    const second = await anna.writes('Two');
    await untilTrue('the second answer', () => anna.typed().some(({ replyId }) => replyId !== first.replyId));
    await anna.stops(first.replyId);
    expect(await anna.replyTo(second)).toMatchObject({ outcome: 'answered' });
  });

  it('a stop of the answer that is visible leaves what was asked after its first word to be answered', async () => {
    await model.pace(0, 100);
    await model.say('One two three four five six seven eight nine ten eleven twelve thirteen fourteen.', 'Count');
    await model.say('Now the second.', 'And then?');
    const anna = person();
    const first = await anna.writes('Count');
    await visible(anna);
    const second = await anna.writes('And then?');
    await untilTrue('the second message', async () => (await rowsOf(app, WAITING, [second])).length === 1);
    await anna.stops(anna.typed()[0]!.replyId);
    expect(await anna.replyTo(first)).toMatchObject({ outcome: 'stopped', answers: [first] });
    expect(await anna.replyTo(second)).toMatchObject({ text: 'Now the second.', answers: [second] });
  });

  it('a stop before the first word stops all that waits: nobody wants an answer to half of it', async () => {
    await model.pace(20_000);
    const anna = person();
    await anna.writes('Think');
    await asked();
    await anna.writes('or rather');
    await untilTrue('the model being asked anew', async () => (await model.calls()).length === 2);
    await anna.stops(anna.typed()[0]!.replyId);
    await untilTrue('the end', () => statesOf(anna).at(-1) === 'cancelled');
    const waiting = `SELECT FROM messages WHERE user_id = $1 AND state = 'pending'`;
    expect(await rowsOf(app, waiting, [anna.userId])).toEqual([]);
  });

  it('a stop reaches its answer although words of an earlier voice message have come meanwhile', async () => {
    await model.pace(0, 100);
    await model.say('One two three four five six seven eight nine ten eleven twelve thirteen fourteen.', 'Count');
    await model.say('I hear you.', 'Do you hear me?');
    const anna = person();
    const voice = await anna.writes('', { kind: 'voice' });
    const message = await anna.writes('Count');
    await visible(anna);
    await app.probe.say(TranscriptionCompleted({ ...anna, messageId: voice, text: 'Do you hear me?' }));
    await untilTrue('the words', async () => (await rowsOf(app, WAITING, [voice])).length === 1);
    await anna.stops(anna.typed()[0]!.replyId);
    expect(await anna.replyTo(message)).toMatchObject({ outcome: 'stopped', answers: [message] });
    expect(await anna.replyTo(voice)).toMatchObject({ text: 'I hear you.', answers: [voice] });
  });

  it('a reset in the middle of it is told to who shows it', async () => {
    await model.pace(0, 100);
    const anna = person();
    await anna.writes('Write me a long text');
    await visible(anna);
    await anna.resets();
    await untilTrue('the end', () => statesOf(anna).at(-1) === 'cancelled');
    expect(anna.replies()).toEqual([]);
  });

  it('asked for again, another answer comes in its place, as if the first had not been', async () => {
    await model.say('Blue.');
    await model.say('Green.');
    const anna = person();
    const message = await anna.writes('Which colour?');
    const first = await anna.replyTo(message);
    await anna.asksAgain(first.replyId);
    await untilTrue('another answer', () => anna.replies().length === 2);
    const second = anna.replies()[1]!;
    expect(second).toMatchObject({ text: 'Green.', answers: [message], replaces: first.replyId });
    expect(second.replyId).not.toBe(first.replyId);
    expect((await questionsOf()).map(({ content }) => content)).toEqual(['Which colour?']);
    await anna.replyTo(await anna.writes('Why?'));
    expect(
      (await model.calls())
        .at(-1)!
        .body.messages.slice(1)
        .map(({ content }) => content),
    ).toEqual(['Which colour?', 'Green.', 'Why?']);
  });

  it('asked for again and stopped before the first word, the answer that stands in the chat is still remembered', async () => {
    await model.say('Blue.');
    const anna = person();
    const message = await anna.writes('Which colour?');
    const first = await anna.replyTo(message);
    const lastCall = async () =>
      (await model.calls())
        .at(-1)!
        .body.messages.slice(1)
        .map(({ content }) => content);
    await model.pace(20_000);
    await anna.asksAgain(first.replyId);
    await untilTrue('the model being asked', async () => (await model.calls()).length === 2);
    expect(await lastCall()).toEqual(['Which colour?']);
    await anna.stops();
    await untilTrue('the end', () => statesOf(anna).at(-1) === 'cancelled');
    await model.pace(0);
    await anna.replyTo(await anna.writes('Why?'));
    expect(await lastCall()).toEqual(['Which colour?', 'Blue.', 'Why?']);
  });

  it('asked for again after a stop, the new answer takes the place of the one that stands in the chat', async () => {
    await model.say('Blue.');
    const anna = person();
    const first = await anna.replyTo(await anna.writes('Which colour?'));
    await model.pace(20_000);
    await anna.asksAgain(first.replyId);
    await untilTrue('the model being asked', async () => (await model.calls()).length === 2);
    await anna.stops();
    await untilTrue('the end', () => statesOf(anna).at(-1) === 'cancelled');
    await model.pace(0);
    await model.say('Green.');
    await anna.asksAgain(first.replyId);
    await untilTrue('another answer', () => anna.replies().length === 2);
    expect(anna.replies()[1]).toMatchObject({ text: 'Green.', replaces: first.replyId });
    await anna.replyTo(await anna.writes('Why?'));
    const { messages } = (await model.calls()).at(-1)!.body;
    expect(messages.slice(1).map(({ content }) => content)).toEqual(['Which colour?', 'Green.', 'Why?']);
  });

  it('asked for again, what is written before its first word has an answer of its own, below', async () => {
    await model.say('Blue.', 'Which colour?');
    await model.say('Round.', 'Which shape?');
    const anna = person();
    const colour = await anna.writes('Which colour?');
    const first = await anna.replyTo(colour);
    await model.pace(20_000);
    await anna.asksAgain(first.replyId);
    await untilTrue('the model being asked', async () => (await model.calls()).length === 2);
    await model.pace(0);
    await model.say('Green.', 'Which colour?');
    const shape = await anna.writes('Which shape?');
    expect(await anna.replyTo(shape)).toMatchObject({ text: 'Round.', answers: [shape] });
    const [, again, below] = anna.replies();
    expect(again).toMatchObject({ text: 'Green.', answers: [colour], replaces: first.replyId });
    expect(below).not.toHaveProperty('replaces');
    const { messages } = (await model.calls()).at(-1)!.body;
    expect(messages.slice(1).map(({ content }) => content)).toEqual(['Which colour?', 'Green.', 'Which shape?']);
  });

  it('asked for again and stopped, what was written meanwhile is answered all the same', async () => {
    await model.say('Blue.', 'Which colour?');
    const anna = person();
    const first = await anna.replyTo(await anna.writes('Which colour?'));
    await model.pace(20_000);
    await anna.asksAgain(first.replyId);
    await untilTrue('the model being asked', async () => (await model.calls()).length === 2);
    const { replyId } = anna.typed().at(-1)!;
    const shape = await anna.writes('Which shape?');
    await untilTrue('the model being asked anew', async () => (await model.calls()).length === 3);
    await model.pace(0);
    await anna.stops(replyId);
    expect(await anna.replyTo(shape)).toMatchObject({ outcome: 'answered', answers: [shape] });
  });

  it('asked for again twice, it is given again once', async () => {
    await model.say('Blue.', 'Which colour?');
    const anna = person();
    const first = await anna.replyTo(await anna.writes('Which colour?'));
    await model.pace(0, 100);
    await model.say('Green or yellow or red or white or black or brown or pink or grey.', 'Which colour?');
    await anna.asksAgain(first.replyId);
    await untilTrue('visible text', () => anna.typed().some(({ text }) => text.startsWith('Green')));
    await anna.asksAgain(first.replyId);
    const next = await anna.writes('And now?');
    await untilTrue('the next message', async () => (await rowsOf(app, WAITING, [next])).length === 1);
    await anna.stops(anna.typed().at(-1)!.replyId);
    await anna.replyTo(next);
    expect(anna.replies().map(({ outcome }) => outcome)).toEqual(['answered', 'stopped', 'answered']);
  });

  it('an answer that is not the last one any more is not given again, and the person is told so', async () => {
    const anna = person();
    const one = await anna.writes('One');
    const first = await anna.replyTo(one);
    const two = await anna.writes('Two');
    await anna.replyTo(two);
    await anna.asksAgain(first.replyId);
    await untilTrue('the word about it', () => anna.replies().length === 3);
    expect(anna.replies()[2]).toMatchObject({
      outcome: 'not_last',
      answers: [one],
      text: expect.stringMatching(/only my last answer/),
    });
    await anna.asksAgain(crypto.randomUUID());
    await untilTrue('the word about it', () => anna.replies().length === 4);
    expect(anna.replies()[3]).toMatchObject({ outcome: 'not_last', answers: [two] });
    await anna.replyTo(await anna.writes('Three'));
    expect(anna.replies()).toHaveLength(5);
    await person().asksAgain(first.replyId);
    expect(await app.service.bus.deadLetters.list({})).toEqual([]);
  });

  it('an answer is not given again while something waits, and the person is told so', async () => {
    const anna = person();
    const first = await anna.replyTo(await anna.writes('One'));
    await model.pace(20_000);
    await anna.writes('Two');
    await untilTrue('the model being asked', async () => (await model.calls()).length === 2);
    await anna.asksAgain(first.replyId);
    await untilTrue('the word about it', () => anna.replies().length === 2);
    expect(anna.replies()[1]).toMatchObject({ outcome: 'not_last' });
    await anna.stops();
  });

  it('is rated by each person, who may think better of it; strangers to the chat may not', async () => {
    const [anna, igor] = [person(), person()];
    const { replyId } = await anna.replyTo(await anna.writes('Was it good?'));
    await anna.rates(replyId, -1);
    await anna.rates(replyId, 1);
    await igor.rates(replyId, -1);
    await anna.replyTo(await anna.writes('Thank you'));
    await igor.replyTo(await igor.writes('Hello'));
    const { conversations } = await transcriptOf(app, anna.chatId);
    const turn = conversations[0]!.turns.find(({ id }) => id === replyId)!;
    expect(turn.ratings).toEqual([{ userId: anna.userId, rating: 1 }]);
  });
});
