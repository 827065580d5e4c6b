import { Injectable } from '@nestjs/common';
import { requestContext } from '@switchboard/service-kit';
import type { IncomingMessage } from 'node:http';
import type { AuditEntry } from './audit-entry';

/** What the edge knows of a request and of whoever sends it. */
export type RequestFacts = Pick<AuditEntry, 'actor' | 'action' | 'reason' | 'approvalId'>;

/** From where a request comes, and by what. */
export type RequestOrigin = Pick<AuditEntry['actor'], 'address' | 'client'>;

interface Followed {
  readonly facts: RequestFacts;
  hasEntry: boolean;
}

/**
 * The requests of staff and keys that the gateway answers itself. An entry that is written while one is answered tells from where it
 * came and why; and the edge need not write a second one.
 */
@Injectable()
export class AuditedRequests {
  private readonly followed = new Map<string, Followed>();
  private readonly origins = new WeakMap<IncomingMessage, RequestOrigin>();

  follow(requestId: string, facts: RequestFacts): void {
    this.followed.set(requestId, { facts, hasEntry: false });
  }

  /** Returns whether an entry was written of what it asked for. */
  end(requestId: string): boolean {
    const hasEntry = this.followed.get(requestId)?.hasEntry ?? false;
    this.followed.delete(requestId);
    return hasEntry;
  }

  /** Of a request whose sender nobody knows yet. */
  noteOrigin(request: IncomingMessage, origin: RequestOrigin): void {
    this.origins.set(request, origin);
  }

  originOf(request: IncomingMessage): RequestOrigin {
    return this.origins.get(request) ?? {};
  }

  /** An entry with what is known of the request for which it is written. */
  completed(entry: AuditEntry): AuditEntry {
    const requestId = entry.requestId ?? requestContext()?.requestId;
    if (requestId === undefined) return entry;
    const followed = this.followed.get(requestId);
    const { actor } = entry;
    if (followed?.facts.actor.kind !== actor.kind || followed.facts.actor.id !== actor.id)
      return { ...entry, requestId };
    // One of another name is of something besides, and whether it was done is still to be said of what has only begun.
    if (entry.action === followed.facts.action && entry.result !== 'begun') followed.hasEntry = true;
    const { facts } = followed;
    return {
      ...entry,
      requestId,
      actor: { ...facts.actor, ...actor },
      reason: entry.reason ?? facts.reason,
      approvalId: entry.approvalId ?? facts.approvalId,
    };
  }
}
