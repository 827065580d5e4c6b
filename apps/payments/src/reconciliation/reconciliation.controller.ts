import { Controller } from '@nestjs/common';
import { ListReconciliations, ReadReconciliation, RunReconciliation } from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { EntityManager } from 'typeorm';
import { ProvidersService } from '../providers/providers.service';
import { ReconciliationJobs } from './reconciliation.jobs';
import { ReconciliationService } from './reconciliation.service';

@Controller()
export class ReconciliationController {
  constructor(
    private readonly reconciliation: ReconciliationService,
    private readonly jobs: ReconciliationJobs,
    private readonly providers: ProvidersService,
  ) {}

  @Implements(ListReconciliations)
  list(request: RequestOf<typeof ListReconciliations>): Promise<AnswerOf<typeof ListReconciliations>> {
    return this.reconciliation.list(request);
  }

  @Implements(ReadReconciliation)
  read(request: RequestOf<typeof ReadReconciliation>): Promise<AnswerOf<typeof ReadReconciliation>> {
    return this.reconciliation.read(request);
  }

  @Implements(RunReconciliation)
  async run({ body }: RequestOf<typeof RunReconciliation>, tx: EntityManager): Promise<void> {
    this.providers.get(body.botId, body.provider);
    await this.jobs.request(tx, body);
  }
}
