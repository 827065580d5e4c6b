import { TranscriptionCompleted, TranscriptionFailed, ReplyTyped } from '@switchboard/contracts';
import { startApp, type TestApp } from '@switchboard/testing';
import { chatAiApp } from '../src/chat-ai.app';
import { aPerson, rowsOf, runScheduled, transcriptOf, untilTrue } from './build';
import { type RunningModel, startModel } from './start-model';

describe('messages that come one upon the other', () => {
  let model: RunningModel;
  let app: TestApp;
  const person = () => aPerson(() => app);
  const typed = (chatId: string) =>
    app.probe.signalsOf(ReplyTyped).filter((signal) => signal.chatId === chatId && signal.state === 'typing');
  const lastQuestion = async () =>
    (await model.calls())
      .at(-1)!
      .body.messages.filter(({ role }) => role === 'user')
      .map(({ content }) => content);

  beforeAll(async () => {
    model = await startModel();
    app = await startApp(chatAiApp, {
      env: { CHAT_AI_BASE_URL: model.baseUrl, CHAT_AI_API_KEY: 'sk-sandbox', CHAT_AI_QUIET_WINDOW_MS: '300' },
    });
  });
  afterAll(async () => {
    await app.stop();
    await model.stop();
  });
  beforeEach(() => model.reset());

  it('several messages sent quickly get one reply', async () => {
    await model.pace(400);
    const anna = person();
    const messages = [
      await anna.writes('I have a question'),
      await anna.writes('about bicycles'),
      await anna.writes('red ones'),
    ];
    const reply = await anna.replyTo(messages[2]!);
    expect(reply.answers).toEqual(messages);
    expect(await lastQuestion()).toEqual(['I have a question', 'about bicycles', 'red ones']);
    expect(anna.replies()).toHaveLength(1);
  });

  it('a message before the first visible text makes the answer begin anew, and the call given up is counted', async () => {
    await model.pace(3000);
    const anna = person();
    const first = await anna.writes('Wait for it');
    await untilTrue('the model being asked', async () => (await model.calls()).length === 1);
    await model.pace(0);
    const second = await anna.writes('or rather this');
    const reply = await anna.replyTo(second);
    expect(reply.answers).toEqual([first, second]);
    const calls = await model.calls();
    expect(calls.map(({ aborted }) => aborted)).toEqual([true, false]);
    const usages = await rowsOf(
      app,
      'SELECT outcome, estimated, input_tokens > 0 AS counted FROM usages WHERE turn_id = $1 ORDER BY id',
      [reply.replyId],
    );
    expect(usages).toEqual([
      { outcome: 'superseded', estimated: true, counted: true },
      { outcome: 'answered', estimated: false, counted: true },
    ]);
  });

  it('a message that another process has heard of stops the answer before its first word is shown', async () => {
    await model.pace(400);
    const anna = person();
    const first = await anna.writes('One');
    await untilTrue('the model being asked', async () => (await model.calls()).length === 1);
    // As another process would: the revision grows without a word in this one.
    await app.service.db.query('UPDATE conversations SET revision = revision + 1 WHERE chat_id = $1', [anna.chatId]);
    await untilTrue(
      'the call being given up',
      async () => (await rowsOf(app, `SELECT FROM usages WHERE user_id = $1`, [anna.userId])).length === 1,
    );
    expect(typed(anna.chatId)).toEqual([]);
    expect(anna.replies()).toEqual([]);
    const second = await anna.writes('Two');
    expect((await anna.replyTo(second)).answers).toEqual([first, second]);
  });

  it('a message after the first visible text gets an answer of its own, next', async () => {
    await model.pace(0, 60);
    await model.say('One two three four five six seven eight nine ten.', 'Count');
    await model.say('Now the second.', 'And then');
    const anna = person();
    const first = await anna.writes('Count');
    await untilTrue('visible text', () => typed(anna.chatId).length > 0);
    const second = await anna.writes('And then?');
    expect(await anna.replyTo(first)).toMatchObject({
      text: 'One two three four five six seven eight nine ten.',
      answers: [first],
    });
    expect(await anna.replyTo(second)).toMatchObject({ text: 'Now the second.', answers: [second] });
    const { messages } = (await model.calls()).at(-1)!.body;
    expect(messages.slice(1).map(({ content }) => content)).toEqual([
      'Count',
      'One two three four five six seven eight nine ten.',
      'And then?',
    ]);
  });

  it('a pasted text that was cut into parts is waited for', async () => {
    const anna = person();
    const parts = [await anna.writes('a'.repeat(4050)), await anna.writes('b'.repeat(4050))];
    const rest = await anna.writes('the end of it');
    expect((await anna.replyTo(rest)).answers).toEqual([...parts, rest]);
    expect(await model.calls()).toHaveLength(1);
  });

  it('an album whose parts trickle in gets one reply', async () => {
    const anna = person();
    const first = await anna.writes('', { kind: 'photo', mediaGroup: 'album' });
    const second = await anna.writes('Which is nicer?', { kind: 'photo', mediaGroup: 'album' });
    expect((await anna.replyTo(second)).answers).toEqual([first, second]);
    expect(await model.calls()).toHaveLength(1);
  });

  it('an edit before the answer is what gets answered', async () => {
    await model.pace(3000);
    const anna = person();
    const message = await anna.writes('Tell me about cats');
    await untilTrue('the model being asked', async () => (await model.calls()).length === 1);
    await model.pace(0);
    await anna.edits(message, 'Tell me about dogs');
    await anna.replyTo(message);
    expect(await lastQuestion()).toEqual(['Tell me about dogs']);
  });

  it('an edit after the answer is kept and answered no second time', async () => {
    const anna = person();
    const message = await anna.writes('Tell me about cats');
    await anna.replyTo(message);
    await anna.edits(message, 'Tell me about dogs');
    const next = await anna.writes('Go on');
    await anna.replyTo(next);
    expect(anna.replies().map(({ answers }) => answers)).toEqual([[message], [next]]);
    const { conversations } = await transcriptOf(app, anna.chatId);
    expect(conversations[0]!.messages[0]).toMatchObject({ text: 'Tell me about dogs', state: 'answered' });
  });

  it('a reset while the answer is written ends it without a reply', async () => {
    await model.pace(0, 100);
    const anna = person();
    const message = await anna.writes('Write me a long text');
    await untilTrue('visible text', () => typed(anna.chatId).length > 0);
    await anna.resets();
    await untilTrue('the call being given up', async () => (await model.calls())[0]!.aborted);
    await model.reset();
    const next = await anna.writes('Hello again');
    expect((await anna.replyTo(next)).answers).toEqual([next]);
    const { conversations } = await transcriptOf(app, anna.chatId);
    expect(conversations[1]!.messages).toMatchObject([{ id: message, state: 'cancelled' }]);
    expect(conversations[1]!.turns).toEqual([]);
  });

  it('a voice message is answered when its words are there, even when they come first', async () => {
    const anna = person();
    const inChat = { chatId: anna.chatId, botId: anna.botId, userId: anna.userId };
    const early = crypto.randomUUID();
    await app.probe.say(TranscriptionCompleted({ ...inChat, messageId: early, text: 'Words that came early' }));
    await anna.writes('', { kind: 'voice', messageId: early });
    await anna.replyTo(early);
    const voice = await anna.writes('', { kind: 'voice' });
    await untilTrue(
      'the voice message',
      async () =>
        (await rowsOf(app, `SELECT FROM messages WHERE id = $1 AND state = 'awaiting_transcription'`, [voice]))
          .length === 1,
    );
    await app.probe.say(TranscriptionCompleted({ ...inChat, messageId: voice, text: 'Do you hear me?' }));
    await anna.replyTo(voice);
    expect((await lastQuestion()).at(-1)).toBe('Do you hear me?');
  });

  const isIn = (state: string, messageId: string) =>
    untilTrue(state, async () => {
      const found = await rowsOf(app, `SELECT FROM messages WHERE id = $1 AND state = $2`, [messageId, state]);
      return found.length === 1;
    });
  const inChat = ({ chatId, botId, userId }: ReturnType<typeof person>) => ({ chatId, botId, userId });

  it('a voice message with a caption is answered when both are there, and an edit of the caption keeps the words', async () => {
    await model.pace(0, 100);
    await model.say('One two three four five six seven eight nine ten.', 'Do you hear me?');
    const anna = person();
    const voice = await anna.writes('About the bicycle', { kind: 'voice' });
    await isIn('awaiting_transcription', voice);
    await app.probe.say(TranscriptionCompleted({ ...inChat(anna), messageId: voice, text: 'Do you hear me?' }));
    await untilTrue('visible text', () => typed(anna.chatId).length > 0);
    expect(await lastQuestion()).toEqual(['About the bicycle\n\nDo you hear me?']);
    await anna.edits(voice, 'About the red bicycle');
    await anna.replyTo(voice);
    await model.pace(0);
    await anna.replyTo(await anna.writes('Well?'));
    expect((await lastQuestion())[0]).toBe('About the red bicycle\n\nDo you hear me?');
    const { conversations } = await transcriptOf(app, anna.chatId);
    expect(conversations[0]!.messages[0]!.text).toBe('About the red bicycle\n\nDo you hear me?');
    const rows = await rowsOf<{ transcript: string }>(app, 'SELECT transcript FROM messages WHERE id = $1', [voice]);
    expect(rows[0]!.transcript).not.toContain('hear');
  });

  it('of a voice message that nobody understands the caption is answered', async () => {
    const anna = person();
    const voice = await anna.writes('What is said here?', { kind: 'voice' });
    await isIn('awaiting_transcription', voice);
    await app.probe.say(TranscriptionFailed({ ...inChat(anna), messageId: voice, reason: 'engine_failed' }));
    await anna.replyTo(voice);
    expect(await lastQuestion()).toEqual(['What is said here?']);
  });

  /** As if the voice message had come so long ago. */
  const minutesLater = (minutes: number, messageId: string) =>
    app.service.db.query(
      'UPDATE messages SET awaiting_since = awaiting_since - make_interval(mins => $1) WHERE id = $2',
      [minutes, messageId],
    );

  it('a voice message whose words do not come is given up after a quarter of an hour, and the person is told', async () => {
    const anna = person();
    const voice = await anna.writes('', { kind: 'voice' });
    await isIn('awaiting_transcription', voice);
    await minutesLater(14, voice);
    await runScheduled(app, 'give-up-transcriptions');
    expect(anna.replies()).toEqual([]);
    await minutesLater(2, voice);
    await runScheduled(app, 'give-up-transcriptions');
    const told = await anna.replyTo(voice);
    expect(told).toMatchObject({ outcome: 'unreadable', text: expect.stringMatching(/voice message/) });
    await runScheduled(app, 'give-up-transcriptions');
    const next = await anna.writes('In writing then');
    expect((await anna.replyTo(next)).answers).toEqual([next]);
    expect(anna.replies()).toHaveLength(2);
    expect(await model.calls()).toHaveLength(1);
  });

  it('words that come after all are answered, unless the person has begun anew', async () => {
    const [anna, igor] = [person(), person()];
    const [early, late] = [await igor.writes('', { kind: 'voice' }), await anna.writes('', { kind: 'voice' })];
    for (const voice of [early, late]) {
      await isIn('awaiting_transcription', voice);
      await minutesLater(16, voice);
    }
    await runScheduled(app, 'give-up-transcriptions');
    await igor.resets();
    await isIn('cancelled', early);
    await app.probe.say(TranscriptionCompleted({ ...inChat(igor), messageId: early, text: 'Forget it' }));
    await app.probe.say(TranscriptionCompleted({ ...inChat(anna), messageId: late, text: 'Better late than never' }));
    await untilTrue('the answer', () => anna.replies().length === 2);
    expect(await lastQuestion()).toEqual(['Better late than never']);
    expect(igor.replies()).toHaveLength(1);
  });

  it('of a voice message that is given up the caption is answered', async () => {
    const anna = person();
    const voice = await anna.writes('What is said here?', { kind: 'voice' });
    await isIn('awaiting_transcription', voice);
    await minutesLater(16, voice);
    await runScheduled(app, 'give-up-transcriptions');
    await untilTrue('both', () => anna.replies().length === 2);
    expect(anna.replies().map(({ outcome }) => outcome)).toEqual(['unreadable', 'answered']);
  });

  it('a voice message without words starts no turn', async () => {
    const anna = person();
    const voice = await anna.writes('', { kind: 'voice' });
    await app.probe.say(
      TranscriptionFailed({
        chatId: anna.chatId,
        botId: anna.botId,
        userId: anna.userId,
        messageId: voice,
        reason: 'nothing_heard',
      }),
    );
    await untilTrue(
      'the mark',
      async () =>
        (await rowsOf(app, `SELECT FROM messages WHERE id = $1 AND state = 'transcription_failed'`, [voice])).length ===
        1,
    );
    const next = await anna.writes('In writing then');
    expect((await anna.replyTo(next)).answers).toEqual([next]);
    expect(await model.calls()).toHaveLength(1);
  });
});
