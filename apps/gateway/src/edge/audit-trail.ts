import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { resourceTypeOf, type RouteDefinition } from '@switchboard/contracts';
import { DomainError, LOG, type Log, persistently } from '@switchboard/service-kit';
import type { IncomingMessage } from 'node:http';
import { DataSource } from 'typeorm';
import type { Principal } from '../access/principal';
import { actionOf, type AuditEntry } from '../audit/audit-entry';
import { AuditLog } from '../audit/audit-log';
import { AuditedRequests } from '../audit/audited-requests';
import { asPersonId } from '../audit/person-ids';
import { deviceOf } from '../sessions/device';
import type { FoundRoute } from './public-routes';

/** A request that leaves an entry. */
export interface AuditedCall {
  readonly requestId: string;
  readonly isOwn: boolean;
  /** What answers it writes the entry with what it does. */
  readonly isNotedWithChange: boolean;
  readonly entry: Omit<AuditEntry, 'result'>;
}

/** How a request has ended. */
export interface Outcome {
  readonly status: number;
  /** Of the problem document, if it is one. */
  readonly code: string | undefined;
  readonly ms?: number;
  /** It was answered with what an earlier one like it had been. */
  readonly isReplayed?: boolean;
}

export class AuditUnavailable extends DomainError {
  constructor(cause: unknown) {
    const texts = {
      en: 'Nothing is changed while it cannot be noted in the audit log. Try again in a moment.',
      ru: 'Пока запись в журнал аудита невозможна, изменения не выполняются. Повторите чуть позже.',
    };
    super('gateway.audit_unavailable', texts, 503);
    this.cause = cause;
  }
}

/**
 * What staff and keys change, and what they read that is sensitive, with their reason. Before anything is done there is an entry
 * `begun`, so that nothing is done that the log knows nothing of; how it ended is the next. Of those of its own routes whose features
 * write an entry with their change the gateway has this one alone.
 */
@Injectable()
export class AuditTrail implements OnModuleDestroy {
  private readonly writing = new Set<Promise<void>>();

  constructor(
    private readonly db: DataSource,
    private readonly audit: AuditLog,
    private readonly requests: AuditedRequests,
    @Inject(LOG) private readonly log: Log,
  ) {}

  async onModuleDestroy(): Promise<void> {
    await Promise.all(this.writing);
  }

  /** Whether a call of the route leaves an entry when such a one makes it. What persons do is their own. */
  covers(route: RouteDefinition, kind: Principal['kind']): boolean {
    return kind !== 'person' && (route.method !== 'GET' || route.sensitive === true || route.audit !== undefined);
  }

  /** For what signing in leaves in the log. */
  noteOrigin(request: IncomingMessage, address: string): void {
    this.requests.noteOrigin(request, { address, client: deviceOf(request.headers['user-agent']) });
  }

  /** @throws AuditUnavailable */
  async begin(call: AuditedCall): Promise<void> {
    const { entry, isOwn, isNotedWithChange, requestId } = call;
    if (isOwn) this.requests.follow(requestId, entry);
    if (isNotedWithChange) return;
    try {
      await this.audit.append(this.db.manager, { ...entry, result: 'begun' });
    } catch (error) {
      if (isOwn) this.requests.end(requestId);
      throw new AuditUnavailable(error);
    }
  }

  end({ entry, isOwn, requestId }: AuditedCall, { status, code, ms, isReplayed }: Outcome): void {
    const hasEntry = isOwn && this.requests.end(requestId);
    // What was written with a change that failed has gone with it; one of which nobody saw the end tells of it by being there.
    if (hasEntry && (status < 400 || status === CALLER_GONE)) return;
    const details = { ...entry.details, status, code, ms, ...(isReplayed && { isReplayed }) };
    this.write({ ...entry, details, result: resultOf(status, isOwn) });
  }

  /** Somebody we know was not let in. */
  refused({ entry }: AuditedCall, error: unknown): void {
    const { code, status } = error instanceof DomainError ? error : { code: 'internal_error', status: 500 };
    this.write({ ...entry, details: { ...entry.details, status, code }, result: resultOf(status, true) });
  }

  /** The answer is not kept waiting: what it tells of has an entry, or was not done. */
  private write(entry: AuditEntry): void {
    const written = persistently(() => this.audit.append(this.db.manager, entry)).catch((err: unknown) => {
      const { action, requestId, result } = entry;
      this.log.error({ err, action, requestId, result }, 'the audit log does not tell how a request ended');
    });
    this.writing.add(written);
    void written.finally(() => this.writing.delete(written));
  }
}

/** @param address from which it comes */
export function auditedCall(
  { route, params, target }: FoundRoute,
  { kind, id, roles, amr }: Principal,
  { headers }: IncomingMessage,
  { requestId, address, isOwn }: { requestId: string; address: string; isOwn: boolean },
): AuditedCall {
  const given = Object.entries(params).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, asPersonId(value) ?? value]],
  );
  const userId = asPersonId(params['userId']);
  const entry = {
    actor: { kind, id, roles, amr, address, ...(kind === 'staff' && { client: deviceOf(headers['user-agent']) }) },
    action: actionOf(route),
    resource: { type: resourceTypeOf(route), id: given.at(-1)?.[1] ?? '' },
    botId: botOf(route, params, target),
    ...(userId !== undefined && { userId }),
    details: { method: route.method, ...(given.length > 0 && { params: Object.fromEntries(given) }) },
    reason: reasonIn(headers['x-reason']),
    approvalId: textOf(headers['x-approval'])?.slice(0, 40),
    requestId,
  };
  return { requestId, isOwn, isNotedWithChange: route.audit === 'with-change', entry };
}

const LONGEST_REASON = 500;
const DENIED = [401, 403, 423, 429];
/** As nginx counts it. */
export const CALLER_GONE = 499;
/** Whether it was done, the service that was asked may know. */
const UNANSWERED = [503, 504];

function resultOf(status: number, isOwn: boolean): string {
  if (status < 400) return 'done';
  if (status === CALLER_GONE || (!isOwn && UNANSWERED.includes(status))) return 'unknown';
  return DENIED.includes(status) ? 'denied' : 'failed';
}

/** The bot that the address names, where the route says by which of its fields. */
function botOf({ bots }: RouteDefinition, params: FoundRoute['params'], target: string): string | undefined {
  const [part, field] = bots?.split('.') ?? [];
  if (part === 'params') return params[field!];
  if (part !== 'query') return undefined;
  return new URLSearchParams(target.slice(target.indexOf('?') + 1)).get(field!) ?? undefined;
}

const textOf = (header: string | string[] | undefined) => (Array.isArray(header) ? header[0] : header);

/** Percent-encoded, since a header holds no Cyrillic. Whether there has to be one is for the service to say. */
function reasonIn(header: string | string[] | undefined): string | undefined {
  const text = textOf(header);
  try {
    return text && decodeURIComponent(text).trim().slice(0, LONGEST_REASON);
  } catch {
    return undefined;
  }
}
