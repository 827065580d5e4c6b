import { quantile } from '../stats/samples';

/** What is known of one person, in days after their first active day, which is day 0. */
export interface Life {
  /** How many days are over; today is not. */
  readonly age: number;
  /** The last active day before they left, or the last one so far. */
  readonly stayed: number;
  readonly hasLeft: boolean;
  /** What they brought, by day of their life. */
  readonly brought: readonly { readonly day: number; readonly amount: number }[];
}

export interface Prediction {
  readonly value: number;
  /** Of 80 %. */
  readonly low: number;
  readonly high: number;
}

/** What a day of life brings is taken from the last days of the calendar, because prices and habits change. */
const TRAILING_DAYS = 28;
/** With fewer people at risk the estimate of survival is noise, and the tail goes on from there. */
const FEWEST_AT_RISK = 20;
const DRAWS = 500;

/**
 * What a person brings in their first `horizon` days: on average what was brought in the first `observed` days, of those for whom they are
 * over, and from there on survival times what a day of life brings. Survival is that of Kaplan and Meier, and beyond what was seen a
 * Weibull distribution fitted to the last third of it (log-log regression). The interval comes of drawing people again.
 */
export function predictLifetimeValue(
  lives: readonly Life[],
  { observed, horizon, random = Math.random }: { observed: number; horizon: number; random?: () => number },
): Prediction {
  const draws = Array.from({ length: DRAWS }, () =>
    estimate(
      lives.map(() => lives[Math.floor(random() * lives.length)]!),
      observed,
      horizon,
    ),
  );
  return {
    value: estimate(lives, observed, horizon),
    low: quantile(draws, 0.1),
    high: quantile(draws, 0.9),
  };
}

function estimate(lives: readonly Life[], observed: number, horizon: number): number {
  const alive = stillThere(lives);
  const perDay = perDayOfLife(lives);
  let value = realised(lives, observed);
  for (let day = observed; day < horizon; day++) value += alive(day) * perDay;
  return value;
}

/** What was brought in the first `days` days, per person for whom they are over. */
function realised(lives: readonly Life[], days: number): number {
  const mature = lives.filter(({ age }) => age >= days);
  if (days === 0 || mature.length === 0) return 0;
  const sum = mature.reduce((total, { brought }) => total + sumOf(brought.filter(({ day }) => day < days)), 0);
  return sum / mature.length;
}

function perDayOfLife(lives: readonly Life[]): number {
  const recent = (life: Life, within: number) => {
    const begin = Math.max(0, life.age - within);
    return {
      days: Math.max(0, life.stayed - begin + 1),
      amount: sumOf(life.brought.filter(({ day }) => day >= begin && day <= life.stayed)),
    };
  };
  for (const within of [TRAILING_DAYS, Infinity]) {
    const parts = lives.map((life) => recent(life, within));
    const days = parts.reduce((total, part) => total + part.days, 0);
    if (days > 0) return parts.reduce((total, part) => total + part.amount, 0) / days;
  }
  return 0;
}

const sumOf = (amounts: readonly { readonly amount: number }[]): number =>
  amounts.reduce((total, { amount }) => total + amount, 0);

/**
 * The share that is still there on a day of life. Counted by days and not by people, unlike `kaplanMeier`, because it is done for every
 * draw.
 */
function stillThere(lives: readonly Life[]): (day: number) => number {
  const longest = lives.reduce((most, { stayed }) => Math.max(most, stayed), 0);
  const left = new Float64Array(longest + 1);
  const ended = new Float64Array(longest + 1);
  for (const { stayed, hasLeft } of lives) {
    ended[stayed]!++;
    if (hasLeft) left[stayed]!++;
  }
  // at[d]: still there on day d, that is, not gone after any day before it.
  const at = [1];
  let atRisk = lives.length;
  for (let day = 0; day <= longest && atRisk >= FEWEST_AT_RISK; day++) {
    at.push(at.at(-1)! * (1 - left[day]! / atRisk));
    atRisk -= ended[day]!;
  }
  const end = at.length - 1;
  const tail = weibullOf(at.map((share, day) => ({ day, share })).slice(Math.floor((at.length * 2) / 3)));
  return (day) => at[day] ?? at[end]! * (tail(day) / tail(end));
}

/** ln(−ln S) is a straight line over ln t. Where no two points tell one, the risk is taken to be the same every day. */
function weibullOf(points: readonly { readonly day: number; readonly share: number }[]): (day: number) => number {
  const usable = points.filter(({ day, share }) => day > 0 && share > 0 && share < 1);
  if (usable.length === 0) return () => 1;
  const [xs, ys] = [usable.map(({ day }) => Math.log(day)), usable.map(({ share }) => Math.log(-Math.log(share)))];
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = [mean(xs), mean(ys)];
  const spread = xs.reduce((sum, value) => sum + (value - x) ** 2, 0);
  const slope = spread > 0 ? xs.reduce((sum, value, i) => sum + (value - x) * (ys[i]! - y), 0) / spread : 1;
  return (day) => Math.exp(-Math.exp(y + slope * (Math.log(day) - x)));
}
