import type { Scope } from '../metrics/scope';

/** What fewer people are behind is hidden: from less, somebody could be told. */
export const SMALLEST_GROUP = 20;

/** A value of a group, or null where the group is too small. */
export const unlessSmall = <T>(people: number, value: T): T | null => (people < SMALLEST_GROUP ? null : value);

/** The same for all people of a scope. Those of the whole installation are no group: they are everybody. */
export const unlessSmallIn = <T>({ bots }: Pick<Scope, 'bots'>, people: number, value: T): T | null =>
  bots ? unlessSmall(people, value) : value;
