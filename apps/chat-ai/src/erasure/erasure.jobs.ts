import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import { ChatAiPersonErased } from '@switchboard/contracts';
import { ErasePerson, ErasePersonAgain, Erasure, type JobRun, type PayloadOf, Runs } from '@switchboard/service-kit';
import { BudgetsService } from '../accounting/budgets.service';
import { ConversationsService } from '../conversations/conversations.service';
import { TurnsJobs } from '../turns/turns.jobs';

@Injectable()
export class ErasureJobs {
  constructor(
    private readonly erasure: Erasure,
    private readonly outbox: Outbox,
    conversations: ConversationsService,
    turns: TurnsJobs,
    budgets: BudgetsService,
  ) {
    erasure.add({
      async rows(tx, userId) {
        for (const each of await conversations.forgetInGroups(tx, userId)) await turns.request(tx, each);
        await budgets.forget(tx, userId);
      },
    });
  }

  @Runs(ErasePerson)
  erase(asked: PayloadOf<typeof ErasePerson>, { signal }: JobRun): Promise<void> {
    return this.erasure.erase(asked, signal, (tx) => this.outbox.add(tx, ChatAiPersonErased(asked)));
  }

  @Runs(ErasePersonAgain)
  eraseAgain(asked: PayloadOf<typeof ErasePersonAgain>, { signal }: JobRun): Promise<void> {
    return this.erasure.eraseAgain(asked, signal);
  }
}
