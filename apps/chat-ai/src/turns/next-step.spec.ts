import { type ModelAnswer, ModelFailure } from '../models/chat-model';
import { decideNextStep, FIRST_TRY, type RetryState } from './next-step';

const alone = { locale: 'en', models: 1, isAboutPictures: false, sentTokens: 6000, mayCall: false, before: '' };
const limited = (retryAfterMs: number) => new ModelFailure('rate_limited', '', { retryAfterMs });
const answer = (text: string, end: ModelAnswer['end']): ModelAnswer => ({
  text,
  end,
  usage: undefined,
  reasoningTokens: 0,
});
const then = (result: ModelAnswer | ModelFailure, state: Partial<RetryState> = {}, options = alone) =>
  decideNextStep(result, { ...FIRST_TRY, ...state }, options);

describe('after a call of a model', () => {
  it.each([
    [20_000, {}, 'retry'],
    [20_001, {}, 'reply'],
    [11_000, { retries: 1, waitedMs: 20_000 }, 'reply'],
    [10_000, { retries: 1, waitedMs: 20_000 }, 'retry'],
    [10, { retries: 2 }, 'reply'],
  ])('asked to wait %d ms with %j: %s', (ms, state, expected) => {
    expect(then(limited(ms), state).then).toBe(expected);
  });

  it('without a word about when, it waits longer each time', () => {
    const broken = new ModelFailure('unavailable', '');
    const waits = [0, 1].map((retries) => then(broken, { retries }));
    expect(waits).toMatchObject([{ inMs: 500 }, { inMs: 1000 }]);
  });

  it('what a person has read is never taken back by another try, or by another model', () => {
    const broken = new ModelFailure('unavailable', 'Once upon', { retryAfterMs: 1 });
    expect(then(broken, {}, { ...alone, models: 2 })).toMatchObject({ then: 'reply', outcome: 'cut_off' });
  });

  it.each(['rate_limited', 'unavailable', 'timed_out', 'rejected'] as const)(
    'when the first model is %s the second one is asked at once, and only it is waited for',
    (kind) => {
      const failure = new ModelFailure(kind, '', { retryAfterMs: 5000 });
      const both = { ...alone, models: 2 };
      expect(then(failure, {}, both)).toMatchObject({ then: 'retry', inMs: 0, state: { model: 1 } });
      const last = then(failure, { model: 1 }, both);
      expect(last.then).toBe(kind === 'rate_limited' || kind === 'unavailable' ? 'retry' : 'reply');
    },
  );

  it('a model that refuses pictures is asked without them, once; a picture that is asked about and refused ends it', () => {
    const about = { ...alone, isAboutPictures: true };
    const [blind, bad] = [new ModelFailure('no_vision', ''), new ModelFailure('bad_picture', '')];
    expect(then(blind)).toMatchObject({ then: 'retry', inMs: 0, outcome: 'unreadable', state: { isBlind: true } });
    expect(then(bad)).toMatchObject({ then: 'retry', state: { isBlind: true } });
    expect(then(blind, { isBlind: true })).toMatchObject({ then: 'reply', outcome: 'model_unavailable' });
    expect(then(bad, {}, about)).toMatchObject({ then: 'reply', outcome: 'unreadable' });
    const next = then(blind, { isBlind: true }, { ...about, models: 2 });
    expect(next).toMatchObject({ then: 'retry', state: { model: 1, isBlind: false } });
  });

  it('of a request too long half is sent, once; then another model is asked with all of it', () => {
    const tooLong = new ModelFailure('context_too_long', '');
    expect(then(tooLong)).toMatchObject({ then: 'retry', inMs: 0, state: { contextTokens: 3000 } });
    expect(then(tooLong, {}, { ...alone, sentTokens: 60 })).toMatchObject({ state: { contextTokens: 1000 } });
    expect(then(tooLong, { contextTokens: 3000 })).toMatchObject({ then: 'reply', outcome: 'too_long' });
    const next = then(tooLong, { contextTokens: 3000 }, { ...alone, models: 2 });
    expect(next).toMatchObject({ then: 'retry', state: { model: 1, contextTokens: undefined } });
  });

  it('a limit that reasoning used up is raised once, and not tried a second time as it was', () => {
    const raised = then(answer('', 'length'));
    expect(raised).toMatchObject({ then: 'retry', state: { isRaised: true, retries: 0 } });
    expect(then(answer(' ', 'length'), { isRaised: true })).toMatchObject({ then: 'reply', outcome: 'empty' });
  });
});
