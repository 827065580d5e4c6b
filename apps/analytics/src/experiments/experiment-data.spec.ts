import { startApp, type TestApp } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { ask, aUsage, eventAt } from '../../test/build';
import { random } from '../../test/false-alarms';
import { analyticsApp } from '../analytics.app';
import { EventsService } from '../events/events.service';
import { mean, quantile, variance } from '../stats/samples';
import { Experiment, type Metric } from './experiment.entity';
import { ExperimentDataService } from './experiment-data.service';

const HOUR_MS = 3_600_000;
const START = new Date('2026-10-20T00:00:00Z');
/** Everything within the week that events may be late by. */
const NOW = new Date(START.getTime() + 5 * 24 * HOUR_MS);

let app: TestApp;
beforeAll(async () => {
  app = await startApp(analyticsApp);
  app.clock.set(NOW);
});
afterAll(() => app.stop());

interface Act {
  readonly hoursAfter: number;
  readonly costMicros: number;
  readonly failed: boolean;
}

interface Person {
  readonly userId: string;
  readonly arm: string;
  readonly firstAt: Date;
  readonly newcomer: boolean;
  readonly inTwoArms: boolean;
  readonly acts: readonly Act[];
}

/** Some do nothing, some a lot, some did before; what is done at the very moment counts as after. */
function somePeople(count: number): Person[] {
  const next = random(99);
  return Array.from({ length: count }, (_, i) => ({
    userId: uuidv7(),
    arm: i % 3 === 0 ? 'warm' : 'control',
    firstAt: new Date(START.getTime() + next() * 48 * HOUR_MS),
    newcomer: next() < 0.4,
    inTwoArms: next() < 0.1,
    acts: Array.from({ length: Math.floor(next() * 6) }, () => ({
      hoursAfter: next() < 0.1 ? -1 / 3600 : -40 + next() * 100,
      costMicros: Math.floor(next() ** 4 * 100_000),
      failed: next() < 0.2,
    })),
  }));
}

const usage = { event: 'chat-ai.usage.recorded' } as const;
const cost: Metric = {
  key: 'cost',
  measure: { ...usage, aggregate: 'sum', field: 'costMicros' },
  goal: 'down',
  winsorise: 0.9,
};
const failures: Metric = {
  key: 'failures',
  measure: { ...usage, aggregate: 'count', where: { outcome: ['timed_out'] } },
  per: { ...usage, aggregate: 'count' },
  goal: 'down',
  winsorise: null,
};
const cameBack: Metric = {
  key: 'came-back',
  measure: { ...usage, aggregate: 'any' },
  within: { fromHours: 24, toHours: 48 },
  goal: 'up',
  winsorise: null,
};

const covariance = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, x, i) => sum + (x - mean(a)) * (b[i]! - mean(b)), 0) / (a.length - 1);

