import { Injectable } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { DataSource } from 'typeorm';
import { AuditLog } from '../audit/audit-log';
import { AuditedRequests } from '../audit/audited-requests';
import { Session } from '../sessions/session.entity';

const ACTION = 'gateway.staff-sessions.begin';

/** What stays of sign-ins of staff in the audit log: these routes are open, so the edge notes nothing of them. */
@Injectable()
export class SignInAudit {
  constructor(
    private readonly db: DataSource,
    private readonly log: AuditLog,
    private readonly requests: AuditedRequests,
  ) {}

  /** A session that cannot be noted is none. */
  async began(
    { id, subjectId, amr }: Session,
    request: IncomingMessage,
    details: Readonly<Record<string, unknown>> = {},
  ): Promise<void> {
    try {
      await this.log.append(this.db.manager, {
        actor: { kind: 'staff', id: subjectId, amr, ...this.requests.originOf(request) },
        action: ACTION,
        resource: { type: 'session', id },
        details,
        result: 'done',
      });
    } catch (error) {
      await this.db.manager.delete(Session, { id });
      throw error;
    }
  }

  /** Somebody known has not proven who they are. @param why as the code of a problem */
  async denied(staffId: string, why: string, request: IncomingMessage): Promise<void> {
    await this.log.append(this.db.manager, {
      actor: { kind: 'staff', id: staffId, ...this.requests.originOf(request) },
      action: ACTION,
      resource: { type: 'staff', id: staffId },
      details: { why },
      result: 'denied',
    });
  }
}
