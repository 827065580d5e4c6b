import type { Scope } from '../metrics/scope';

/** What fewer people are behind is hidden: from less, somebody could be told. */
export const SMALLEST_GROUP = 20;

/**
 * The one rule of what a report hides: no count of it is that of 1 to 19 people, and none can be had by subtracting those of one whole
 * that are shown from each other. Nobody is no group. What follows is this rule for a part, for groups within groups, for all parts of
 * a whole, and for steps one after the other. Reports of different periods or bots are not held against each other.
 */
export const isFew = (count: number): boolean => count > 0 && count < SMALLEST_GROUP;

/** A value of a group, or null where the group is too small. */
export const unlessSmall = <T>(people: number, value: T): T | null => (people < SMALLEST_GROUP ? null : value);

/** A value of all people of a scope, or null where they are too few. Those of the whole installation are no group: they are everybody. */
export const unlessSmallIn = <T>({ bots }: Pick<Scope, 'bots'>, people: number, value: T): T | null =>
  bots ? unlessSmall(people, value) : value;

/** A count beside a group that it is no part of. */
export const unlessFew = (people: number, count: number): number | null =>
  unlessSmall(people, isFew(count) ? null : count);

/** How many of a group did something: null where few did, or where few did not. */
export const countIn = (people: number, count: number): number | null => nested([people, count])[1]!;

/** The share that goes with it, from which the count could be told. */
export const shareIn = (people: number, count: number): number | null =>
  countIn(people, count) === null ? null : count / people;

/** Groups of which each holds the next one, as steps of a funnel: one that few left since the last shown is hidden. */
export function nested(counts: readonly number[]): (number | null)[] {
  let [around = 0] = counts;
  if (around < SMALLEST_GROUP) return counts.map(() => null);
  return counts.map((count) => {
    if (isFew(count) || isFew(around - count)) return null;
    around = count;
    return count;
  });
}

/** All parts of a whole that is shown: besides the small ones the next larger are hidden until those hidden are many together. */
export function partsOf<Name extends string>(counts: Readonly<Record<Name, number>>): Record<Name, number | null> {
  const shown: Partial<Record<Name, number | null>> = {};
  let hidden = 0;
  for (const [name, count] of (Object.entries(counts) as [Name, number][]).toSorted(([, a], [, b]) => a - b)) {
    const isHidden = isFew(count) || isFew(hidden);
    if (isHidden) hidden += count;
    shown[name] = isHidden ? null : count;
  }
  return shown as Record<Name, number | null>;
}

/**
 * Steps by which a group ends, in order, as the fewest that can be shown: a step is taken together with those after it until none of
 * its counts is small, nor that of who is left.
 * @param steps at each, how many went in each way
 * @returns the place of the last of those that are taken together; after the last of these places nothing can be shown
 */
export function endsOf(steps: readonly (readonly number[])[]): number[] {
  const sumOf = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0);
  let left = sumOf(steps.map(sumOf));
  let together: readonly number[] = [];
  return steps.flatMap((step, place) => {
    left -= sumOf(step);
    together = step.map((count, way) => count + (together[way] ?? 0));
    if (isFew(left) || together.some(isFew)) return [];
    together = [];
    return [place];
  });
}
