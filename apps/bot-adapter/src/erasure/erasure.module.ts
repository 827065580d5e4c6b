import { Module } from '@nestjs/common';
import { ContactsModule } from '../contacts/contacts.module';
import { DeliveriesModule } from '../deliveries/deliveries.module';
import { DialogsModule } from '../dialogs/dialogs.module';
import { InboundModule } from '../inbound/inbound.module';
import { MediaModule } from '../media/media.module';
import { ErasureHandlers } from './erasure.handlers';
import { ErasureJobs } from './erasure.jobs';

@Module({
  imports: [ContactsModule, DeliveriesModule, DialogsModule, InboundModule, MediaModule],
  controllers: [ErasureHandlers],
  providers: [ErasureJobs],
})
export class ErasureModule {}
