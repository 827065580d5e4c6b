import { LivePreview } from './live-preview';

describe('that somebody is typing', () => {
  let actions = 0;
  const preview = () =>
    new LivePreview('reply', new Date(), {
      show: () => Promise.resolve({ shown: true, pauseMs: 0 }),
      showActivity: () => (actions += 1),
    });

  beforeEach(() => {
    actions = 0;
    jest.useFakeTimers();
  });
  afterEach(() => void jest.useRealTimers());

  it('is shown again and again, until there are words', () => {
    const live = preview();
    live.think();
    jest.advanceTimersByTime(10_000);
    expect(actions).toBe(3);
    live.update('Well');
    jest.advanceTimersByTime(60_000);
    expect(actions).toBe(3);
    live.end();
  });

  it('ends at once when the answer is given up', () => {
    const live = preview();
    live.think();
    live.end();
    jest.advanceTimersByTime(60_000);
    expect(actions).toBe(1);
  });

  it('ends by itself when nothing more is heard of the answer', () => {
    const live = preview();
    live.think();
    jest.advanceTimersByTime(120_000);
    const shown = actions;
    jest.advanceTimersByTime(60_000);
    expect(actions).toBe(shown);
    expect(live.isOver).toBe(true);
  });
});
