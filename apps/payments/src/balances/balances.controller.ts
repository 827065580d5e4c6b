import { Controller } from '@nestjs/common';
import { CorrectBalance, ListBalanceCorrections, ReadBalances } from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { DataSource, EntityManager } from 'typeorm';
import { LedgerService } from '../ledger/ledger.service';
import { BalancesService } from './balances.service';

@Controller()
export class BalancesController {
  constructor(
    private readonly db: DataSource,
    private readonly ledger: LedgerService,
    private readonly balances: BalancesService,
  ) {}

  @Implements(ReadBalances)
  async read({ params }: RequestOf<typeof ReadBalances>): Promise<AnswerOf<typeof ReadBalances>> {
    return { data: await this.ledger.accounts(this.db.manager, params.userId) };
  }

  @Implements(ListBalanceCorrections)
  corrections(request: RequestOf<typeof ListBalanceCorrections>): Promise<AnswerOf<typeof ListBalanceCorrections>> {
    return this.balances.corrections(request);
  }

  @Implements(CorrectBalance)
  correct(request: RequestOf<typeof CorrectBalance>, tx: EntityManager): Promise<AnswerOf<typeof CorrectBalance>> {
    return this.balances.correct(tx, request.actor, request);
  }
}
