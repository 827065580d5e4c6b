import { ModelFailure } from '../models/chat-model';
import { afterCall, type Effort } from './after-call';

const fresh: Effort = { retries: 0, waitedMs: 0, isShrunk: false };
const limited = (retryAfterMs: number) => new ModelFailure('rate_limited', '', { retryAfterMs });

describe('after a call of a model', () => {
  it.each([
    [20_000, fresh, 'retry'],
    [20_001, fresh, 'reply'],
    [11_000, { ...fresh, retries: 1, waitedMs: 20_000 }, 'reply'],
    [10_000, { ...fresh, retries: 1, waitedMs: 20_000 }, 'retry'],
    [10, { ...fresh, retries: 2 }, 'reply'],
  ])('asked to wait %d ms with %j: %s', (ms, effort, then) => {
    expect(afterCall(limited(ms), effort, 'en').then).toBe(then);
  });

  it('without a word about when, it waits longer each time', () => {
    const broken = new ModelFailure('unavailable', '');
    const waits = [0, 1].map((retries) => afterCall(broken, { ...fresh, retries }, 'en'));
    expect(waits).toMatchObject([{ inMs: 500 }, { inMs: 1000 }]);
  });

  it('what a person has read is never taken back by another try', () => {
    const step = afterCall(new ModelFailure('unavailable', 'Once upon', { retryAfterMs: 1 }), fresh, 'en');
    expect(step).toMatchObject({ then: 'reply', outcome: 'cut_off' });
  });
});
