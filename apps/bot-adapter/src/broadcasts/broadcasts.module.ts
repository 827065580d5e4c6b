import { Module } from '@nestjs/common';
import { ContactsModule } from '../contacts/contacts.module';
import { DeliveriesModule } from '../deliveries/deliveries.module';
import { DialogsModule } from '../dialogs/dialogs.module';
import { BroadcastsController } from './broadcasts.controller';
import { BroadcastsJobs } from './broadcasts.jobs';
import { BroadcastsService } from './broadcasts.service';
import { RecipientsService } from './recipients.service';
import { SegmentsService } from './segments.service';

@Module({
  imports: [ContactsModule, DeliveriesModule, DialogsModule],
  controllers: [BroadcastsController],
  providers: [BroadcastsService, BroadcastsJobs, RecipientsService, SegmentsService],
})
export class BroadcastsModule {}
