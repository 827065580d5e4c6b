import { Module } from '@nestjs/common';
import { ExposureRecorded } from '@switchboard/contracts';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startApp, type TestApp, until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { armOf, bucketOf, type Experiment, Experiments } from './experiments';
import { defineApp } from './define-app';

const anExperiment = (rest: Partial<Experiment> = {}): Experiment => {
  const id = uuidv7();
  return {
    id,
    key: 'lumen-greeting',
    place: 'shop.greeting',
    salt: id,
    arms: [
      { key: 'control', weight: 5000, value: 'Hello' },
      { key: 'warm', weight: 5000, value: 'Hello, dear' },
    ],
    coverage: 10_000,
    namespace: null,
    ...rest,
  };
};

const people = (count: number, from = 0) => Array.from({ length: count }, (_, i) => `person-${from + i}`);

describe('a bucket', () => {
  it.each([
    ['seed', 'a', 505],
    ['seed', 'b', 2696],
    ['foo', 'ab', 2575],
    ['foo', 'def', 2019],
    ['89123klj', '8952klfjas09ujkasdf', 1240],
    ['90850943850283058242805', '123', 7516],
    ['()**(%$##$%#$#', '___)((*":&', 128],
  ])("is that of GrowthBook's SDKs: %s, %s", (salt, unit, bucket) => {
    // Source: growthbook/growthbook, packages/sdk-js/test/cases.json, hash version 2
    expect(bucketOf(salt, unit)).toBe(bucket);
  });

  it('is as likely as any other, over a million ids', () => {
    const counts = new Float64Array(10_000);
    const unit = '01930b6e-7c1a-7000-8000-';
    for (let i = 0; i < 1_000_000; i++) counts[bucketOf('an experiment', unit + i)]!++;
    let chiSquare = 0;
    for (const count of counts) chiSquare += (count - 100) ** 2 / 100;
    // χ² of 9999 degrees of freedom is 9999 ± 141; six deviations are no chance.
    expect(Math.abs(chiSquare - 9999) / Math.sqrt(2 * 9999)).toBeLessThan(6);
  });

  it('under one salt says nothing of the bucket under another', () => {
    const salts = Array.from({ length: 50 }, (_, i) => `experiment ${i}`);
    const units = people(4000);
    const halves = salts.map((salt) => Int8Array.from(units, (unit) => (bucketOf(salt, unit) < 5000 ? 1 : -1)));
    let [worst, squares, pairs] = [0, 0, 0];
    for (let a = 0; a < halves.length; a++) {
      for (let b = a + 1; b < halves.length; b++) {
        let together = 0;
        for (let i = 0; i < units.length; i++) together += halves[a]![i]! * halves[b]![i]!;
        // Of independent halves it is normal.
        const z = together / Math.sqrt(units.length);
        worst = Math.max(worst, Math.abs(z));
        squares += z * z;
        pairs++;
      }
    }
    // The largest of 1225 is below 4.5 in all but one of a hundred times; their squares are 1 on average.
    expect(worst).toBeLessThan(4.5);
    expect(squares / pairs).toBeGreaterThan(0.8);
    expect(squares / pairs).toBeLessThan(1.2);
  });
});

describe('an arm', () => {
  const shares = (experiment: Experiment, units = people(20_000)) => {
    const counts: Record<string, number> = {};
    for (const unit of units) {
      const key = armOf(experiment, unit)?.key ?? 'none';
      counts[key] = (counts[key] ?? 0) + 1 / units.length;
    }
    return counts;
  };

  it('has its part of the people', () => {
    const arms = [
      { key: 'control', weight: 7000, value: '' },
      { key: 'one', weight: 2000, value: '' },
      { key: 'two', weight: 1000, value: '' },
      { key: 'closed', weight: 0, value: '' },
    ];
    const counted = shares(anExperiment({ arms }));
    expect(counted['control']).toBeCloseTo(0.7, 1);
    expect(counted['one']).toBeCloseTo(0.2, 1);
    expect(counted['two']).toBeCloseTo(0.1, 1);
    expect(Object.keys(counted)).not.toContain('closed');
    expect(Object.keys(counted)).not.toContain('none');
  });

  it('keeps its people when more take part', () => {
    const experiment = anExperiment();
    const met = new Map<string, string>();
    for (const coverage of [500, 2000, 5000, 10_000]) {
      for (const unit of people(3000)) {
        const arm = armOf({ ...experiment, coverage }, unit)?.key;
        const before = met.get(unit);
        if (before) expect(arm).toBe(before);
        if (arm) met.set(unit, arm);
      }
      expect(met.size / 3000).toBeCloseTo(coverage / 10_000, 1);
    }
  });

  it('shares nobody with an experiment that has another part of the same namespace', () => {
    const namespace = (from: number, to: number) => ({ namespace: { name: 'prices', from, to } });
    const [first, second] = [anExperiment(namespace(0, 6000)), anExperiment(namespace(6000, 10_000))];
    const inBoth = people(5000).filter((unit) => armOf(first, unit) && armOf(second, unit));
    const inNone = people(5000).filter((unit) => !armOf(first, unit) && !armOf(second, unit));
    expect([inBoth, inNone]).toEqual([[], []]);
    expect(1 - shares(first)['none']!).toBeCloseTo(0.6, 1);
  });
});

