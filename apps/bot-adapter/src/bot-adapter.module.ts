import { Module } from '@nestjs/common';
import { BotLeaderElection } from './bots/bot-leader-election';
import { BotsService } from './bots/bots.service';
import { Callbacks } from './callbacks/callbacks.service';
import { CHANNEL_FACTORIES, ChannelsService } from './channels/channels.service';
import { telegram } from './channels/telegram/telegram.channel';
import { TelegramPoller } from './channels/telegram/telegram.poller';
import { TelegramSetup } from './channels/telegram/telegram.setup';
import { TelegramWebhookController } from './channels/telegram/telegram.webhook.controller';
import { ContactsService } from './contacts/contacts.service';
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
import { MediaService } from './media/media.service';
import { Assistant } from './products/assistant/assistant';
import { InboundUpdatesService } from './inbound/inbound-updates.service';
import { Retention } from './retention/retention.service';
import { SpeechHandlers } from './speech/speech.handlers';
import { Speeches } from './speech/speeches.service';
import { Previews } from './streaming/previews.service';
import { StreamingHandlers } from './streaming/streaming.handlers';

@Module({
  controllers: [TelegramWebhookController, MediaController, DeliveriesHandlers, SpeechHandlers, StreamingHandlers],
  providers: [
    BotsService,
    BotLeaderElection,
    { provide: CHANNEL_FACTORIES, useValue: [telegram] },
    ChannelsService,
    TelegramPoller,
    TelegramSetup,
    InboundUpdatesService,
    ContactsService,
    MediaService,
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
    Retention,
  ],
})
export class BotAdapterModule {}
