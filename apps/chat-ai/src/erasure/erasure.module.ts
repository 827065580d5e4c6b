import { Module } from '@nestjs/common';
import { ChatAiPersonErased } from '@switchboard/contracts';
import { Erasure, PersonErasureModule } from '@switchboard/service-kit';
import { AccountingModule } from '../accounting/accounting.module';
import { BudgetsService } from '../accounting/budgets.service';
import { ConversationsModule } from '../conversations/conversations.module';
import { ConversationsService } from '../conversations/conversations.service';
import { DeskModule } from '../desk/desk.module';
import { TicketsService } from '../desk/tickets.service';
import { TurnsJobs } from '../turns/turns.jobs';
import { TurnsModule } from '../turns/turns.module';

/** What the erasure of a person takes here besides the entries of the data map. */
@Module({
  imports: [
    AccountingModule,
    ConversationsModule,
    DeskModule,
    TurnsModule,
    PersonErasureModule.saying(ChatAiPersonErased),
  ],
})
export class ErasureModule {
  constructor(
    erasure: Erasure,
    conversations: ConversationsService,
    tickets: TicketsService,
    turns: TurnsJobs,
    budgets: BudgetsService,
  ) {
    erasure.add({
      async rows(tx, userId) {
        await tickets.forget(tx, userId);
        // What others in the same groups wait for is answered anew.
        for (const each of await conversations.forgetInGroups(tx, userId)) await turns.request(tx, each);
        await budgets.forget(tx, userId);
      },
    });
  }
}
