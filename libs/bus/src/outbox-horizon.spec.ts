import { OutboxHorizon } from './outbox-horizon';

describe('the horizon of the outbox', () => {
  it('does not pass an id while a transaction runs that was open when the id was seen', () => {
    const horizon = new OutboxHorizon();
    horizon.saw(10n);
    horizon.advance({ oldest: 5n, next: 8n }); // 5 runs and may hold an id below 10
    horizon.advance({ oldest: 5n, next: 9n });
    expect(horizon.settled).toBe(0n);
    horizon.advance({ oldest: 8n, next: 12n });
    expect(horizon.settled).toBe(10n);
  });

  it('does not pass an id while a limited look may have left rows below it behind', () => {
    const horizon = new OutboxHorizon();
    horizon.saw(10n);
    horizon.advance({ oldest: 5n, next: 8n });
    horizon.advance({ oldest: 9n, next: 9n }, 4n);
    expect(horizon.settled).toBe(0n);
    horizon.advance({ oldest: 9n, next: 9n }, 10n);
    expect(horizon.settled).toBe(10n);
  });

  it('goes on in steps while transactions overlap all the time', () => {
    const horizon = new OutboxHorizon();
    for (const [id, oldest, next] of [
      [10n, 5n, 8n],
      [20n, 7n, 11n],
      [30n, 9n, 14n],
      [40n, 12n, 17n],
    ] as const) {
      horizon.saw(id);
      horizon.advance({ oldest, next });
    }
    expect(horizon.settled).toBe(20n);
  });

  it('passes ids that were handed out and never seen, when whoever may have them is over', () => {
    const horizon = new OutboxHorizon();
    horizon.advance({ oldest: 5n, next: 8n, handedOut: 1000n });
    horizon.advance({ oldest: 7n, next: 9n, handedOut: 1000n }); // 7 and 8 may have taken an id
    expect(horizon.settled).toBe(0n);
    horizon.advance({ oldest: 9n, next: 12n, handedOut: 1200n });
    expect(horizon.settled).toBe(1000n);
  });

  it('follows a large backlog step by step, however many ids were handed out', () => {
    const horizon = new OutboxHorizon();
    horizon.advance({ oldest: 5n, next: 5n, handedOut: 1000n });
    horizon.advance({ oldest: 6n, next: 6n, handedOut: 1000n }, 10n);
    horizon.saw(10n);
    horizon.advance({ oldest: 6n, next: 6n, handedOut: 1000n }, 20n);
    horizon.saw(20n);
    horizon.advance({ oldest: 6n, next: 6n, handedOut: 1000n }, 30n);
    expect(horizon.settled).toBe(10n);
  });

  it('is not moved back by an id that was seen late', () => {
    const horizon = new OutboxHorizon();
    horizon.saw(10n);
    horizon.advance({ oldest: 5n, next: 5n });
    horizon.saw(3n);
    horizon.advance({ oldest: 6n, next: 6n });
    expect(horizon.settled).toBe(10n);
  });
});
