import { Module } from '@nestjs/common';
import { ContactsModule } from '../contacts/contacts.module';
import { DeliveriesHandlers } from './deliveries.handlers';
import { DeliveriesJobs } from './deliveries.jobs';
import { DeliveriesRepository } from './deliveries.repository';
import { DeliveriesService } from './deliveries.service';
import { KeyedQueue } from './keyed-queue';
import { MessageRenderer } from './message-renderer';
import { ReplyDecorators } from './reply-decorators';
import { SendLimits } from './send-limits';

@Module({
  imports: [ContactsModule],
  controllers: [DeliveriesHandlers],
  providers: [
    DeliveriesService,
    DeliveriesJobs,
    DeliveriesRepository,
    MessageRenderer,
    ReplyDecorators,
    SendLimits,
    KeyedQueue,
  ],
  exports: [DeliveriesService, DeliveriesJobs, DeliveriesRepository, ReplyDecorators, SendLimits, KeyedQueue],
})
export class DeliveriesModule {}
