import type { Scope } from '../metrics/scope';

/** What fewer people are behind is hidden: from less, somebody could be told. */
export const SMALLEST_GROUP = 20;

/** A value of a group, or null where the group is too small. */
export const unlessSmall = <T>(people: number, value: T): T | null => (people < SMALLEST_GROUP ? null : value);

/**
 * How many of a group did something: null where fewer than 20 did, who could be told as well as a group of so few. Nobody is no group.
 * @param people of the group
 */
export const countIn = (people: number, count: number): number | null =>
  people < SMALLEST_GROUP || isFew(count) ? null : count;

/** The share that goes with it, from which the count could be told. */
export const shareIn = (people: number, count: number): number | null =>
  countIn(people, count) === null ? null : count / people;

const isFew = (count: number): boolean => count > 0 && count < SMALLEST_GROUP;

/** A value of all people of a scope, or null where they are too few. Those of the whole installation are no group: they are everybody. */
export const unlessSmallIn = <T>({ bots }: Pick<Scope, 'bots'>, people: number, value: T): T | null =>
  bots ? unlessSmall(people, value) : value;
