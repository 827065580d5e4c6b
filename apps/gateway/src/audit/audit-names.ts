import { Injectable } from '@nestjs/common';
import type { AuditEntryRow } from './audit-entry.entity';

/** Names by id; of what has none, or none any longer, nothing. */
type FindNames = (ids: readonly string[]) => Promise<ReadonlyMap<string, string>>;

export type NameOf = (kind: string, id: string) => string | undefined;

/**
 * What those are called who stand in the log. It keeps their ids alone, since names change and an entry does not; names are looked up
 * when it is read, by the features that have them.
 */
@Injectable()
export class AuditNames {
  private readonly sources = new Map<string, FindNames>();

  /** @param kinds of actors or resources, as entries have them */
  provide(kinds: readonly string[], find: FindNames): void {
    for (const kind of kinds) this.sources.set(kind, find);
  }

  async of(entries: readonly AuditEntryRow[]): Promise<NameOf> {
    const named = entries.flatMap(({ actorKind, actorId, resourceType, resourceId }) => [
      { kind: actorKind, id: actorId },
      { kind: resourceType, id: resourceId },
    ]);
    const known = new Map<string, ReadonlyMap<string, string>>();
    for (const [kind, parties] of Map.groupBy(named, ({ kind }) => kind)) {
      const find = this.sources.get(kind);
      const ids = [...new Set(parties.map(({ id }) => id))].filter(Boolean);
      if (find && ids.length > 0) known.set(kind, await find(ids));
    }
    return (kind, id) => known.get(kind)?.get(id) || undefined;
  }
}
