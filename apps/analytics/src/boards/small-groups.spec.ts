import { countIn, endsOf, isFew, nested, partsOf } from './small-groups';

/** Whole numbers up to 60 as small groups matter, each the same in every run. */
function* numbers(): Generator<number> {
  for (let seed = 1; ; seed = (seed * 48_271) % 2_147_483_647) yield seed % 61;
}

const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);

describe('what a report hides', () => {
  it('is a count of 1 to 19, and one that leaves so many of the group', () => {
    expect([0, 19, 20, 380, 381, 400].map((count) => countIn(400, count))).toEqual([0, null, 20, 380, null, 400]);
    expect(countIn(19, 0)).toBeNull();
  });

  it('is with one small part of a whole the next larger one, and nothing more', () => {
    expect(partsOf({ a: 300, b: 5, c: 40, d: 0 })).toEqual({ a: 300, b: null, c: null, d: 0 });
    expect(partsOf({ a: 300, b: 12, c: 12 })).toEqual({ a: 300, b: null, c: null });
    expect(partsOf({ a: 300, b: 20 })).toEqual({ a: 300, b: 20 });
  });

  it('is a group that few left since the last one shown', () => {
    expect(nested([400, 395, 390, 370, 370, 0])).toEqual([400, null, null, 370, 370, 0]);
    expect(nested([19, 0])).toEqual([null, null]);
  });

  it('is never a small group that can be had by subtracting what is shown', () => {
    const next = numbers();
    const take = (length: number) => Array.from({ length }, () => next.next().value as number);
    for (let i = 0; i < 2000; i++) {
      const parts = take(4);
      const whole = sum(parts);
      if (!isFew(whole)) {
        const shown = Object.values(partsOf({ a: parts[0]!, b: parts[1]!, c: parts[2]!, d: parts[3]! }));
        expect(isFew(whole - sum(shown.map((count) => count ?? 0)))).toBe(false);
      }
      const within = nested(take(5).toSorted((a, b) => b - a)).filter((count) => count !== null);
      within.forEach((count, place) => expect(isFew((within[place - 1] ?? count) - count)).toBe(false));
      const steps = take(6).map((count) => [count, next.next().value as number]);
      let from = 0;
      for (const end of endsOf(steps)) {
        const together = steps.slice(from, end + 1);
        const left = sum(steps.slice(end + 1).map(sum));
        expect([sum(together.map(([a]) => a!)), sum(together.map(([, b]) => b!)), left].some(isFew)).toBe(false);
        from = end + 1;
      }
    }
  });
});