@Module({})
class AskingModule {}

const askingApp = defineApp({
  name: 'pets-game',
  module: AskingModule,
  config: z.object({}),
  entities: [],
  migrations: [],
  port: 0,
});

describe('a service that asks', () => {
  /** Analytics as far as it is asked; without an answer it is away. */
  let answer: Experiment[] | undefined;
  let asked = 0;
  /** Of the next question alone. */
  let holdUp: (() => Promise<void>) | undefined;
  const analytics = createServer((_request, response) => {
    asked++;
    if (!answer) return void response.destroy();
    const body = JSON.stringify({ experiments: answer });
    const end = () => void response.setHeader('content-type', 'application/json').end(body);
    const wait = holdUp;
    holdUp = undefined;
    if (wait) void wait().then(end);
    else end();
  });
  let app: TestApp;
  const start = (options: Parameters<typeof startApp>[1] = {}) => {
    const { port } = analytics.address() as AddressInfo;
    return startApp(askingApp, { ...options, directory: new Map([['analytics', `http://127.0.0.1:${port}`]]) });
  };
  const assign = (place: string, userId: string, { service }: TestApp = app) =>
    service.nest.get(Experiments, { strict: false }).assign(place, userId, { channel: 'telegram' });

  beforeAll(async () => {
    await new Promise<void>((done) => analytics.listen(0, '127.0.0.1', done));
    app = await start();
  });
  afterAll(async () => {
    await app.stop();
    analytics.close().closeAllConnections();
  });

  it('puts people into arms by itself, and says what is to be told of it', async () => {
    const experiment = anExperiment();
    answer = [experiment];
    const userId = uuidv7();
    const assigned = await assign('shop.greeting', userId);
    const arm = armOf(experiment, userId)!;
    expect(assigned).toMatchObject({ arm: arm.key, value: arm.value });
    expect(ExposureRecorded(assigned!.exposure).data).toEqual({
      experimentId: experiment.id,
      experiment: 'lumen-greeting',
      arm: arm.key,
      userId,
      reason: 'assigned',
      channel: 'telegram',
    });
    expect(await assign('shop.farewell', userId)).toBeUndefined();
  });

  it('asks once in half a minute, for all people and places', async () => {
    app.clock.advance(30_000);
    const before = asked;
    for (let i = 0; i < 20; i++) await assign('shop.greeting', uuidv7());
    await until(() => asked === before + 1, { what: 'a question in the background' });
    app.clock.advance(29_000);
    await assign('shop.greeting', uuidv7());
    expect(asked).toBe(before + 1);
  });

  it('goes on with the last that it knows while analytics is away, also after a restart', async () => {
    const userId = uuidv7();
    const before = await assign('shop.greeting', userId);
    answer = undefined;
    app.clock.advance(3_600_000);
    expect(await assign('shop.greeting', userId)).toEqual(before);
    const again = await start({ database: app.database, clock: app.clock });
    expect(await assign('shop.greeting', userId, again)).toEqual(before);
    await again.stop({ keepDatabase: true });
  });

  it('asks again when the clock has gone back', async () => {
    app.clock.advance(3_600_000);
    await assign('shop.greeting', uuidv7());
    const before = asked;
    app.clock.advance(-3_600_000);
    await assign('shop.greeting', uuidv7());
    expect(asked).toBeGreaterThan(before);
  });

  it('no longer does what was decided', async () => {
    answer = [];
    app.clock.advance(3_600_000);
    expect(await assign('shop.greeting', uuidv7())).toBeUndefined();
  });

  it('keeps what it was told last, also when an earlier answer comes later', async () => {
    const ended = anExperiment();
    answer = [ended];
    app.clock.advance(3_600_000);
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    holdUp = () => held;
    const slow = assign('shop.greeting', uuidv7());
    await until(() => asked > 0 && holdUp === undefined, { what: 'the question that is answered late' });
    app.clock.advance(1000);
    answer = [];
    const other = await start({ database: app.database, clock: app.clock });
    await assign('shop.greeting', uuidv7(), other);
    await other.stop({ keepDatabase: true });
    release();
    await slow;
    answer = undefined;
    const again = await start({ database: app.database, clock: app.clock });
    expect(await assign('shop.greeting', uuidv7(), again)).toBeUndefined();
    await again.stop({ keepDatabase: true });
  });

  it('that was never told anything lets everybody have the same', async () => {
    answer = undefined;
    const fresh = await start();
    expect(await assign('shop.greeting', uuidv7(), fresh)).toBeUndefined();
    await fresh.stop();
  });
});
