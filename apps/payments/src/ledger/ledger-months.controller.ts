import { Controller } from '@nestjs/common';
import { ImportLedgerMonth, ListLedgerMonths } from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { LedgerArchive } from './ledger-archive.service';
import { LedgerJobs } from './ledger.jobs';

@Controller()
export class LedgerMonthsController {
  constructor(
    private readonly archive: LedgerArchive,
    private readonly jobs: LedgerJobs,
  ) {}

  @Implements(ListLedgerMonths)
  list(request: RequestOf<typeof ListLedgerMonths>): Promise<AnswerOf<typeof ListLedgerMonths>> {
    return this.archive.list(request);
  }

  @Implements(ImportLedgerMonth)
  import(request: RequestOf<typeof ImportLedgerMonth>): Promise<AnswerOf<typeof ImportLedgerMonth>> {
    return this.jobs.import(request);
  }
}
