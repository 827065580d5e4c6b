import { Module } from '@nestjs/common';
import { BotsModule } from '../bots/bots.module';
import { ChannelPaymentsModule } from '../channel-payments/channel-payments.module';
import { ContactsModule } from '../contacts/contacts.module';
import { DeliveriesModule } from '../deliveries/deliveries.module';
import { DialogsModule } from '../dialogs/dialogs.module';
import { MediaModule } from '../media/media.module';
import { CommentRepliesJobs } from './comment-replies.jobs';
import { EchoesJobs } from './echoes.jobs';
import { InboundUpdatesController } from './inbound-updates.controller';
import { InboundUpdatesService } from './inbound-updates.service';
import { PollingService } from './polling.service';
import { QuarantineService } from './quarantine.service';
import { ReceiptsService } from './receipts.service';
import { ReceiversController } from './receivers.controller';
import { ReceiversJobs } from './receivers.jobs';
import { ReceiversService } from './receivers.service';
import { TurnAwayJobs } from './turn-away.jobs';
import { WebhooksController } from './webhooks.controller';

@Module({
  imports: [BotsModule, MediaModule, ContactsModule, ChannelPaymentsModule, DeliveriesModule, DialogsModule],
  controllers: [WebhooksController, InboundUpdatesController, ReceiversController],
  providers: [
    InboundUpdatesService,
    EchoesJobs,
    CommentRepliesJobs,
    ReceiptsService,
    PollingService,
    QuarantineService,
    ReceiversService,
    ReceiversJobs,
    TurnAwayJobs,
  ],
  exports: [QuarantineService],
})
export class InboundModule {}
