import { Controller } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import { AuditEntryAppendRequested, CheckDrift, ListDriftReports } from '@switchboard/contracts';
import { type AnswerOf, auditEntry, Implements, type RequestOf } from '@switchboard/service-kit';
import { EntityManager } from 'typeorm';
import { ServersService } from '../servers/servers.service';
import { DriftJobs } from './drift.jobs';
import { DriftService } from './drift.service';

@Controller()
export class DriftController {
  constructor(
    private readonly servers: ServersService,
    private readonly jobs: DriftJobs,
    private readonly drift: DriftService,
    private readonly outbox: Outbox,
  ) {}

  @Implements(CheckDrift)
  async check(
    { params, query, actor }: RequestOf<typeof CheckDrift>,
    tx: EntityManager,
  ): Promise<AnswerOf<typeof CheckDrift>> {
    const { id: serverId } = await this.servers.find(params.serverId, tx);
    await this.jobs.request(tx, serverId, query.removals);
    const entry = auditEntry(actor, CheckDrift, { resourceType: 'drift-check', resourceId: serverId });
    await this.outbox.add(tx, AuditEntryAppendRequested(entry));
    return { serverId };
  }

  @Implements(ListDriftReports)
  async list({ params }: RequestOf<typeof ListDriftReports>): Promise<AnswerOf<typeof ListDriftReports>> {
    await this.servers.find(params.serverId);
    return { data: await this.drift.list(params.serverId) };
  }
}
