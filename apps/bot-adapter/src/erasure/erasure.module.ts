import { Module } from '@nestjs/common';
import { BotAdapterPersonErased } from '@switchboard/contracts';
import { Erasure, PersonErasureModule } from '@switchboard/service-kit';
import { ContactsModule } from '../contacts/contacts.module';
import { ErasureRequestsJobs } from '../contacts/erasure-requests.jobs';
import { IdentitiesService } from '../contacts/identities.service';
import { DeliveriesModule } from '../deliveries/deliveries.module';
import { DeliveriesRepository } from '../deliveries/deliveries.repository';
import { InboundModule } from '../inbound/inbound.module';
import { QuarantineService } from '../inbound/quarantine.service';
import { MediaJobs } from '../media/media.jobs';
import { MediaModule } from '../media/media.module';
import { ErasureJobs } from './erasure.jobs';

/** What the erasure of a person takes here besides the entries of the data map. */
@Module({
  imports: [
    ContactsModule,
    DeliveriesModule,
    InboundModule,
    MediaModule,
    PersonErasureModule.saying(BotAdapterPersonErased),
  ],
  providers: [ErasureJobs],
})
export class ErasureModule {
  constructor(
    erasure: Erasure,
    deliveries: DeliveriesRepository,
    quarantine: QuarantineService,
    media: MediaJobs,
    requests: ErasureRequestsJobs,
    identities: IdentitiesService,
    jobs: ErasureJobs,
  ) {
    erasure.add({
      async before(userId, signal) {
        // The last thing to be sent is that they will be erased.
        await deliveries.untilNothingWaitsFor(userId, signal);
      },
      async rows(tx, userId) {
        await requests.note(tx, userId);
        await identities.eraseFormer(tx, userId);
        await media.forgetOf(tx, userId);
        await quarantine.forget(tx, userId);
        await jobs.forgetInGroups(tx, userId);
      },
    });
  }
}
