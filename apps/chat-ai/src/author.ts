import type { Actor } from '@switchboard/contracts';

/** Who has written or changed something, as it is kept and shown: `staff:0192…`, `key:…`. */
export const authorOf = ({ kind, id }: Pick<Actor, 'kind' | 'id'>): string => `${kind}:${id}`;
