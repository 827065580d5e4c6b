import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import { BotAdapterPersonErased } from '@switchboard/contracts';
import { ErasePerson, ErasePersonAgain, Erasure, type JobRun, type PayloadOf, Runs } from '@switchboard/service-kit';
import { ErasureRequestsJobs } from '../contacts/erasure-requests.jobs';
import { DeliveriesRepository } from '../deliveries/deliveries.repository';
import { ButtonsService } from '../dialogs/buttons.service';
import { QuarantineService } from '../inbound/quarantine.service';
import { MediaJobs } from '../media/media.jobs';

@Injectable()
export class ErasureJobs {
  constructor(
    private readonly erasure: Erasure,
    private readonly outbox: Outbox,
    deliveries: DeliveriesRepository,
    buttons: ButtonsService,
    quarantine: QuarantineService,
    media: MediaJobs,
    requests: ErasureRequestsJobs,
  ) {
    erasure.add({
      async before(userId, signal) {
        // The last thing to be sent is that they will be erased.
        await deliveries.untilNothingWaitsFor(userId, signal);
      },
      async rows(tx, userId) {
        await requests.note(tx, userId);
        await media.forgetOf(tx, userId);
        await quarantine.forget(tx, userId);
        await buttons.forgetOf(tx, userId);
        await deliveries.forgetInGroups(tx, userId);
      },
    });
  }

  @Runs(ErasePerson)
  erase(asked: PayloadOf<typeof ErasePerson>, { signal }: JobRun): Promise<void> {
    return this.erasure.erase(asked, signal, (tx) => this.outbox.add(tx, BotAdapterPersonErased(asked)));
  }

  @Runs(ErasePersonAgain)
  eraseAgain(asked: PayloadOf<typeof ErasePersonAgain>, { signal }: JobRun): Promise<void> {
    return this.erasure.eraseAgain(asked, signal);
  }
}
