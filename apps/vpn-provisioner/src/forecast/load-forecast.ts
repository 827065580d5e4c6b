/** Loads are by the hour, and repeat themselves by the week. */
export const HOURS_PER_WEEK = 168;
/** Of two weeks one cannot tell growth from chance. */
export const LEAST_WEEKS = 3;
/** A week counts half as much as the one after so many weeks. */
const HALF_LIFE_WEEKS = 4;
/** So much of its growth a week carries on into the next: growth does not go on for ever. */
const DAMPING = 0.9;

/**
 * The load of the coming week by that of the weeks before: its level goes on as it did lately, and each hour of the week differs from
 * it as it used to. In logarithms, so that growth and the evening's peak are shares and no numbers of people; and by medians, so that
 * one day of failure or of holidays changes nothing.
 * @param hours the latest last, without gaps; whole weeks are counted from the end
 * @returns a value for each of the next 168 hours; undefined when too little is known
 */
export function forecastWeek(hours: readonly number[]): number[] | undefined {
  const count = Math.floor(hours.length / HOURS_PER_WEEK);
  if (count < LEAST_WEEKS) return undefined;
  const recent = hours.slice(hours.length - count * HOURS_PER_WEEK).map((load) => Math.log1p(Math.max(0, load)));
  const weeks = Array.from({ length: count }, (_, week) =>
    recent.slice(week * HOURS_PER_WEEK, (week + 1) * HOURS_PER_WEEK),
  );
  // What is usual at an hour says how high a week was in spite of its odd days, and that in turn what is usual at an hour.
  let levels = weeks.map(meanOf);
  let profile = profileOf(weeks, levels);
  levels = weeks.map((week) => medianOf(week.map((load, hour) => load - profile[hour]!)));
  const { level, growth } = lineThrough(levels);
  profile = profileOf(weeks, levels, growth);
  const next = level + growth * DAMPING;
  return profile.map((differs, hour) => Math.max(0, Math.expm1(next + differs + growthWithin(growth * DAMPING, hour))));
}

/** By how much each hour of the week differs from the level of its week. */
const profileOf = (weeks: readonly (readonly number[])[], levels: readonly number[], growth = 0): number[] =>
  Array.from({ length: HOURS_PER_WEEK }, (_, hour) =>
    medianOf(weeks.map((week, i) => week[hour]! - levels[i]! - growthWithin(growth, hour))),
  );

/** Where an hour stands on the slope through its week, whose level is that of its middle. */
const growthWithin = (growth: number, hour: number): number => growth * ((hour + 0.5) / HOURS_PER_WEEK - 0.5);

/** The line through the levels by least squares, where later ones weigh more: its height at the last one, and its slope. */
function lineThrough(levels: readonly number[]): { level: number; growth: number } {
  const last = levels.length - 1;
  const weights = levels.map((_, week) => 0.5 ** ((last - week) / HALF_LIFE_WEEKS));
  const total = sumOf(weights);
  const middle = sumOf(weights.map((weight, week) => weight * (week - last))) / total;
  const height = sumOf(weights.map((weight, week) => weight * levels[week]!)) / total;
  const spread = sumOf(weights.map((weight, week) => weight * (week - last - middle) ** 2));
  const growth =
    sumOf(weights.map((weight, week) => weight * (week - last - middle) * (levels[week]! - height))) / spread;
  return { level: height - growth * middle, growth };
}

const sumOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
const meanOf = (values: readonly number[]) => sumOf(values) / values.length;

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
