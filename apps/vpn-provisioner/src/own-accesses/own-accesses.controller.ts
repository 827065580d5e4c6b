import { Controller } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import {
  AuditEntryAppendRequested,
  ChooseMyServer,
  ListMyAccesses,
  ListPersonAccesses,
  ListRegions,
  ReadVpnStatus,
  ReissueAccess,
  ReportMyLatency,
} from '@switchboard/contracts';
import { type AnswerOf, auditEntry, Implements, type RequestOf } from '@switchboard/service-kit';
import { EntityManager } from 'typeorm';
import { OwnAccessesService } from './own-accesses.service';

@Controller()
export class OwnAccessesController {
  constructor(
    private readonly own: OwnAccessesService,
    private readonly outbox: Outbox,
  ) {}

  @Implements(ListMyAccesses)
  async list(request: RequestOf<typeof ListMyAccesses>): Promise<AnswerOf<typeof ListMyAccesses>> {
    return { data: await this.own.list(request) };
  }

  @Implements(ListRegions)
  regions(): Promise<AnswerOf<typeof ListRegions>> {
    return this.own.regions();
  }

  @Implements(ChooseMyServer)
  choose(request: RequestOf<typeof ChooseMyServer>, tx: EntityManager): Promise<AnswerOf<typeof ChooseMyServer>> {
    return this.own.choose(tx, request);
  }

  @Implements(ReportMyLatency)
  report({ actor, params, body }: RequestOf<typeof ReportMyLatency>): Promise<void> {
    return this.own.reportLatencies(actor, params.accessId, body.measured);
  }

  @Implements(ReadVpnStatus)
  status(): Promise<AnswerOf<typeof ReadVpnStatus>> {
    return this.own.status();
  }

  @Implements(ListPersonAccesses)
  async ofPerson({ query, actor }: RequestOf<typeof ListPersonAccesses>): Promise<AnswerOf<typeof ListPersonAccesses>> {
    return { data: await this.own.ofPerson(query.userId, actor.bots) };
  }

  @Implements(ReissueAccess)
  async reissue(
    { params, actor }: RequestOf<typeof ReissueAccess>,
    tx: EntityManager,
  ): Promise<AnswerOf<typeof ReissueAccess>> {
    const access = await this.own.reissue(tx, params.accessId, actor.bots);
    const about = { resourceType: 'access-key', resourceId: access.id, botId: access.botId };
    await this.outbox.add(tx, AuditEntryAppendRequested(auditEntry(actor, ReissueAccess, about)));
    return access;
  }
}
