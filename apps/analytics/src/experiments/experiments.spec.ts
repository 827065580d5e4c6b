import {
  type Actor,
  ChangeExperiment,
  DecideExperiment,
  DraftExperiment,
  ExperimentDecided,
  ExperimentStarted,
  ExposureRecorded,
  ListExperiments,
  ListRunningExperiments,
  NoticeSendRequested,
  PlanExperiment,
  ReadArm,
  ReadExperiment,
  ReadExperimentResults,
  RemoveExperiment,
  ReplyRateRequested,
  StartExperiment,
} from '@switchboard/contracts';
import { armOf, EXPERIMENTS_STALE_MS } from '@switchboard/service-kit';
import { erasePerson, startApp, type TestApp, until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { ask, aUsage, clear, consents, eventAt, runScheduled, withdraws } from '../../test/build';
import { random } from '../../test/false-alarms';
import { analyticsApp } from '../analytics.app';
import { EventsService } from '../events/events.service';
import { ExposuresService } from './exposures.service';

const DAY_MS = 86_400_000;

let app: TestApp;
beforeAll(async () => {
  app = await startApp(analyticsApp);
  // Over the end of summer time in Europe: days of an experiment are of 24 hours.
  app.clock.set(new Date('2026-10-20T08:00:00Z'));
});
afterAll(() => app.stop());
beforeEach(async () => {
  await clear(app);
  await ask(app, 'TRUNCATE experiments CASCADE');
});

type Draft = Parameters<typeof app.gateway.call<typeof DraftExperiment>>[1]['body'];

type Metric = NonNullable<Draft['primary']>;

const liked: Metric = {
  key: 'liked',
  measure: { event: 'chat-ai.reply.rate-requested', aggregate: 'any', where: { rating: ['1'] } },
  goal: 'up',
};
const failed: Metric = {
  key: 'failures-per-call',
  measure: { event: 'chat-ai.usage.recorded', aggregate: 'count', where: { outcome: ['timed_out'] } },
  per: { event: 'chat-ai.usage.recorded', aggregate: 'count' },
  goal: 'down',
  winsorise: null,
};
const cost: Metric = {
  key: 'cost',
  measure: { event: 'chat-ai.usage.recorded', aggregate: 'sum', field: 'costMicros' },
  goal: 'down',
};

let drafts = 0;
const draft = (rest: Partial<Draft> = {}) =>
  app.gateway.call(DraftExperiment, {
    idempotencyKey: uuidv7(),
    body: {
      key: `lumen-greeting-${++drafts}`,
      place: `chat-ai.prompt:lumen-${drafts}`,
      arms: [
        { key: 'control', weight: 5000, value: '1' },
        { key: 'warm', weight: 5000, value: '2' },
      ],
      hypothesis: 'A warmer greeting makes people like the answers more.',
      primary: liked,
      secondary: [cost],
      guardrails: [{ ...failed, tolerance: 0.1 }],
      minimalEffect: 0.1,
      plannedPersons: 1000,
      days: 14,
      ...rest,
    },
  });
const start = ({ id, revision }: { id: string; revision: number }) =>
  app.gateway.call(StartExperiment, { params: { experimentId: id }, ifMatch: `"${revision}"` });
const started = async (rest: Partial<Draft> = {}) => start(await draft(rest));
const read = (experimentId: string) => app.gateway.call(ReadExperiment, { params: { experimentId } });
const results = (experimentId: string) => app.gateway.call(ReadExperimentResults, { params: { experimentId } });
const analyse = () => runScheduled(app, 'analyse-experiments');
const within = <T>(work: Parameters<typeof app.service.db.transaction<T>>[1]) =>
  (app.service.db.transaction as unknown as (work: unknown) => Promise<T>)(work);

describe('a draft', () => {
  it('may leave open what a start needs, and is told all of it', async () => {
    const open = await draft({
      hypothesis: null,
      primary: null,
      minimalEffect: null,
      plannedPersons: null,
      days: null,
      guardrails: [],
    });
    await expect(start(open)).rejects.toMatchObject({
      status: 422,
      problem: {
        code: 'analytics.experiment_incomplete',
        params: { missing: ['hypothesis', 'primary', 'minimalEffect', 'plannedPersons', 'days', 'guardrails'] },
      },
    });
  });

  it.each<[string, Partial<Draft>, string]>([
    [
      'an event that nobody says',
      { primary: { ...liked, measure: { event: 'shop.thing.sold', aggregate: 'any' } } },
      'shop.thing.sold',
    ],
    [
      'a field that an event has not',
      { secondary: [{ ...cost, measure: { ...cost.measure, field: 'costEuros' } }] },
      'chat-ai.usage.recorded · costEuros',
    ],
    [
      'a sum of words',
      { secondary: [{ ...cost, measure: { ...cost.measure, field: 'model' } }] },
      'chat-ai.usage.recorded · model',
    ],
    [
      'what people wrote',
      {
        primary: {
          ...liked,
          measure: { event: 'bot-adapter.message.received', aggregate: 'any', where: { text: ['x'] } },
        },
      },
      'bot-adapter.message.received · text',
    ],
  ])('that counts %s does not start', async (_, rest, unknown) => {
    await expect(started(rest)).rejects.toMatchObject({
      status: 422,
      problem: { code: 'analytics.measure_unknown', params: { unknown: [unknown] } },
    });
  });

  it.each<[string, Partial<Draft>, string]>([
    [
      'weights that are not all',
      {
        arms: [
          { key: 'a', weight: 1 },
          { key: 'b', weight: 1 },
        ],
      },
      '/arms',
    ],
    [
      'one arm twice',
      {
        arms: [
          { key: 'a', weight: 5000 },
          { key: 'a', weight: 5000 },
        ],
      },
      '/arms',
    ],
    ['half a week', { days: 17 }, '/days'],
    ['less than two weeks', { days: 7 }, '/days'],
    [
      'a sum of nothing',
      { primary: { ...liked, measure: { event: 'chat-ai.usage.recorded', aggregate: 'sum' } } },
      '/primary/measure/field',
    ],
  ])('with %s is refused', async (_, rest, pointer) => {
    await expect(draft(rest)).rejects.toMatchObject({ status: 422, problem: { errors: [{ pointer }] } });
  });

  it('has a name of its own, and is changed by whoever has seen it as it is', async () => {
    const { id, key, revision } = await draft();
    await expect(draft({ key })).rejects.toMatchObject({
      status: 409,
      problem: { code: 'analytics.experiment_key_taken' },
    });
    const change = (days: number, seen: number) =>
      app.gateway.call(ChangeExperiment, { params: { experimentId: id }, body: { days }, ifMatch: `"${seen}"` });
    expect(await change(21, revision)).toMatchObject({
      days: 21,
      revision: revision + 1,
      hypothesis: expect.any(String) as string,
    });
    await expect(change(28, revision)).rejects.toMatchObject({ status: 412 });
    await app.gateway.call(RemoveExperiment, { params: { experimentId: id } });
    await expect(read(id)).rejects.toMatchObject({ status: 404 });
  });

  it('is planned by what is usual', async () => {
    const plan = (body: object) => app.gateway.call(PlanExperiment, { body } as never);
    // 16 σ²/δ²: 15.6978 × 100 / 1²
    expect(await plan({ mean: 20, deviation: 10, minimalEffect: 0.05 })).toEqual({
      personsPerArm: 1570,
      persons: 3140,
    });
    // Of a share half way between 10 % and 12 %: 15.69776 × 0.11 × 0.89 / 0.02² = 3842.03
    expect(await plan({ mean: 0.1, minimalEffect: 0.2 })).toEqual({ personsPerArm: 3843, persons: 7686 });
    await expect(plan({ mean: 0, minimalEffect: 0.2 })).rejects.toMatchObject({ status: 422 });
    await expect(plan({ mean: 1.5, minimalEffect: 0.2 })).rejects.toMatchObject({ status: 422 });
    // More people than can be counted.
    await expect(plan({ mean: 1e-100, deviation: 1, minimalEffect: 1e-80 })).rejects.toMatchObject({ status: 422 });
  });
});

describe('who may not put prompts in force', () => {
  const actor: Actor = { kind: 'staff', id: 'ben', roles: [], scopes: ['experiments:*'] };
  const forbidden = { status: 403, problem: { code: 'forbidden' } };

  it('compares none, and does not decide which one everybody gets', async () => {
    const body = { key: 'bens-own', place: 'chat-ai.prompt:lumen', arms: (await draft()).arms };
    const drafting = (place: string) =>
      app.gateway.call(DraftExperiment, { body: { ...body, place }, idempotencyKey: uuidv7() }, { actor });
    await expect(drafting('chat-ai.prompt:lumen')).rejects.toMatchObject(forbidden);
    const { id, revision } = await drafting('payments.price:pro');
    const [params, ifMatch] = [{ experimentId: id }, `"${revision}"`];
    const change = { place: 'chat-ai.prompt:lumen' };
    await expect(
      app.gateway.call(ChangeExperiment, { params, body: change, ifMatch }, { actor }),
    ).rejects.toMatchObject(forbidden);

    const drafted = await draft();
    const of = { params: { experimentId: drafted.id } };
    await expect(app.gateway.call(StartExperiment, { ...of, ifMatch: '*' }, { actor })).rejects.toMatchObject(
      forbidden,
    );
    await start(drafted);
    const decision = { decision: 'ship', arm: 'warm', why: 'I like it' } as const;
    await expect(
      app.gateway.call(DecideExperiment, { ...of, body: decision, ifMatch: '*' }, { actor }),
    ).rejects.toMatchObject(forbidden);
    expect(await read(drafted.id)).toMatchObject({ state: 'running' });
  });
});

describe('an experiment that runs', () => {
  it('is told to the services that ask, until it is decided', async () => {
    const running = await started();
    const asked = async () =>
      (await (await fetch(`${app.url}/internal/experiments`, { headers: await app.as('chat-ai') })).json()) as {
        experiments: object[];
      };
    expect(await asked()).toEqual({
      experiments: [
        {
          id: running.id,
          key: running.key,
          place: running.place,
          salt: running.id,
          arms: running.arms,
          coverage: 10_000,
          namespace: null,
        },
      ],
    });
    await app.probe.until(ExperimentStarted, ({ data }) => data.experimentId === running.id);
    const decided = await app.gateway.call(DecideExperiment, {
      params: { experimentId: running.id },
      ifMatch: `"${running.revision}"`,
      body: { decision: 'ship', arm: 'warm', why: 'People like it' },
    });
    expect(decided).toMatchObject({
      state: 'decided',
      decision: 'ship',
      decidedArm: 'warm',
      decidedAutomatically: false,
      decidedBy: expect.stringMatching(/^staff:/) as string,
    });
    const { data } = await app.probe.until(ExperimentDecided, ({ data }) => data.experimentId === running.id);
    expect(data).toMatchObject({ place: running.place, decision: 'ship', arm: 'warm', value: '2', automatic: false });
    expect(`${data.decidedBy!.kind}:${data.decidedBy!.id}`).toBe(decided.decidedBy);
    expect(await asked()).toEqual({ experiments: [] });
  });

  it('is not changed, but for more people', async () => {
    const { id, revision } = await started({ coverage: 2000 });
    const change = (body: object, seen = revision) =>
      app.gateway.call(ChangeExperiment, { params: { experimentId: id }, body, ifMatch: `"${seen}"` });
    for (const body of [{ days: 28 }, { place: 'chat-ai.other' }, { coverage: 1000 }, { coverage: 3000, alpha: 0.1 }])
      await expect(change(body)).rejects.toMatchObject({
        status: 409,
        problem: { code: 'analytics.experiment_is_fixed' },
      });
    expect(await change({ coverage: 5000 })).toMatchObject({ coverage: 5000 });
    await expect(app.gateway.call(RemoveExperiment, { params: { experimentId: id } })).rejects.toMatchObject({
      status: 409,
    });
  });

  it('is the only one at its place, and of its part of a namespace', async () => {
    const first = await started({ namespace: { name: 'prices', from: 0, to: 5000 } });
    await expect(started({ place: first.place })).rejects.toMatchObject({
      problem: { code: 'analytics.experiment_place_taken' },
    });
    await expect(started({ namespace: { name: 'prices', from: 4999, to: 9000 } })).rejects.toMatchObject({
      problem: { code: 'analytics.experiment_namespace_taken', params: { key: first.key } },
    });
    await started({ namespace: { name: 'prices', from: 5000, to: 10_000 } });
    expect((await app.gateway.call(ListExperiments, { query: { state: 'running' } })).data).toHaveLength(2);
  });

  it('is begun once, also by two at the same moment', async () => {
    const [one, other] = [await draft({ place: 'chat-ai.same' }), await draft({ place: 'chat-ai.same' })];
    const outcomes = await Promise.allSettled([start(one), start(other)]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });
});

describe('who may see one bot only', () => {
  const scopes = ['experiments:*', 'prompts:*'];
  const actor: Actor = { kind: 'staff', id: 'anna', roles: [], scopes, bots: ['lumen'] };
  const of = (botId: string | null) =>
    draft({ botId, ...(botId && { place: `chat-ai.prompt:${botId}` }), namespace: null });

  it('sees and changes nothing of others, nor of all', async () => {
    const [own, other, all] = [await of('lumen'), await of('northwind'), await of(null)];
    const { data } = await app.gateway.call(ListExperiments, {}, { actor });
    expect(data.map(({ id }) => id)).toEqual([own.id]);
    const missing = { status: 404 };
    for (const { id, revision } of [other, all]) {
      const params = { experimentId: id };
      const ifMatch = `"${revision}"`;
      await expect(app.gateway.call(ReadExperiment, { params }, { actor })).rejects.toMatchObject(missing);
      await expect(app.gateway.call(ReadExperimentResults, { params }, { actor })).rejects.toMatchObject(missing);
      await expect(app.gateway.call(StartExperiment, { params, ifMatch }, { actor })).rejects.toMatchObject(missing);
      await expect(
        app.gateway.call(ChangeExperiment, { params, ifMatch, body: { days: 28 } }, { actor }),
      ).rejects.toMatchObject(missing);
      await app.gateway.call(RemoveExperiment, { params }, { actor });
      expect(await read(id)).toMatchObject({ id });
    }
    expect(await app.gateway.call(ReadExperiment, { params: { experimentId: own.id } }, { actor })).toMatchObject({
      botId: 'lumen',
    });
  });

  it('compares nothing at a place of another', async () => {
    await expect(draft({ botId: 'lumen', place: 'chat-ai.prompt:northwind' })).rejects.toMatchObject({
      status: 422,
      problem: { errors: [{ pointer: '/place' }] },
    });
    const { id, revision } = await of('lumen');
    const change = (body: object) =>
      app.gateway.call(ChangeExperiment, { params: { experimentId: id }, ifMatch: `"${revision}"`, body }, { actor });
    for (const body of [
      { place: 'chat-ai.prompt:northwind' },
      { place: 'chat-ai.prompt:northwind:lumen' },
      { botId: null },
      { botId: 'northwind', place: 'chat-ai.prompt:northwind' },
    ])
      await expect(change(body)).rejects.toMatchObject({ problem: { code: 'analytics.experiment_of_another_bot' } });
  });
});

type Running = Awaited<ReturnType<typeof started>>;

function personIn(assignment: Parameters<typeof armOf>[0], arm: string) {
  for (;;) {
    const userId = uuidv7();
    if (armOf(assignment, userId)?.key === arm) return { userId, arm };
  }
}

interface Deeds {
  readonly liked: (arm: string) => number;
  readonly fails: (arm: string) => number;
  readonly seen?: (arm: string) => number;
}

/** People who come on a day, meet the experiment and do something; what they do depends on the arm. */
class Crowd {
  private readonly next = random(20261127);

  constructor(private readonly experiment: Running) {}

  async day(people: number, does: Deeds): Promise<void> {
    const assignment = { ...this.experiment, salt: this.experiment.id };
    // As many in each arm: by chance they would differ too much once in a thousand runs.
    const met = this.experiment.arms
      .flatMap(({ key }) => Array.from({ length: people / 2 }, () => personIn(assignment, key)))
      .filter(({ arm }) => this.next() < (does.seen?.(arm) ?? 1));
    await this.meet(met, does);
  }

  /** Each in the arm into which services put them as the weights are now. @returns who came */
  async dayByWeights(people: number | readonly string[], does: Deeds): Promise<string[]> {
    const ids = typeof people === 'number' ? Array.from({ length: people }, () => uuidv7()) : [...people];
    const assignment = { ...this.experiment, ...(await read(this.experiment.id)), salt: this.experiment.id };
    await this.meet(
      ids.map((userId) => ({ userId, arm: armOf(assignment, userId)!.key })),
      does,
    );
    return ids;
  }

  private async meet(met: readonly { userId: string; arm: string }[], does: Deeds): Promise<void> {
    const at = app.clock.now();
    await ask(
      app,
      `INSERT INTO consents (user_id, given, version, source, decided_at) SELECT id, true, '1', 'bot', $2 FROM unnest($1::uuid[]) id
       ON CONFLICT DO NOTHING`,
      [met.map(({ userId }) => userId), at],
    );
    const events = met.flatMap(({ userId, arm }) => {
      const usages = Array.from({ length: 4 }, () =>
        aUsage({ userId, outcome: this.next() < does.fails(arm) ? 'timed_out' : 'answered' }),
      );
      const rating = { chatId: uuidv7(), userId, replyId: uuidv7() };
      const likes = this.next() < does.liked(arm) ? [ReplyRateRequested({ ...rating, rating: 1 })] : [];
      return [...usages, ...likes].map((draft) => eventAt(at, draft));
    });
    const exposures = met.map(({ userId, arm }) => eventAt(at, exposure(this.experiment, userId, arm)));
    await within(async (tx) => {
      await app.service.nest.get(ExposuresService, { strict: false }).record(tx as never, exposures as never);
      await app.service.nest.get(EventsService, { strict: false }).receive(tx as never, events);
    });
    app.clock.advance(DAY_MS);
  }
}

const exposure = ({ id, key }: Pick<Running, 'id' | 'key'>, userId: string, arm: string) =>
  ExposureRecorded({ experimentId: id, experiment: key, arm, userId, reason: 'assigned', channel: 'telegram' });

const notices = (key: string) => app.probe.all(NoticeSendRequested).filter(({ data }) => data.texts.en?.includes(key));

describe('what an experiment shows', () => {
  it('is nothing yet before anybody has come', async () => {
    const { id } = await started();
    expect(await results(id)).toMatchObject({ computedAt: null, advice: { decision: 'keep_running' } });
    await analyse();
    const { advice, metrics } = await results(id);
    expect(advice.decision).toBe('keep_running');
    expect(advice.text.en).toContain('too few people');
    expect(metrics.map(({ key, role }) => [key, role])).toEqual([
      ['liked', 'primary'],
      ['cost', 'secondary'],
      ['failures-per-call', 'guardrail'],
    ]);
  });

  it('is that the better arm is to be shipped, after two whole weeks', async () => {
    const experiment = await started();
    const crowd = new Crowd(experiment);
    for (let day = 0; day < 14; day++) {
      if (day === 7) {
        await analyse();
        expect((await results(experiment.id)).advice.decision).toBe('keep_running');
        expect((await results(experiment.id)).metrics[0]!.comparisons[0]!.fixed).toBeNull();
      }
      await crowd.day(90, { liked: (arm) => (arm === 'warm' ? 0.5 : 0.35), fails: () => 0.05 });
    }
    await analyse();
    const { advice, metrics, health, persons } = await results(experiment.id);
    expect(health).toMatchObject({ broken: false, inTwoArms: { persons: 0 }, imbalance: [] });
    expect(persons.reduce((sum, { persons: n }) => sum + n, 0)).toBe(14 * 90);
    expect(advice).toMatchObject({ decision: 'ship', arm: 'warm' });
    expect(advice.text.ru).toContain('Внедряйте «warm»');
    const [primary] = metrics;
    const [comparison] = primary!.comparisons;
    expect(comparison).toMatchObject({ arm: 'warm', verdict: 'better', fixed: { exact: false } });
    expect(comparison!.difference).toBeCloseTo(0.15, 1);
    expect(comparison!.fixed!.low).toBeGreaterThan(comparison!.interval.low);
    expect(comparison!.belief!.chanceToWin).toBeGreaterThan(0.99);
    // Nobody is asked: staff are told once, and decide.
    await until(() => notices(experiment.key).length === 1, { what: 'the notice' });
    await analyse();
    expect(notices(experiment.key)).toHaveLength(1);
    expect((await read(experiment.id)).state).toBe('running');
  });

  it('is that an arm which harms is taken back by itself, and everybody is told', async () => {
    const experiment = await started();
    const crowd = new Crowd(experiment);
    let days = 0;
    while ((await read(experiment.id)).state === 'running' && days < 14) {
      await crowd.day(100, { liked: () => 0.35, fails: (arm) => (arm === 'warm' ? 0.3 : 0.05) });
      await analyse();
      days++;
    }
    expect(days).toBeLessThan(7);
    expect(await read(experiment.id)).toMatchObject({
      state: 'decided',
      decision: 'harmful',
      decidedArm: 'control',
      decidedAutomatically: true,
    });
    const { data } = await app.probe.until(ExperimentDecided, ({ data }) => data.experimentId === experiment.id);
    expect(data).toMatchObject({ decision: 'harmful', arm: 'control', value: '1', automatic: true });
    await until(() => notices(experiment.key).length === 1, { what: 'the notice' });
    const { texts } = notices(experiment.key)[0]!.data;
    expect(texts.en).toMatch(/was taken back[\s\S]*guardrail "failures-per-call" is surely worse/);
    expect(texts.ru).toMatch(/отменён[\s\S]*ограничитель «failures-per-call» точно хуже/);
    const { experiments } = await app.gateway.call(ListRunningExperiments, {});
    expect(experiments).toEqual([]);
  });

  it('is that it only harms a little, which a guardrail puts up with', async () => {
    const experiment = await started({ guardrails: [{ ...failed, tolerance: 1 }] });
    const crowd = new Crowd(experiment);
    for (let day = 0; day < 4; day++)
      await crowd.day(100, { liked: () => 0.35, fails: (arm) => (arm === 'warm' ? 0.07 : 0.05) });
    await analyse();
    expect((await read(experiment.id)).state).toBe('running');
  });

  it('is left to staff where they want it so', async () => {
    const experiment = await started({ automaticRollback: false });
    const crowd = new Crowd(experiment);
    for (let day = 0; day < 5; day++)
      await crowd.day(100, { liked: () => 0.35, fails: (arm) => (arm === 'warm' ? 0.4 : 0.05) });
    await analyse();
    expect((await results(experiment.id)).advice.decision).toBe('harmful');
    expect((await read(experiment.id)).state).toBe('running');
    await until(() => notices(experiment.key).length === 1, { what: 'the notice' });
  });

  it('is hidden when people are not spread as planned', async () => {
    const experiment = await started();
    const crowd = new Crowd(experiment);
    // The exposures of every third person of one arm are lost.
    for (let day = 0; day < 3; day++)
      await crowd.day(400, { liked: () => 0.4, fails: () => 0.05, seen: (arm) => (arm === 'warm' ? 0.67 : 1) });
    await analyse();
    const { health, metrics, advice } = await results(experiment.id);
    expect(health.sampleRatio.broken).toBe(true);
    expect(health.byChannel).toEqual([expect.objectContaining({ channel: 'telegram', broken: true })]);
    expect(metrics).toEqual([]);
    expect(advice.decision).toBe('broken');
    expect(advice.text.en).toContain('not spread over the arms as planned');
    expect((await read(experiment.id)).state).toBe('running');
  });

  const weightsOf = async (id: string) => (await read(id)).arms.map(({ weight }) => weight);
  const isBest = (best: string): Deeds => ({ liked: (arm) => (arm === best ? 0.6 : 0.3), fails: () => 0.05 });

  it('of words that follow what works is that more people get it, and nobody who changed arms is left out', async () => {
    const experiment = await started({ kind: 'bandit' });
    const crowd = new Crowd(experiment);
    await crowd.day(400, isBest('warm'));
    await ask(app, 'UPDATE exposures SET in_two_arms = true WHERE user_id = (SELECT user_id FROM exposures LIMIT 1)');
    await runScheduled(app, 'reweigh-bandits');
    // What rounding leaves is the first's.
    expect(await weightsOf(experiment.id)).toEqual([101, 9899]);
    expect((await read(experiment.id)).revision).toBe(experiment.revision + 1);
    await analyse();
    const { health, advice } = await results(experiment.id);
    expect(health).toMatchObject({ broken: false, inTwoArms: { persons: 0 } });
    expect(advice.text.en).toBe('Keep running: each day more people get what works better (control 1.0 %, warm 99 %).');
    // What was true more than a week ago is forgotten, and what hardly anybody has met is tried again.
    app.clock.advance(8 * DAY_MS);
    for (let day = 0; day < 4; day++) {
      await crowd.dayByWeights(400, isBest('control'));
      await runScheduled(app, 'reweigh-bandits');
      // Until services surely know of it.
      app.clock.advance(EXPERIMENTS_STALE_MS);
    }
    const [control] = await weightsOf(experiment.id);
    expect(control).toBeGreaterThan(9000);
  });

  it('of words that follow what works is not what people did in the arm into which they came later', async () => {
    const experiment = await started({ kind: 'bandit' });
    const crowd = new Crowd(experiment);
    const people = await crowd.dayByWeights(400, isBest('warm'));
    await runScheduled(app, 'reweigh-bandits');
    // Now nearly all of them get the warm one, and like it.
    await crowd.dayByWeights(people, { liked: () => 1, fails: () => 0.05 });
    await runScheduled(app, 'reweigh-bandits');
    const [control] = await weightsOf(experiment.id);
    expect(control).toBeLessThan(200);
    await analyse();
    const [liked] = (await results(experiment.id)).metrics;
    expect(liked!.arms.find(({ key }) => key === 'control')!.mean).toBeLessThan(0.5);
  });

  it('of words that follow what works is nothing before anybody has come', async () => {
    const experiment = await started({ kind: 'bandit' });
    await runScheduled(app, 'reweigh-bandits');
    expect((await read(experiment.id)).revision).toBe(experiment.revision);
  });

  it.each([
    ['prices', { place: 'payments.price:pro' }],
    ['sums', { primary: cost, secondary: [] }],
    ['what comes days later', { primary: { ...liked, within: { fromHours: 24, toHours: 48 } } }],
  ])('never follows %s', async (_, rest) => {
    await expect(started({ kind: 'bandit', ...rest })).rejects.toMatchObject({
      problem: { code: 'analytics.bandit_unfit' },
    });
  });

  it('says of parts of the people whether they differ', async () => {
    const experiment = await started({ segments: ['channel', 'newcomer'] });
    await new Crowd(experiment).day(400, { liked: (arm) => (arm === 'warm' ? 0.6 : 0.3), fails: () => 0 });
    await analyse();
    const { segments } = await results(experiment.id);
    expect(segments).toEqual([
      {
        by: 'channel',
        arm: 'warm',
        parts: [expect.objectContaining({ value: 'telegram', persons: 400 })],
        interactionP: 1,
      },
      { by: 'newcomer', arm: 'warm', parts: [expect.objectContaining({ value: 'new' })], interactionP: 1 },
    ]);
  });
});

describe('who has met an experiment', () => {
  const rows = () =>
    ask<{ userId: string; arm: string; firstAt: Date; inTwoArms: boolean }>(
      app,
      `SELECT user_id AS "userId", arm, first_at AS "firstAt", in_two_arms AS "inTwoArms" FROM exposures ORDER BY first_at`,
    );
  const armFor = (key: string, userId: string) => app.gateway.call(ReadArm, { params: { key }, query: { userId } });
  const say = (experiment: Running, userId: string, arm: string, secondsAgo: number) => {
    const time = new Date(app.clock.now().getTime() - secondsAgo * 1000);
    return app.probe.say(exposure(experiment, userId, arm), {
      id: uuidv7({ msecs: time.getTime() }),
      time: time.toISOString(),
    });
  };

  it('is kept from the first time on, whatever comes in which order, and stays in that arm', async () => {
    const experiment = await started();
    app.clock.advance(3_600_000);
    const userId = uuidv7();
    await consents(app, userId);
    await until(async () => (await ask(app, 'SELECT FROM consents')).length === 1, { what: 'the consent' });
    await say(experiment, userId, 'warm', 60);
    await say(experiment, userId, 'warm', 300);
    await until(async () => (await rows())[0]?.firstAt.getTime() === app.clock.now().getTime() - 300_000, {
      what: 'the earlier one',
    });
    expect(await rows()).toMatchObject([{ userId, arm: 'warm', inTwoArms: false }]);
    expect(await armFor(experiment.key, userId)).toEqual({ arm: 'warm', value: '2', exposed: true });
    await say(experiment, userId, 'control', 10);
    await until(async () => (await rows())[0]?.inTwoArms, { what: 'the second arm' });
    expect(await armFor(experiment.key, userId)).toMatchObject({ arm: 'warm' });
  });

  it('is not kept without consent, nor after it was taken back, nor of somebody who was erased', async () => {
    const experiment = await started();
    const [silent, changing, erased] = [uuidv7(), uuidv7(), uuidv7()];
    await consents(app, changing, erased);
    await until(async () => (await ask(app, 'SELECT FROM consents')).length === 2, { what: 'the consents' });
    for (const userId of [silent, changing, erased]) await say(experiment, userId, 'warm', 0);
    await until(async () => (await rows()).length === 2, { what: 'two exposures' });
    await withdraws(app, changing);
    await until(async () => (await rows()).length === 1, { what: 'that one is forgotten' });
    await erasePerson(app, erased);
    expect(await rows()).toEqual([]);
    expect(await armFor(experiment.key, silent)).toMatchObject({ exposed: false });
  });

  it('is told the arm they would be put into, and of an experiment that is over the one that was decided', async () => {
    const experiment = await started();
    const userId = uuidv7();
    const arm = armOf({ ...experiment, salt: experiment.id }, userId)!.key;
    expect(await armFor(experiment.key, userId)).toMatchObject({ arm, exposed: false });
    await app.gateway.call(DecideExperiment, {
      params: { experimentId: experiment.id },
      ifMatch: `"${experiment.revision}"`,
      body: { decision: 'stopped', arm: 'control', why: 'Another idea' },
    });
    expect(await armFor(experiment.key, userId)).toMatchObject({ arm: 'control' });
    await expect(armFor('never-heard-of', userId)).rejects.toMatchObject({ status: 404 });
  });

  it('is forgotten when its events are', async () => {
    const { id } = await started();
    await ask(app, `INSERT INTO exposures VALUES ($1, $2, 'warm', '', now(), true, false)`, [id, uuidv7()]);
    await ask(app, `UPDATE experiments SET ended_at = $1::timestamptz - interval '14 months'`, [app.clock.now()]);
    await runScheduled(app, 'forget-old-exposures');
    expect(await rows()).toEqual([]);
  });
});
