/** What fewer people are behind is hidden: from less, somebody could be told. */
export const SMALLEST_GROUP = 20;

/** A value of a group, or null where the group is too small. */
export const unlessSmall = <T>(people: number, value: T): T | null => (people < SMALLEST_GROUP ? null : value);
