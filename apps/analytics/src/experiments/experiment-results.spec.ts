import type { ExperimentPlan } from './experiment.entity';
import type { ArmMoments, ExperimentData } from './experiment-data';
import { resultsOf } from './experiment-results';

const START = new Date('2026-11-02T00:00:00Z');
const days = (count: number) => new Date(START.getTime() + count * 86_400_000);

const metric = (key: string, rest: Partial<NonNullable<ExperimentPlan['primary']>> = {}) => ({
  key,
  measure: { event: 'payments.order.paid', aggregate: 'any' as const },
  goal: 'up' as const,
  winsorise: null,
  ...rest,
});

const plan = (rest: Partial<ExperimentPlan> = {}): ExperimentPlan => ({
  kind: 'comparison',
  arms: [
    { key: 'control', weight: 5000, value: '' },
    { key: 'new', weight: 5000, value: '' },
  ],
  coverage: 10_000,
  namespace: null,
  automaticRollback: true,
  hypothesis: 'A plainer page sells more.',
  primary: metric('paid'),
  secondary: [],
  guardrails: [],
  minimalEffect: 0.1,
  plannedPersons: 2000,
  days: 14,
  alpha: 0.05,
  power: 0.8,
  segments: [],
  ...rest,
});

/** A share of people who did something. */
const share = (arm: string, n: number, successes: number): ArmMoments => {
  const p = successes / n;
  return { arm, n, raw: p, value: { mean: p, variance: (p * (1 - p) * n) / (n - 1) } };
};
const amount = (arm: string, n: number, mean: number, variance: number): ArmMoments => ({
  arm,
  n,
  raw: mean,
  value: { mean, variance },
});

const data = (metrics: Record<string, ArmMoments[]>, rest: Partial<ExperimentData> = {}): ExperimentData => {
  const [first] = Object.values(metrics);
  return {
    persons: new Map((first ?? []).map(({ arm, n }) => [arm, n])),
    inTwoArms: 0,
    byDay: [],
    byChannel: [],
    metrics: new Map(Object.entries(metrics)),
    segments: [],
    ...rest,
  };
};

const shown = (chosen: ExperimentPlan, seen: ExperimentData, now = days(14)) =>
  resultsOf({ id: '0192', plan: chosen, plannedEnd: days(14) }, seen, now);

