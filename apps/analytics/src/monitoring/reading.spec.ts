import { Reading } from './reading';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

it('a reading that never ends holds no scrape up', async () => {
  const got = new Reading(() => new Promise<number>(() => undefined)).get();
  await jest.advanceTimersByTimeAsync(5000);
  // Whoever waits for it has it.
  expect(await Promise.race([got, 'waits'])).toBeUndefined();
});

it('what was read before counts while the next reading takes long', async () => {
  let last = Promise.resolve(1);
  const reading = new Reading(() => last);
  expect(await reading.get()).toBe(1);
  last = new Promise(() => undefined);
  await jest.advanceTimersByTimeAsync(60_000);
  const got = reading.get();
  await jest.advanceTimersByTimeAsync(5000);
  expect(await Promise.race([got, 'waits'])).toBe(1);
});

it('what cannot be read is not asked for by each scrape, and after a minute again', async () => {
  let reads = 0;
  const reading = new Reading(() => {
    reads++;
    return Promise.reject(new Error('away'));
  }, 300_000);
  for (const pause of [0, 30_000]) {
    await jest.advanceTimersByTimeAsync(pause);
    expect(await reading.get()).toBeUndefined();
  }
  expect(reads).toBe(1);
  await jest.advanceTimersByTimeAsync(31_000);
  await reading.get();
  expect(reads).toBe(2);
});
