import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AuditLog } from '../audit/audit-log';
import { deviceOf } from '../sessions/device';
import type { Session } from '../sessions/session.entity';

const ACTION = 'gateway.staff-sessions.begin';

/** What stays of sign-ins of staff in the audit log: these routes are open, so the edge notes nothing of them. */
@Injectable()
export class SignInAudit {
  constructor(
    private readonly db: DataSource,
    private readonly log: AuditLog,
  ) {}

  async began({ id, subjectId, amr, device }: Session, details: Readonly<Record<string, unknown>> = {}): Promise<void> {
    await this.log.append(this.db.manager, {
      actor: { kind: 'staff', id: subjectId, amr, client: device },
      action: ACTION,
      resource: { type: 'session', id },
      details,
      result: 'done',
    });
  }

  /** Somebody known has not proven who they are. @param why as the code of a problem */
  async denied(staffId: string, why: string, userAgent?: string): Promise<void> {
    await this.log.append(this.db.manager, {
      actor: { kind: 'staff', id: staffId, ...(userAgent !== undefined && { client: deviceOf(userAgent) }) },
      action: ACTION,
      resource: { type: 'staff', id: staffId },
      details: { why },
      result: 'denied',
    });
  }
}
