import type { Life } from '../src/metrics/lifetime-value';

/** The same numbers each time. Source: mulberry32. */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** People who leave with a chance per day, are active on three days of five, and pay 100 on one day of twenty. */
export function simulate(people: number, leaves: (day: number) => number, random: () => number): Life[] {
  return Array.from({ length: people }, () => {
    const age = 15 + Math.floor(random() * 185);
    const brought: { day: number; amount: number }[] = [];
    let stayed = 0;
    for (let day = 0; day < age && (day === 0 || random() >= leaves(day)); day++) {
      const pays = random() < 0.05;
      if (pays) brought.push({ day, amount: 100 });
      if (pays || random() < 0.6) stayed = day;
    }
    return { age, stayed, hasLeft: age - stayed > 14, brought };
  });
}

export function truth(leaves: (day: number) => number, horizon: number): number {
  let [there, value] = [1, 0];
  for (let day = 0; day < horizon; day++) {
    if (day > 0) there *= 1 - leaves(day);
    value += there * 5;
  }
  return value;
}
