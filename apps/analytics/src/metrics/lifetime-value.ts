import { mean, quantile } from '../stats/samples';

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

/** In days of life: what is predicted up to `horizon`, from what was seen of the first `observed` days. */
export interface Outlook {
  readonly observed: number;
  readonly horizon: number;
}

/**
 * What a person brings in their first `horizon` days: on average what was brought in the first `observed` days, of those for whom they are
 * over, and from there on survival times what a day of life brings. Survival is that of Kaplan and Meier, and beyond what was seen a
 * Weibull distribution fitted to the last third of it (log-log regression). The interval comes of drawing people again.
 * @returns a prediction for each outlook
 */
export function predictLifetimeValues(
  lives: readonly Life[],
  outlooks: readonly Outlook[],
  random: () => number = Math.random,
): Prediction[] {
  const parts = lives.map((life) => partsOf(life, outlooks));
  const draw = () => parts.map(() => parts[Math.floor(random() * parts.length)]!);
  const draws = Array.from({ length: DRAWS }, () => estimate(draw(), outlooks));
  return estimate(parts, outlooks).map((value, i) => {
    const values = draws.map((one) => one[i]!);
    return { value, low: quantile(values, 0.1), high: quantile(values, 0.9) };
  });
}

/** What estimates need of a life: told once, because each is drawn hundreds of times. */
interface Parts {
  readonly stayed: number;
  readonly hasLeft: boolean;
  /** For each outlook what was brought in the observed days; NaN where they are not over. */
  readonly realised: readonly number[];
  readonly recent: PartOfLife;
  readonly whole: PartOfLife;
}

interface PartOfLife {
  readonly days: number;
  readonly amount: number;
}

function partsOf({ age, stayed, hasLeft, brought }: Life, outlooks: readonly Outlook[]): Parts {
  const amount = (from: number, to: number) =>
    brought.reduce((sum, one) => (one.day >= from && one.day <= to ? sum + one.amount : sum), 0);
  const since = (begin: number) => ({ days: Math.max(0, stayed - begin + 1), amount: amount(begin, stayed) });
  return {
    ...{ stayed, hasLeft },
    realised: outlooks.map(({ observed }) => (age >= observed ? amount(0, observed - 1) : NaN)),
    recent: since(Math.max(0, age - TRAILING_DAYS)),
    whole: since(0),
  };
}

function estimate(lives: readonly Parts[], outlooks: readonly Outlook[]): number[] {
  const alive = stillThere(lives);
  const perDay = perDayOf(lives, 'recent') ?? perDayOf(lives, 'whole') ?? 0;
  return outlooks.map(({ observed, horizon }, i) => {
    let [sum, people, days] = [0, 0, 0];
    for (const { realised } of lives) {
      if (Number.isNaN(realised[i])) continue;
      sum += realised[i]!;
      people++;
    }
    for (let day = observed; day < horizon; day++) days += alive(day);
    return sum / Math.max(1, people) + days * perDay;
  });
}

/** Undefined where nobody was there. */
function perDayOf(lives: readonly Parts[], part: 'recent' | 'whole'): number | undefined {
  let [days, amount] = [0, 0];
  for (const life of lives) {
    days += life[part].days;
    amount += life[part].amount;
  }
  return days > 0 ? amount / days : undefined;
}

/**
 * The share that is still there on a day of life. Counted by days and not by people, unlike `kaplanMeier`, because it is done for every
 * draw.
 */
function stillThere(lives: readonly Parts[]): (day: number) => number {
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
  const [x, y] = [mean(xs), mean(ys)];
  const spread = xs.reduce((sum, value) => sum + (value - x) ** 2, 0);
  const slope = spread > 0 ? xs.reduce((sum, value, i) => sum + (value - x) * (ys[i]! - y), 0) / spread : 1;
  return (day) => Math.exp(-Math.exp(y + slope * (Math.log(day) - x)));
}
