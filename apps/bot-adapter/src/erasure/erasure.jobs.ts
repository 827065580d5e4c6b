import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import { BotAdapterPersonErased } from '@switchboard/contracts';
import { ErasePerson, ErasePersonAgain, Erasure, type JobRun, type PayloadOf, Runs } from '@switchboard/service-kit';
import { DeliveriesRepository } from '../deliveries/deliveries.repository';
import { QuarantineService } from '../inbound/quarantine.service';
import { MediaService } from '../media/media.service';

@Injectable()
export class ErasureJobs {
  constructor(
    private readonly erasure: Erasure,
    private readonly outbox: Outbox,
    deliveries: DeliveriesRepository,
    quarantine: QuarantineService,
    media: MediaService,
  ) {
    erasure.add({
      async before(userId, signal) {
        // The last thing to be sent is that they will be erased.
        await deliveries.untilNothingWaitsFor(userId, signal);
        await media.deleteFilesOf(userId);
      },
      async rows(tx, userId) {
        await quarantine.forget(tx, userId);
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
