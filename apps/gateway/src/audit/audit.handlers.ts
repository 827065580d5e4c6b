import { Consumer, HandlesBatch } from '@switchboard/bus';
import { type AuditAction, AuditEntryAppendRequested, type EventOf } from '@switchboard/contracts';
import type { EntityManager } from 'typeorm';
import { AuditLog } from './audit-log';

@Consumer('audit')
export class AuditHandlers {
  constructor(private readonly log: AuditLog) {}

  @HandlesBatch(AuditEntryAppendRequested, { decrypt: true })
  async appendRequested(events: EventOf<typeof AuditEntryAppendRequested>[], tx: EntityManager): Promise<void> {
    const entries = events.map(({ source, time, data }) => {
      const { resourceType: type, resourceId: id, ...entry } = data;
      // Of a newer service it may be one that is not known here, and is written down all the same.
      const action = entry.action as AuditAction;
      return { ...entry, action, resource: { type, id }, details: { source }, at: new Date(time) };
    });
    await this.log.append(tx, ...entries);
  }
}