describe('the advice', () => {
  it('is to ship what is surely better at the planned end, and not before', () => {
    const seen = data({ paid: [share('control', 1000, 300), share('new', 1000, 400)] });
    expect(shown(plan(), seen).advice).toMatchObject({ decision: 'ship', arm: 'new' });
    // By hand: a standard error of √(0.21 · 0.16 / 8.1 + 0.24 / 90) = 0.0826, and 3.035 of them at 2000 of 2000 people.
    const early = shown(plan(), seen, days(9)).advice;
    expect(early.decision).toBe('keep_running');
    expect(early.text.en).toBe(
      'Keep running: "new" is surely better already, +33 % (from +8.3 % to +58 %); wait until whole weeks have passed (5 days and 2000 / 2000 people).',
    );
  });

  it('is to keep what is simpler where no effect is as large as the smallest that was looked for', () => {
    const seen = data({ paid: [share('control', 20_000, 10_000), share('new', 20_000, 10_050)] });
    expect(shown(plan(), seen).advice).toMatchObject({ decision: 'no_effect', arm: 'control' });
  });

  it('is that nothing is clear where the effect may still be that large', () => {
    const seen = data({ paid: [share('control', 1000, 300), share('new', 1000, 315)] });
    expect(shown(plan(), seen).advice).toMatchObject({ decision: 'inconclusive', arm: null });
  });

  it('is to go on while fewer people have come than planned', () => {
    const seen = data({ paid: [share('control', 500, 150), share('new', 500, 160)] });
    expect(shown(plan(), seen, days(20)).advice.decision).toBe('keep_running');
  });

  it('is to take back what is surely worse, on whichever day', () => {
    const seen = data({ paid: [share('control', 1000, 400), share('new', 1000, 280)] });
    const { advice } = shown(plan(), seen, days(3));
    expect(advice).toMatchObject({ decision: 'harmful', arm: 'control' });
    expect(advice.text.ru).toBe(
      'Вредит: с вариантом «new» главный показатель «paid» точно хуже, −30 % (от −44 % до −16 %). Верните как было.',
    );
  });

  const three = [
    { key: 'control', weight: 3400, value: '' },
    { key: 'new', weight: 3300, value: '' },
    { key: 'newer', weight: 3300, value: '' },
  ];
  const oneIsWorse = () =>
    data({ paid: [share('control', 1000, 400), share('new', 980, 260), share('newer', 990, 400)] });

  it('is to go on where one of several arms is surely worse, and says which', () => {
    const { advice } = shown(plan({ arms: three }), oneIsWorse(), days(3));
    expect(advice.decision).toBe('keep_running');
    expect(advice.text.en).toMatch(/^Keep running: "new" is surely worse, −.*start anew without this arm\.$/);
    const all = data({ paid: [share('control', 1000, 400), share('new', 980, 260), share('newer', 990, 260)] });
    expect(shown(plan({ arms: three }), all, days(3)).advice.decision).toBe('harmful');
  });

  it('is to let a bandit find out what works worse', () => {
    const seen = data({ paid: [share('control', 1000, 400), share('new', 1000, 260)] });
    expect(shown(plan({ kind: 'bandit' }), seen, days(3)).advice.decision).toBe('keep_running');
  });

  it('is to take back what harms a guardrail, however much better the rest is', () => {
    const slow = {
      ...metric('waiting', { goal: 'down', measure: { event: 'x.y.z', aggregate: 'sum', field: 'ms' } }),
      tolerance: 0.02,
    };
    const seen = data({
      paid: [share('control', 1000, 300), share('new', 1000, 420)],
      waiting: [amount('control', 1000, 100, 400), amount('new', 1000, 110, 400)],
    });
    expect(shown(plan({ guardrails: [slow] }), seen).advice.decision).toBe('harmful');
    // Ten of a hundred are put up with.
    expect(shown(plan({ guardrails: [{ ...slow, tolerance: 0.1 }] }), seen).advice.decision).toBe('ship');
  });

  it('takes the best of several arms, each held to its part of the error', () => {
    const third = 10_000 / 4;
    const arms = ['control', 'a', 'b', 'c'].map((key) => ({ key, weight: third, value: '' }));
    const seen = data({
      paid: [share('control', 1000, 300), share('a', 1000, 343), share('b', 1000, 400), share('c', 1000, 420)],
    });
    const { advice, metrics } = shown(plan({ arms }), seen);
    expect(advice).toMatchObject({ decision: 'ship', arm: 'c' });
    // p = 0.04 is none of three.
    const [a] = metrics[0]!.comparisons;
    expect(a!.fixed!.p).toBeLessThan(0.05);
    expect(a!.fixed!.low).toBeLessThan(0);
  });
});

describe('what is shown', () => {
  it('is nothing of an arm with fewer than fifty people', () => {
    const seen = data({ paid: [share('control', 60, 10), share('new', 49, 40)] });
    expect(shown(plan(), seen).metrics[0]!.comparisons).toEqual([]);
  });

  it('is adjusted for the number of secondary metrics, and only for that', () => {
    const secondary = ['one', 'two', 'three', 'four'].map((key) => metric(key));
    const better = [share('control', 1000, 300), share('new', 1000, 342)];
    const same = [share('control', 1000, 300), share('new', 1000, 301)];
    const seen = data({ paid: better, one: better, two: same, three: same, four: same });
    const fixed = shown(plan({ secondary }), seen).metrics.map(({ comparisons }) => comparisons[0]!.fixed!);
    expect(fixed[0]!.adjustedP).toBe(fixed[0]!.p);
    expect(fixed[1]!.p).toBeLessThan(0.05);
    expect(fixed[1]!.adjustedP).toBeCloseTo(4 * fixed[1]!.p, 12);
  });

  it('is tested exactly where few are expected', () => {
    const seen = data({ paid: [share('control', 1000, 1), share('new', 1000, 7)] });
    expect(shown(plan({ minimalEffect: 1 }), seen).metrics[0]!.comparisons[0]!.fixed).toMatchObject({ exact: true });
  });

  it('has no share of the control where the control does next to nothing', () => {
    const spent = metric('spent', { measure: { event: 'x.y.z', aggregate: 'sum', field: 'amount' } });
    const seen = data({ spent: [amount('control', 1000, 0.01, 4), amount('new', 1000, 0.2, 4)] });
    const [comparison] = shown(plan({ primary: spent }), seen).metrics[0]!.comparisons;
    expect(comparison).toMatchObject({ lift: null, liftInterval: null, belief: null });
    expect(comparison!.difference).toBeCloseTo(0.19, 12);
  });

  it('is less uncertain for what people did before', () => {
    const spent = metric('spent', { measure: { event: 'x.y.z', aggregate: 'sum', field: 'amount' } });
    const before = (mean: number) => ({
      means: [mean, 0.5] as [number, number],
      covariances: [
        [100, 80, 0],
        [80, 100, 0],
        [0, 0, 0.25],
      ],
    });
    const arms = [amount('control', 1000, 50, 100), amount('new', 1000, 51, 100)];
    const plain = shown(plan({ primary: spent }), data({ spent: arms })).metrics[0]!;
    const adjusted = shown(
      plan({ primary: spent }),
      data({ spent: arms.map((arm) => ({ ...arm, before: before(40) })) }),
    ).metrics[0]!;
    expect(plain.varianceRatio).toBeNull();
    // θ = 0.8: 100 − 2 · 0.8 · 80 + 0.64 · 100
    expect(adjusted.varianceRatio).toBeCloseTo(0.36, 12);
    const width = ({ comparisons: [one] }: typeof plain) => one!.interval.high - one!.interval.low;
    expect(width(adjusted) / width(plain)).toBeCloseTo(0.6, 12);
    expect(adjusted.comparisons[0]!.difference).toBeCloseTo(1, 12);
  });
});