describe('what the database adds up of an experiment', () => {
  const people = somePeople(120);
  const counted = people.filter(({ inTwoArms }) => !inTwoArms);
  const inArm = (arm: string) => counted.filter((person) => person.arm === arm);
  const experiment = Object.assign(new Experiment(), {
    id: uuidv7(),
    startedAt: START,
    endedAt: null,
    plan: { primary: cost, secondary: [failures], guardrails: [cameBack], segments: ['newcomer'], arms: [] },
  });
  const read = () =>
    app.service.nest.get(ExperimentDataService, { strict: false }).read(app.service.db.manager, experiment, NOW);

  beforeAll(async () => {
    await ask(
      app,
      `INSERT INTO consents (user_id, given, version, source, decided_at) SELECT id, true, '1', 'bot', $2 FROM unnest($1::uuid[]) id`,
      [people.map(({ userId }) => userId), START],
    );
    const events = people.flatMap(({ userId, firstAt, acts }) =>
      acts
        .map(({ hoursAfter, costMicros, failed }) => ({
          at: new Date(firstAt.getTime() + hoursAfter * HOUR_MS),
          usage: aUsage({ userId, costMicros, outcome: failed ? 'timed_out' : 'answered' }),
        }))
        .filter(({ at }) => at < NOW)
        .map(({ at, usage: draft }) => eventAt(at, draft)),
    );
    await app.service.db.transaction((tx) =>
      app.service.nest.get(EventsService, { strict: false }).receive(tx, events),
    );
    await ask(
      app,
      `INSERT INTO experiments (id, key, place, plan, state, created_at, revision) VALUES ($1, 'x-1', 'x.y', '{}', 'running', $2, 1)`,
      [experiment.id, START],
    );
    for (const { userId, arm, firstAt, newcomer, inTwoArms } of people)
      await ask(app, `INSERT INTO exposures VALUES ($1, $2, $3, 'telegram', $4, $5, $6)`, [
        experiment.id,
        userId,
        arm,
        firstAt,
        newcomer,
        inTwoArms,
      ]);
  });

  const sum = (acts: readonly Act[]) => acts.reduce((total, { costMicros }) => total + costMicros, 0);
  const after = ({ acts, firstAt }: Person) =>
    acts.filter(
      ({ hoursAfter }) => hoursAfter >= -10 / 3600 && firstAt.getTime() + hoursAfter * HOUR_MS < NOW.getTime(),
    );
  const before = ({ acts }: Person) => acts.filter(({ hoursAfter }) => hoursAfter < -10 / 3600);

  it.each(['control', 'warm'])('is, of a sum, what adding it up person by person gives: %s', async (arm) => {
    const caps = [after, before].map((when) =>
      quantile(
        counted.map((person) => sum(when(person))),
        0.9,
      ),
    );
    const raw = inArm(arm).map((person) => sum(after(person)));
    const [y, x] = [after, before].map((when, i) => inArm(arm).map((person) => Math.min(caps[i]!, sum(when(person)))));
    const isNew = inArm(arm).map(({ newcomer }) => (newcomer ? 1 : 0));
    const moments = (await read()).metrics.get('cost')!.find((one) => one.arm === arm)!;
    const close = (value: number) => expect.closeTo(value, 3) as number;
    expect(moments).toMatchObject({
      n: raw.length,
      raw: close(mean(raw)),
      value: { mean: close(mean(y!)), variance: close(variance(y!)) },
      before: {
        means: [close(mean(x!)), close(mean(isNew))],
        covariances: [y!, x!, isNew].map((a) => [y!, x!, isNew].map((b) => close(covariance(a, b)))),
      },
    });
  });

  it('is, of a ratio, both of its parts and how they go together', async () => {
    const failed = inArm('control').map((person) => after(person).filter((act) => act.failed).length);
    const all = inArm('control').map((person) => after(person).length);
    const moments = (await read()).metrics.get('failures')!.find(({ arm }) => arm === 'control')!;
    expect(moments.value.mean).toBeCloseTo(mean(failed), 9);
    expect(moments.per!.mean).toBeCloseTo(mean(all), 9);
    expect(moments.per!.covariance).toBeCloseTo(covariance(failed, all), 9);
    expect(moments.before).toBeUndefined();
  });

  it('is, of what is done within hours, of those for whom they are over', async () => {
    const old = inArm('control').filter(({ firstAt }) => firstAt.getTime() + 48 * HOUR_MS <= NOW.getTime());
    const back = old.filter(({ acts }) => acts.some(({ hoursAfter }) => hoursAfter >= 24 && hoursAfter < 48));
    const moments = (await read()).metrics.get('came-back')!.find(({ arm }) => arm === 'control')!;
    expect(moments.n).toBe(old.length);
    expect(moments.value.mean).toBeCloseTo(back.length / old.length, 12);
  });

  it('leaves out whoever was seen in two arms, and counts them', async () => {
    const { persons, inTwoArms, byDay, segments } = await read();
    expect(persons).toEqual(new Map(['control', 'warm'].map((arm) => [arm, inArm(arm).length])));
    expect(inTwoArms).toBe(people.length - counted.length);
    expect(byDay.flatMap((day) => [...day.persons.values()]).reduce((a, b) => a + b)).toBe(counted.length);
    expect(segments[0]!.moments.map(({ segment, arm }) => `${segment} ${arm}`).sort()).toEqual([
      'known control',
      'known warm',
      'new control',
      'new warm',
    ]);
  });
});

describe('of a bandit whose weights changed', () => {
  it('those who came before services surely knew of it are left out', async () => {
    const changed = new Date(START.getTime() + 24 * HOUR_MS);
    const bandit = Object.assign(new Experiment(), {
      id: uuidv7(),
      startedAt: START,
      endedAt: null,
      plan: { kind: 'bandit', primary: cameBack, secondary: [], guardrails: [], segments: [], arms: [{ key: 'warm' }] },
    });
    await ask(
      app,
      `INSERT INTO experiments (id, key, place, plan, state, created_at, revision) VALUES ($1, 'x-2', 'x.z', '{}', 'decided', $2, 1)`,
      [bandit.id, START],
    );
    await ask(app, 'INSERT INTO experiment_weights VALUES ($1, $2, ARRAY[10000])', [bandit.id, changed]);
    for (const seconds of [-1, 0, 119, 120])
      await ask(app, `INSERT INTO exposures VALUES ($1, $2, 'warm', 'telegram', $3, true, false)`, [
        ...[bandit.id, uuidv7(), new Date(changed.getTime() + seconds * 1000)],
      ]);
    const { persons, metrics } = await app.service.nest
      .get(ExperimentDataService, { strict: false })
      .read(app.service.db.manager, bandit, NOW);
    expect(persons).toEqual(new Map([['warm', 2]]));
    expect(metrics.get('came-back')).toMatchObject([{ arm: 'warm', n: 2 }]);
  });
});
