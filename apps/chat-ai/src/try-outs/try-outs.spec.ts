import { OpenPromptDraft, ReadPromptInForce, ReadUsageSeries, TryPrompt } from '@switchboard/contracts';
import { startApp, type TestApp, until } from '@switchboard/testing';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import { botsFolder, rowsOf } from '../../test/build';
import { type RunningModel, startModel } from '../../test/start-model';
import { chatAiApp } from '../chat-ai.app';

type Messages = { role: 'user' | 'assistant'; text: string }[];

describe('trying out a prompt', () => {
  let model: RunningModel;
  let bots: Awaited<ReturnType<typeof botsFolder>>;
  let knowledge: string;
  let app: TestApp;

  beforeAll(async () => {
    model = await startModel();
    knowledge = await mkdtemp(join(tmpdir(), 'knowledge-'));
    await writeFile(join(knowledge, 'hours.md'), '# Hours\n\n## Sauna\n\nThe sauna is open from 7:00 to 22:00.');
    bots = await botsFolder({
      spa: { assistant: { systemPrompt: 'You are the spa.', knowledge } },
      tiny: { assistant: { systemPrompt: 'You are small.', contextTokens: 500 } },
    });
    app = await startApp(chatAiApp, {
      env: {
        BOTS_FOLDER: bots.path,
        CHAT_AI_BASE_URL: model.baseUrl,
        CHAT_AI_API_KEY: 'sk-sandbox',
        CHAT_AI_TRY_OUT_PER_MONTH_USD: '0.01',
      },
    });
  });
  afterAll(async () => {
    await app.stop();
    await bots.remove();
    await rm(knowledge, { recursive: true });
    await model.stop();
  });
  beforeEach(() => model.reset());

  const asks = (text: string): Messages => [{ role: 'user', text }];
  const tryOut = async (
    body: { text?: string; promptId?: string; draftId?: string; messages?: Messages; knowledge?: boolean },
    { botId = 'spa', of = app, signal }: { botId?: string; of?: TestApp; signal?: AbortSignal } = {},
  ) => {
    const messages = body.messages ?? asks('When is the sauna open?');
    const stream = await of.gateway.call(
      TryPrompt,
      { params: { botId }, body: { ...body, messages } },
      { ...(signal && { signal }) },
    );
    const events = [];
    for await (const { data } of stream) events.push(data);
    return events;
  };

  it('shows the answer while it is written, with its sources and what it cost, and leaves no conversation', async () => {
    await model.pace(20, 30);
    await model.script({
      reply: {
        text: 'From seven to ten in the evening [1]. Come whenever you like to, we shall be there.',
        usage: { promptTokens: 1000, completionTokens: 100 },
      },
    });
    const events = await tryOut({ text: 'Answer like a pirate.' });
    const { text, ...end } = events.at(-1)!;
    expect(end).toMatchObject({
      state: 'done',
      outcome: 'answered',
      model: 'gpt-6-luna',
      passages: [{ title: 'Hours', heading: 'Sauna' }],
      inputTokens: 1000,
      outputTokens: 100,
      // $0.10 and $0.50 per million tokens.
      costMicros: 150,
    });
    expect(text).toMatch(/\*Sources: \[1\] Hours › Sauna\*$/);
    const typed = events.filter(({ state }) => state === 'typing');
    expect(typed.length).toBeGreaterThan(1);
    expect(typed.every((event) => text.startsWith(event.text))).toBe(true);
    const [call] = await model.calls();
    expect(call!.body.messages[0]!.content).toMatch(/^Answer like a pirate\.[^]*<knowledge>[^]*The sauna is open/);
    for (const table of ['conversations', 'messages', 'turns'])
      expect(await rowsOf(app, `SELECT FROM ${table}`)).toEqual([]);
    expect(await rowsOf(app, 'SELECT purpose, cost_micros::int AS micros FROM usages')).toEqual([
      { purpose: 'try-out', micros: 150 },
    ]);
    const budgets = await rowsOf<{ scope: string; spent: number; reserved: number }>(
      app,
      `SELECT scope, spent_micros::int AS spent, reserved_micros::int AS reserved FROM budgets WHERE scope NOT LIKE 'person:%'`,
    );
    expect(budgets).toEqual([{ scope: 'try-out:spa', spent: 150, reserved: 0 }]);
    const now = app.clock.now().getTime();
    const [from, to] = [now - 86_400_000, now + 86_400_000].map((ms) => new Date(ms).toISOString()) as [string, string];
    const { points } = await app.gateway.call(ReadUsageSeries, { query: { from, to, purpose: 'try-out' } });
    expect(points).toMatchObject([{ botId: 'spa', calls: 1, costMicros: 150 }]);
  });

  it('is told what was said before, and no passages when they are not wanted', async () => {
    const messages: Messages = [
      { role: 'user', text: 'My name is Agatha.' },
      { role: 'assistant', text: 'Hello, Agatha.' },
      { role: 'user', text: 'What is my name?' },
    ];
    await tryOut({ text: 'Be brief.', messages, knowledge: false });
    const { body } = (await model.calls()).at(-1)!;
    expect(body.messages.map(({ role }) => role)).toEqual(['system', 'user', 'assistant', 'user']);
    expect(body.messages[0]!.content).not.toContain('<knowledge>');
  });

  it('a version and a draft are tried by their ids', async () => {
    const { prompt } = await app.gateway.call(ReadPromptInForce, { params: { botId: 'spa' } });
    const draft = await app.gateway.call(OpenPromptDraft, {
      params: { botId: 'spa' },
      body: { text: 'You are the draft.' },
      idempotencyKey: uuidv7(),
    });
    await tryOut({ promptId: prompt.id });
    await tryOut({ draftId: draft.id });
    const told = (await model.calls()).map(({ body }) => body.messages[0]!.content.split('\n')[0]);
    expect(told).toEqual(['You are the spa.', 'You are the draft.']);
  });

  it('a failure of the model is told as what a turn would come to', async () => {
    await model.fail({ kind: '500', times: 5 });
    expect(await tryOut({ text: 'Be brief.' })).toMatchObject([{ state: 'failed', outcome: 'model_unavailable' }]);
  });

  it('who goes away ends the call, and nothing stays set aside for it', async () => {
    await model.pace(50, 200);
    await model.say('One two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen.');
    const leaving = new AbortController();
    const gone = tryOut({ text: 'Count.' }, { signal: leaving.signal }).catch(() => 'gone');
    await until(async () => (await model.calls()).length > 0, { what: 'the call' });
    leaving.abort();
    expect(await gone).toBe('gone');
    await until(async () => (await model.calls())[0]!.aborted, { what: 'the end of the call' });
    await until(async () => (await rowsOf(app, 'SELECT FROM budget_reservations')).length === 0, {
      what: 'the reservation',
    });
  });

  it.each([
    ['of another bot', { promptId: uuidv7() }, 'spa', 404, 'prompt_not_found'],
    ['of a draft that is none', { draftId: uuidv7() }, 'spa', 404, 'prompt_draft_not_found'],
    ['of no bot', { text: 'A text' }, 'nowhere', 404, 'bot_not_found'],
    ['that leaves no room', { text: 'word '.repeat(2000) }, 'tiny', 409, 'prompt_too_long'],
  ])('a prompt %s is refused', async (_, body, botId, status, code) => {
    await expect(tryOut(body, { botId })).rejects.toMatchObject({ status, problem: { code: `chat-ai.${code}` } });
    expect(await model.calls()).toEqual([]);
  });

  it.each([
    ['nothing to try', { messages: asks('Hello') }],
    ['two prompts', { text: 'A', promptId: uuidv7(), messages: asks('Hello') }],
    ['nobody who asks', { text: 'A', messages: [] }],
    ['a last word of the assistant', { text: 'A', messages: [{ role: 'assistant' as const, text: 'Hello' }] }],
  ])('%s does not fit', async (_, body) => {
    await expect(tryOut(body)).rejects.toMatchObject({ status: 422 });
  });

  it('when the money for trying out is used up it is said so, and answers go on', async () => {
    await model.script({ reply: { text: 'Dear.', usage: { promptTokens: 90_000, completionTokens: 4000 } } });
    await tryOut({ text: 'Be dear.' });
    await expect(tryOut({ text: 'Be dearer.' })).rejects.toMatchObject({
      status: 429,
      problem: { code: 'chat-ai.try_out_budget_exhausted', params: { renewsAt: expect.any(String) as string } },
    });
    expect(await rowsOf(app, `SELECT FROM budgets WHERE scope = 'bot:spa'`)).toEqual([]);
  });

  it('without a model there is nothing to try', async () => {
    const without = await startApp(chatAiApp, { env: { BOTS_FOLDER: bots.path } });
    await expect(tryOut({ text: 'A text' }, { of: without })).rejects.toMatchObject({
      status: 409,
      problem: { code: 'chat-ai.no_model' },
    });
    await without.stop();
  });
});