describe('whether it can be believed', () => {
  const even = { paid: [share('control', 1000, 300), share('new', 1000, 300)] };

  it('is not when people are spread otherwise than planned', () => {
    const seen = data({ paid: [share('control', 1000, 300), share('new', 1200, 300)] });
    const { health, metrics, advice } = shown(plan(), seen);
    expect(health).toMatchObject({ broken: true, sampleRatio: { broken: true } });
    expect([metrics, advice.decision]).toEqual([[], 'broken']);
  });

  it('counts an arm that is closed for nothing', () => {
    const arms = [...plan().arms, { key: 'closed', weight: 0, value: '' }];
    const seen = data({ paid: [share('control', 1000, 300), share('new', 1010, 300), share('closed', 300, 90)] });
    expect(shown(plan({ arms }), seen).health.sampleRatio).toMatchObject({
      broken: false,
      p: expect.closeTo(0.8235, 3) as number,
    });
  });

  it('waits for a hundred people', () => {
    const seen = data({ paid: [share('control', 70, 10), share('new', 20, 10)] });
    expect(shown(plan(), seen).health.broken).toBe(false);
  });

  it('is not when more than one in a hundred was seen in two arms', () => {
    expect(shown(plan(), data(even, { inTwoArms: 20 })).health.broken).toBe(false);
    const { health, advice } = shown(plan(), data(even, { inTwoArms: 21 }));
    expect(health).toMatchObject({ broken: true, sampleRatio: { broken: false } });
    expect(advice.text.en).toContain('seen in two arms');
  });

  it('names days and channels that do not fit, less strictly the more there are', () => {
    const day = (name: string, control: number, other: number) => ({
      name,
      persons: new Map([
        ['control', control],
        ['new', other],
      ]),
    });
    const byDay = [day('2026-11-02', 100, 100), day('2026-11-03', 200, 100), day('2026-11-04', 100, 150)];
    // 100 : 150 has p = 0.0016
    const { health } = shown(plan(), data(even, { byDay }));
    expect(health.byDay.map((one) => one.day)).toEqual(['2026-11-03']);
    expect(health.broken).toBe(false);
  });

  it('names metrics by which the arms differed already before', () => {
    const spent = metric('spent', { measure: { event: 'x.y.z', aggregate: 'sum', field: 'amount' } });
    const before = (mean: number) => ({
      means: [mean, 0] as [number, number],
      covariances: [
        [100, 50, 0],
        [50, 100, 0],
        [0, 0, 0],
      ],
    });
    const seen = data({
      spent: [
        { ...amount('control', 1000, 50, 100), before: before(40) },
        { ...amount('new', 1000, 50, 100), before: before(42) },
      ],
    });
    expect(shown(plan({ primary: spent }), seen).health.imbalance).toEqual(['spent']);
  });
});
