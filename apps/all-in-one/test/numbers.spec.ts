import { analyticsApp } from '@switchboard/analytics';
import { MemoryTransport } from '@switchboard/bus';
import { chatAiApp } from '@switchboard/chat-ai';
import {
  ConsentGiven,
  DraftExperiment,
  ListRunningExperiments,
  OpenPromptDraft,
  PublishPrompt,
  ReadExperiment,
  ReadExperimentResults,
  ReadModelUsage,
  ReadPersonUsage,
  ReadPromptInForce,
  StartExperiment,
} from '@switchboard/contracts';
import { armOf } from '@switchboard/service-kit';
import { startApp, type TestApp, until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { aPerson, botsFolder, runScheduled } from '../../chat-ai/test/build';
import { type ModelCall, type RunningModel, startModel } from '../../chat-ai/test/start-model';

const PROMPT = 'You are Lumen.';
const WORDY = 'You are Lumen, and wordy.';
/** People in each arm. */
const ENOUGH = 50;

const COUNTED = ['calls', 'inputTokens', 'cachedInputTokens', 'outputTokens', 'costMicros'] as const;
type Counted = (typeof COUNTED)[number];

/** The first line of what the model was told. */
const toldFirst = ({ body }: ModelCall) => body.messages[0]!.content.split('\n')[0];

/** What the assistant does and what the statistics say of it: the two services as they are, between them the bus and HTTP. */
describe('chat-ai and analytics', () => {
  let model: RunningModel;
  let bots: Awaited<ReturnType<typeof botsFolder>>;
  let analytics: TestApp;
  let chat: TestApp;

  beforeAll(async () => {
    model = await startModel();
    const large = { model: 'large', pricePerMillionTokensUsd: { input: 1.25, cachedInput: 0.125, output: 10 } };
    const small = { model: 'small', pricePerMillionTokensUsd: { input: 0.3, cachedInput: 0.03, output: 1.1 } };
    bots = await botsFolder({
      lumen: { assistant: { systemPrompt: PROMPT, ...large } },
      northwind: { assistant: { systemPrompt: PROMPT, ...small } },
    });
    const transport = new MemoryTransport();
    analytics = await startApp(analyticsApp, { transport });
    chat = await startApp(chatAiApp, {
      ...{ transport, clock: analytics.clock, keys: analytics.keys },
      directory: new Map([['analytics', analytics.url]]),
      env: { BOTS_FOLDER: bots.path, CHAT_AI_BASE_URL: model.baseUrl, CHAT_AI_API_KEY: 'sk-sandbox' },
    });
  });
  afterAll(async () => {
    await chat?.stop();
    await analytics?.stop();
    await bots?.remove();
    await model?.stop();
  });

  /** Somebody who has agreed to be counted. */
  const somebody = async (botId = 'lumen') => {
    const person = aPerson(() => chat, { botId });
    const { userId } = person;
    const givenAt = chat.clock.now().toISOString();
    await chat.probe.say(
      ConsentGiven({ consentId: uuidv7(), userId, purpose: 'analytics', version: '1', source: 'bot', givenAt }),
    );
    const isKnown = 'SELECT FROM consents WHERE user_id = $1';
    await until(async () => (await analytics.service.db.query<unknown[]>(isKnown, [userId])).length > 0, {
      what: 'the consent',
    });
    return person;
  };
  const asks = async (person: ReturnType<typeof aPerson>, text: string) => person.replyTo(await person.writes(text));
  /** Waits until analytics has counted every call that the ledger has. */
  const counted = () =>
    until(
      async () => {
        const [ledger] = await chat.service.db.query<{ n: number }[]>('SELECT count(*)::int AS n FROM usages');
        const [events] = await analytics.service.db.query<{ n: number }[]>(
          `SELECT coalesce(sum(events), 0)::int AS n FROM measures
           WHERE type = 'chat-ai.usage.recorded' AND measure = 'events' AND minutes = 1440`,
        );
        return ledger!.n > 0 && ledger!.n === events!.n;
      },
      { what: 'analytics to have heard of every call' },
    );

  it('agree to the millionth of a dollar on what each person has cost, by day and model, and on everybody', async () => {
    const people = [await somebody(), await somebody(), await somebody('northwind')];
    const stranger = aPerson(() => chat);
    for (const [i, person] of people.entries()) {
      await model.say('One answer. '.repeat(1 + i * 7));
      await asks(person, 'What is the difference between a stone and a star?'.repeat(1 + i));
    }
    chat.clock.advance(26 * 3_600_000);
    await asks(people[0]!, 'And today?');
    await asks(stranger, 'I have agreed to nothing.');
    await counted();

    const ledger = await chat.service.db.query<
      ({ userId: string; day: string; model: string } & Record<Counted, number>)[]
    >(
      `SELECT user_id AS "userId", (created_at AT TIME ZONE 'UTC')::date::text AS day, model, count(*)::int AS calls,
         sum(input_tokens)::int AS "inputTokens", sum(cached_input_tokens)::int AS "cachedInputTokens",
         sum(output_tokens)::int AS "outputTokens", sum(cost_micros)::int AS "costMicros"
       FROM usages GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
    );
    const of = (userId: string) => ledger.filter((row) => row.userId === userId);
    const sum = (rows: typeof ledger, field: Counted) => rows.reduce((total, row) => total + row[field], 0);
    const to = chat.clock.now().toISOString().slice(0, 10);
    const from = new Date(chat.clock.now().getTime() - 2 * 86_400_000).toISOString().slice(0, 10);
    for (const { userId } of people) {
      const usage = await analytics.gateway.call(ReadPersonUsage, { params: { userId }, query: { from, to } });
      const rows = of(userId);
      expect(sum(rows, 'costMicros')).toBeGreaterThan(0);
      for (const field of COUNTED) {
        expect([field, usage.total[field]]).toEqual([field, sum(rows, field)]);
        expect(usage.days.map((day) => [day.day, day[field]])).toEqual(
          [...new Set(rows.map(({ day }) => day))].map((day) => [
            day,
            sum(
              rows.filter((row) => row.day === day),
              field,
            ),
          ]),
        );
        expect(usage.models.map((one) => [one.model, one[field]])).toEqual(
          [...new Set(rows.map((row) => row.model))].map((name) => [
            name,
            sum(
              rows.filter((row) => row.model === name),
              field,
            ),
          ]),
        );
      }
    }
    expect(new Set(ledger.map((row) => row.model))).toEqual(new Set(['large', 'small']));
    const nobody = await analytics.gateway.call(ReadPersonUsage, {
      params: { userId: stranger.userId },
      query: { from, to },
    });
    expect(nobody).toMatchObject({ isCounted: false, total: { calls: 0 } });
    // Sums are of everybody, also of who is counted nowhere else.
    const { total } = await analytics.gateway.call(ReadModelUsage, { query: { from, to } });
    expect(total.costMicros).toBe(sum(ledger, 'costMicros'));
    expect(sum(of(stranger.userId), 'costMicros')).toBeGreaterThan(0);
  });

  it('compare two prompts: people are assigned, meet them, are counted, and the one that harms is taken back', async () => {
    const params = { botId: 'lumen' };
    const { prompt, revision } = await chat.gateway.call(ReadPromptInForce, { params });
    const publish = (what: object, seen: number) =>
      chat.gateway.call(PublishPrompt, {
        params,
        body: { ...what, why: 'a story' } as never,
        idempotencyKey: uuidv7(),
        ifMatch: `"${seen}"`,
      });
    const draft = await chat.gateway.call(OpenPromptDraft, { params, body: { text: WORDY }, idempotencyKey: uuidv7() });
    const wordy = (await publish({ draft: { id: draft.id, revision: draft.revision } }, revision)).prompt.id;
    await publish({ promptId: prompt.id }, revision + 1);

    const outputTokens = { event: 'chat-ai.usage.recorded', aggregate: 'sum', field: 'outputTokens' } as const;
    const experiment = await analytics.gateway.call(DraftExperiment, {
      idempotencyKey: uuidv7(),
      body: {
        ...{ key: 'lumen-wordy', place: 'chat-ai.prompt:lumen', botId: 'lumen', days: 14 },
        arms: [
          { key: 'control', weight: 5000, value: prompt.id },
          { key: 'wordy', weight: 5000, value: wordy },
        ],
        hypothesis: 'Who is told more writes again.',
        primary: {
          ...{ key: 'messages', goal: 'up' },
          measure: { event: 'bot-adapter.message.received', aggregate: 'count' },
        },
        guardrails: [
          {
            ...{ key: 'tokens-per-call', goal: 'down', tolerance: 0.1, winsorise: null },
            ...{ measure: outputTokens, per: { event: 'chat-ai.usage.recorded', aggregate: 'count' } },
          },
        ],
        ...{ minimalEffect: 0.1, plannedPersons: 1000 },
      },
    });
    await analytics.gateway.call(StartExperiment, {
      params: { experimentId: experiment.id },
      ifMatch: `"${experiment.revision}"`,
    });
    const { experiments } = await analytics.gateway.call(ListRunningExperiments, {});
    // Services ask anew when what they know is half a minute old.
    chat.clock.advance(10 * 60_000);

    const arms = { control: 0, wordy: 0 };
    const visit = async (n: number) => {
      const person = await somebody();
      const arm = armOf(experiments[0]!, person.userId)!.key as keyof typeof arms;
      arms[arm]++;
      const question = `Question ${n} of somebody`;
      await model.say((arm === 'wordy' ? 'Very long. '.repeat(60) : 'Short. ').repeat(1 + (n % 3)), question);
      await asks(person, question);
      return { question, expected: arm === 'wordy' ? WORDY : PROMPT };
    };
    const visits: { question: string; expected: string }[] = [];
    // Of fewer nothing is said.
    while (Math.min(...Object.values(arms)) < ENOUGH)
      visits.push(...(await Promise.all(Array.from({ length: 10 }, (_, i) => visit(visits.length + i)))));
    const calls = await model.calls();
    for (const { question, expected } of visits) {
      const call = calls.find(({ body }) => body.messages.at(-1)!.content.includes(question));
      expect(toldFirst(call!)).toBe(expected);
    }
    await counted();
    const exposed = () =>
      analytics.service.db.query<{ arm: string; n: number }[]>(
        'SELECT arm, count(*)::int AS n FROM exposures WHERE experiment_id = $1 GROUP BY arm ORDER BY arm',
        [experiment.id],
      );
    const all = Object.entries(arms).map(([arm, n]) => ({ arm, n }));
    await until(async () => (await exposed()).reduce((sum, { n }) => sum + n, 0) === visits.length, {
      what: 'all exposures',
    });
    expect(await exposed()).toEqual(all);

    analytics.clock.advance(60_000);
    await runScheduled(analytics, 'analyse-experiments');
    const results = await analytics.gateway.call(ReadExperimentResults, { params: { experimentId: experiment.id } });
    expect(results.health.broken).toBe(false);
    expect(await analytics.gateway.call(ReadExperiment, { params: { experimentId: experiment.id } })).toMatchObject({
      ...{ state: 'decided', decision: 'harmful', decidedArm: 'control', decidedAutomatically: true },
    });

    // Everybody is told what they were told before.
    chat.clock.advance(10 * 60_000);
    let late = await somebody();
    while (armOf(experiments[0]!, late.userId)!.key !== 'wordy') late = await somebody();
    await asks(late, 'Am I too late?');
    expect(toldFirst((await model.calls()).at(-1)!)).toBe(PROMPT);
    expect(await exposed()).toEqual(all);
  });
});
