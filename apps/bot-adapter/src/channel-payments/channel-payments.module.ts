import { Module } from '@nestjs/common';
import { ContactsModule } from '../contacts/contacts.module';
import { ChannelPaymentsController } from './channel-payments.controller';
import { ChannelPaymentsService } from './channel-payments.service';
import { CheckoutsService } from './checkouts.service';

@Module({
  imports: [ContactsModule],
  controllers: [ChannelPaymentsController],
  providers: [ChannelPaymentsService, CheckoutsService],
  exports: [ChannelPaymentsService, CheckoutsService],
})
export class ChannelPaymentsModule {}
