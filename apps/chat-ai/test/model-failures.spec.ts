import { startApp, type TestApp } from '@switchboard/testing';
import { chatAiApp } from '../src/chat-ai.app';
import { aPerson, rowsOf } from './build';
import { type Fault, type RunningModel, startModel } from './start-model';

const TECHNICAL = /\b(error|exception|http|timeout|token|429|500|api|undefined|null)\b/i;

describe('a model that fails', () => {
  let model: RunningModel;
  let app: TestApp;

  beforeAll(async () => {
    model = await startModel();
    app = await startApp(chatAiApp, {
      env: {
        CHAT_AI_BASE_URL: model.baseUrl,
        CHAT_AI_API_KEY: 'sk-sandbox',
        CHAT_AI_MODEL: 'sandbox-model',
        CHAT_AI_FIRST_TOKEN_TIMEOUT_MS: '600',
        CHAT_AI_IDLE_TIMEOUT_MS: '400',
      },
    });
  });
  afterAll(async () => {
    await app.stop();
    await model.stop();
  });
  beforeEach(() => model.reset());

  async function ask(text = 'Tell me something', locale: 'en' | 'ru' = 'en') {
    const person = aPerson(() => app, { locale });
    const reply = await person.replyTo(await person.writes(text));
    const usages = await rowsOf<{ outcome: string; estimated: boolean; output_tokens: number; input_tokens: number }>(
      app,
      'SELECT outcome, estimated, input_tokens, output_tokens FROM usages WHERE turn_id = $1 ORDER BY id',
      [reply.replyId],
    );
    const [turn] = await rowsOf<{ outcome: string }>(app, 'SELECT outcome FROM turns WHERE id = $1', [reply.replyId]);
    expect(turn!.outcome).toBe(reply.outcome);
    return { reply, usages, outcomes: usages.map(({ outcome }) => outcome) };
  }

  it.each<[string, Fault]>([
    ['retry-after in seconds', { kind: '429', retryAfter: 1 }],
    ['retry-after in milliseconds', { kind: '429:ms', retryAfter: 0.2 }],
    ['no word about when', { kind: '429:none' }],
    ['an error 500', { kind: '500' }],
    ['a proxy that answers in HTML', { kind: '502-html' }],
    ['a connection that breaks', { kind: 'reset' }],
    ['an error in the stream before any text', { kind: 'error-in-stream:0' }],
    ['a stream cut before any text', { kind: 'cut-stream:0' }],
  ])('%s: the person waits a little and gets the answer', async (_name, fault) => {
    await model.fail(fault);
    // Twice, because a fault within the stream uses up one.
    await model.script({ times: 2, reply: { text: 'Here it is.' } });
    const { reply, outcomes } = await ask();
    expect(reply).toMatchObject({ outcome: 'answered', text: 'Here it is.' });
    expect(outcomes).toEqual([fault.kind.startsWith('429') ? 'rate_limited' : 'model_unavailable', 'answered']);
  });

  it.each(['reset', '500', '502-html', 'error-in-stream:0', 'cut-stream:0'])(
    '%s before any text: what the model has done nobody knows, so the call is paid as well as the one after it',
    async (kind) => {
      await model.fail({ kind });
      await model.script({ times: 2, reply: { text: 'Here it is.' } });
      const { usages } = await ask();
      expect(usages.map(({ estimated, input_tokens }) => [estimated, input_tokens > 0])).toEqual([
        [true, true],
        [false, true],
      ]);
    },
  );

  it('a model that was silent for long may have reasoned, and that is paid; one that refused has done nothing', async () => {
    await model.fail({ kind: 'hang' });
    const silent = (await ask()).usages;
    expect(silent).toMatchObject([{ outcome: 'timed_out', estimated: true }]);
    // 600 ms of silence.
    expect(silent[0]!.output_tokens).toBeGreaterThanOrEqual(60);
    expect(silent[0]!.output_tokens).toBeLessThan(1500);
    await model.fail({ kind: '429:none' });
    expect((await ask()).usages[0]).toMatchObject({ outcome: 'rate_limited', input_tokens: 0, output_tokens: 0 });
  });

  it.each<[string, Fault, string, number]>([
    ['too many requests for too long', { kind: '429', retryAfter: 60 }, 'rate_limited', 1],
    ['too many requests again and again', { kind: '429:ms', retryAfter: 0.05, times: 9 }, 'rate_limited', 3],
    ['a quota that is used up', { kind: '429:insufficient-quota' }, 'model_unavailable', 1],
    ['a server that stays broken', { kind: '500', times: 3 }, 'model_unavailable', 3],
    ['a model that never begins', { kind: 'hang' }, 'timed_out', 1],
    ['an empty answer, twice', { kind: 'empty', times: 2 }, 'empty', 2],
    ['a context too long even when halved', { kind: 'context-too-long', times: 2 }, 'too_long', 2],
  ])('%s: a sentence of its own and a truthful record', async (_name, fault, outcome, calls) => {
    await model.fail(fault);
    const { reply, outcomes } = await ask();
    expect(reply.outcome).toBe(outcome);
    expect(outcomes).toEqual(Array.from({ length: calls }, () => outcome));
    expect(reply.text).not.toMatch(TECHNICAL);
    expect(reply.text).toMatch(/^[A-Z].*[.]$/);
  });

  it('a wrong key is tried once and told to nobody', async () => {
    const wrong = await startApp(chatAiApp, {
      env: { CHAT_AI_BASE_URL: model.baseUrl, CHAT_AI_API_KEY: 'sk-invalid-secret' },
    });
    try {
      const person = aPerson(() => wrong);
      const reply = await person.replyTo(await person.writes('Hello'));
      expect(reply.outcome).toBe('model_unavailable');
      expect(reply.text).not.toMatch(/key|sk-/i);
      expect(await model.calls()).toHaveLength(1);
    } finally {
      await wrong.stop();
    }
  });

  it('an empty answer followed by one with words is answered', async () => {
    await model.fail({ kind: 'empty' });
    await model.say('Now I know.');
    const { reply, outcomes } = await ask();
    expect(reply.text).toBe('Now I know.');
    expect(outcomes).toEqual(['empty', 'answered']);
  });

  it('a limit that reasoning used up is raised once; then it is said, and the model is known to need more', async () => {
    const reasoned = { text: '', finishReason: 'length', usage: { completionTokens: 1500, reasoningTokens: 1500 } };
    await model.script({ times: 2, reply: reasoned });
    const first = await ask();
    expect(first.reply.outcome).toBe('empty');
    expect(first.reply.text).toMatch(/no room was left/);
    expect(first.outcomes).toEqual(['empty', 'empty']);
    await model.script({ reply: { text: 'Now.' } });
    await ask();
    expect((await model.calls()).map(({ body }) => body.max_tokens)).toEqual([1500, 11_000, 5500]);
  });

  it('what does not fit into the context is not passed over without a word', async () => {
    const small = await startApp(chatAiApp, {
      env: {
        CHAT_AI_BASE_URL: model.baseUrl,
        CHAT_AI_API_KEY: 'sk-sandbox',
        CHAT_AI_CONTEXT_TOKENS: '500',
        CHAT_AI_QUIET_WINDOW_MS: '500',
      },
    });
    try {
      const person = aPerson(() => small);
      await model.script({ times: 2, reply: { text: 'Read.' } });
      const long = await person.writes('word '.repeat(900));
      const last = await person.writes('What do you think?');
      const reply = await person.replyTo(last);
      expect(reply).toMatchObject({ outcome: 'answered', answers: [long, last] });
      expect(reply.text).toMatch(/^Read\.\n\n\*You wrote more than I can take in at once/);
      expect((await person.replyTo(await person.writes('And now?'))).text).toBe('Read.');
    } finally {
      await small.stop();
    }
  });

  it('of a request too long half is sent, once', async () => {
    const anna = aPerson(() => app);
    await anna.replyTo(await anna.writes('word '.repeat(3000)));
    await model.reset();
    await model.fail({ kind: 'context-too-long' });
    const reply = await anna.replyTo(await anna.writes('And now?'));
    expect(reply.outcome).toBe('answered');
    const calls = await model.calls();
    const sizes = calls.map(({ body }) => body.messages.reduce((sum, { content }) => sum + content.length, 0));
    expect(sizes).toHaveLength(2);
    expect(sizes[1]).toBeLessThan(sizes[0]! / 2);
    const [whole, half] = calls.map(({ body }) => body.max_tokens!);
    expect(half).toBe(whole! / 2);
  });

  it.each(['cut-stream:4', 'error-in-stream:4', 'stall:4'])(
    '%s after visible text: what was said is kept, and said to be unfinished',
    async (kind) => {
      await model.fail({ kind });
      await model.say('One two three four five six seven eight nine ten.');
      const { reply, usages } = await ask();
      expect(reply.outcome).toBe('cut_off');
      expect(reply.text).toMatch(/^One two three/);
      expect(reply.text).toContain('broke off');
      expect(usages).toMatchObject([{ outcome: 'cut_off', estimated: true }]);
      expect(usages[0]!.output_tokens).toBeGreaterThan(0);
      expect(usages[0]!.input_tokens).toBeGreaterThan(0);
    },
  );

  it("a refusal is delivered in the model's own words", async () => {
    await model.fail({ kind: 'refusal' });
    const { reply } = await ask();
    expect(reply.outcome).toBe('refused');
    expect(reply.text).toMatch(/can't help with that/);
  });

  it('an answer stopped by a filter before its first word is a refusal in our words', async () => {
    await model.script({ reply: { text: '', finishReason: 'content_filter' } });
    const { reply } = await ask();
    expect(reply).toMatchObject({ outcome: 'refused' });
    expect(reply.text).not.toMatch(TECHNICAL);
  });

  it('an answer that reaches its length says so', async () => {
    await model.script({ reply: { text: 'A beginning', finishReason: 'length' } });
    const { reply } = await ask();
    expect(reply.outcome).toBe('answered');
    expect(reply.text).toMatch(/^A beginning…[\s\S]*as long as one answer may be/);
  });

  it('a person who is spoken to in Russian gets the sentence in Russian', async () => {
    await model.fail({ kind: '429:insufficient-quota' });
    const { reply } = await ask('Привет', 'ru');
    expect(reply.text).toMatch(/^Сейчас я не могу ответить/);
  });

  it.each([
    'no-usage',
    'usage-in-every-chunk',
    'no-role-chunk',
    'comments',
    'crlf',
    'no-done',
    'empty-finish-reason',
    'split-utf8',
    'reasoning-content',
  ])('a compatible server with %s is understood', async (quirk) => {
    await model.fail({ kind: `quirk:${quirk}` });
    await model.say('Ответ с кириллицей.');
    const { reply, usages } = await ask();
    expect(reply).toMatchObject({ outcome: 'answered', text: 'Ответ с кириллицей.' });
    expect(usages).toMatchObject([{ estimated: quirk === 'no-usage' }]);
  });

  it('an error in a body that claims success is an error', async () => {
    await model.fail({ kind: 'quirk:error-200' });
    await model.say('Recovered.');
    const { reply, outcomes } = await ask();
    expect(reply.text).toBe('Recovered.');
    expect(outcomes).toEqual(['model_unavailable', 'answered']);
  });
});
