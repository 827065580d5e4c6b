import { Controller } from '@nestjs/common';
import {
  AnnounceSubscriptions,
  EndSubscription,
  ExtendSubscription,
  ListLedgerEntries,
  ListOrders,
  ListRefunds,
  ListSubscriptions,
  ReadOrder,
  ReadSalesBoard,
  ReadSalesOfBot,
  ReadTrialBalance,
  RefundOrder,
} from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { DataSource, EntityManager } from 'typeorm';
import { LedgerReports } from '../ledger/ledger-reports.service';
import { SalesBoardService } from './sales-board.service';
import { SalesService } from './sales.service';
import { SubscribersService } from './subscribers.service';

@Controller()
export class BackOfficeController {
  constructor(
    private readonly db: DataSource,
    private readonly sales: SalesService,
    private readonly subscribers: SubscribersService,
    private readonly ledger: LedgerReports,
    private readonly boards: SalesBoardService,
  ) {}

  @Implements(ListOrders)
  orders(request: RequestOf<typeof ListOrders>): Promise<AnswerOf<typeof ListOrders>> {
    return this.sales.list(request);
  }

  @Implements(ReadOrder)
  order(request: RequestOf<typeof ReadOrder>): Promise<AnswerOf<typeof ReadOrder>> {
    return this.sales.read(request);
  }

  @Implements(RefundOrder)
  refund(request: RequestOf<typeof RefundOrder>, tx: EntityManager): Promise<AnswerOf<typeof RefundOrder>> {
    return this.sales.refund(tx, request);
  }

  @Implements(ListRefunds)
  refunds(request: RequestOf<typeof ListRefunds>): Promise<AnswerOf<typeof ListRefunds>> {
    return this.sales.listRefunds(request);
  }

  @Implements(ListSubscriptions)
  subscriptions(request: RequestOf<typeof ListSubscriptions>): Promise<AnswerOf<typeof ListSubscriptions>> {
    return this.subscribers.list(request);
  }

  @Implements(ExtendSubscription)
  extend(request: RequestOf<typeof ExtendSubscription>): Promise<AnswerOf<typeof ExtendSubscription>> {
    return this.db.transaction((tx) => this.subscribers.extend(tx, request));
  }

  @Implements(EndSubscription)
  end(request: RequestOf<typeof EndSubscription>): Promise<AnswerOf<typeof EndSubscription>> {
    return this.db.transaction((tx) => this.subscribers.end(tx, request));
  }

  @Implements(AnnounceSubscriptions)
  announce(
    request: RequestOf<typeof AnnounceSubscriptions>,
    tx: EntityManager,
  ): Promise<AnswerOf<typeof AnnounceSubscriptions>> {
    return this.subscribers.announce(tx, request);
  }

  @Implements(ReadSalesBoard)
  board(request: RequestOf<typeof ReadSalesBoard>): Promise<AnswerOf<typeof ReadSalesBoard>> {
    return this.boards.read(request);
  }

  @Implements(ReadSalesOfBot)
  boardOfBot(request: RequestOf<typeof ReadSalesOfBot>): Promise<AnswerOf<typeof ReadSalesOfBot>> {
    return this.boards.read(request);
  }

  @Implements(ReadTrialBalance)
  balance(): Promise<AnswerOf<typeof ReadTrialBalance>> {
    return this.ledger.trialBalance(this.db.manager);
  }

  @Implements(ListLedgerEntries)
  entries(request: RequestOf<typeof ListLedgerEntries>): Promise<AnswerOf<typeof ListLedgerEntries>> {
    return this.ledger.list(this.db.manager, request);
  }
}
