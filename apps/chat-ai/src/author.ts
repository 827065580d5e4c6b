import type { AuditAuthor } from '@switchboard/service-kit';

/** Who has written or changed something, as it is kept and shown: `staff:0192…`, `key:…`. */
export const authorOf = ({ kind, id }: Pick<AuditAuthor, 'kind' | 'id'>): string => `${kind}:${id}`;
