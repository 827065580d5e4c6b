import { Module } from '@nestjs/common';
import { BotLeads } from './bots/bot-leads';
import { Bots } from './bots/bots';
import { Callbacks } from './callbacks/callbacks.service';
import { Channels } from './channels/channels';
import { TelegramPoller } from './channels/telegram/telegram.poller';
import { TelegramSetup } from './channels/telegram/telegram.setup';
import { TelegramWebhookController } from './channels/telegram/telegram.webhook.controller';
import { Contacts } from './contacts/contacts.service';
import { ChatLanes } from './deliveries/chat-lanes';
import { DeliveriesHandlers } from './deliveries/deliveries.handlers';
import { Deliveries } from './deliveries/deliveries.service';
import { DeliveryMetrics } from './deliveries/delivery-metrics';
import { DeliveryRecords } from './deliveries/delivery-records';
import { OutboundParts } from './deliveries/outbound-parts';
import { Replies } from './deliveries/replies.service';
import { SendLimits } from './deliveries/send-limits';
import { Sender } from './deliveries/sender.service';
import { MediaController } from './media/media.controller';
import { MediaFiles } from './media/media-files.service';
import { Assistant } from './products/assistant/assistant';
import { Receiving } from './receiving/receiving.service';
import { RetentionModule } from './retention/retention.module';
import { SpeechHandlers } from './speech/speech.handlers';
import { Speeches } from './speech/speeches.service';
import { Previews } from './streaming/previews.service';
import { StreamingHandlers } from './streaming/streaming.handlers';

@Module({
  imports: [RetentionModule],
  controllers: [TelegramWebhookController, MediaController, DeliveriesHandlers, SpeechHandlers, StreamingHandlers],
  providers: [
    Bots,
    BotLeads,
    Channels,
    TelegramPoller,
    TelegramSetup,
    Receiving,
    Contacts,
    MediaFiles,
    Callbacks,
    Assistant,
    Speeches,
    Replies,
    Deliveries,
    DeliveryRecords,
    DeliveryMetrics,
    OutboundParts,
    SendLimits,
    ChatLanes,
    Sender,
    Previews,
  ],
})
export class BotAdapterModule {}
