import { Controller } from '@nestjs/common';
import { AddKnownPeriod, ListKnownPeriods, RecordProviderBill, RemoveKnownPeriod } from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { KnownPeriodsService } from './known-periods.service';
import { ProviderBillsService } from './provider-bills.service';

@Controller()
export class AnomaliesController {
  constructor(
    private readonly db: DataSource,
    private readonly periods: KnownPeriodsService,
    private readonly bills: ProviderBillsService,
  ) {}

  @Implements(ListKnownPeriods)
  list(request: RequestOf<typeof ListKnownPeriods>): Promise<AnswerOf<typeof ListKnownPeriods>> {
    return this.periods.list(this.db.manager, request);
  }

  @Implements(AddKnownPeriod)
  add({ body, actor }: RequestOf<typeof AddKnownPeriod>, tx: EntityManager): Promise<AnswerOf<typeof AddKnownPeriod>> {
    return this.periods.add(tx, body, actor);
  }

  @Implements(RemoveKnownPeriod)
  remove({ params, actor }: RequestOf<typeof RemoveKnownPeriod>): Promise<void> {
    return this.periods.remove(this.db.manager, params.periodId, actor.bots);
  }

  @Implements(RecordProviderBill)
  recordBill({ params, body }: RequestOf<typeof RecordProviderBill>): Promise<AnswerOf<typeof RecordProviderBill>> {
    return this.db.transaction((tx) => this.bills.record(tx, params.day, body.costMicros));
  }
}
