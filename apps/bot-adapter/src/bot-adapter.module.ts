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
import { DeliveriesHandlers } from './deliveries/deliveries.handlers';
import { DeliveriesJobs } from './deliveries/deliveries.jobs';
import { DeliveriesRepository } from './deliveries/deliveries.repository';
import { DeliveriesService } from './deliveries/deliveries.service';
import { KeyedQueue } from './deliveries/keyed-queue';
import { MessageRenderer } from './deliveries/message-renderer';
import { SendLimits } from './deliveries/send-limits';
import { MediaController } from './media/media.controller';
import { MediaService } from './media/media.service';
import { PreviewsHandlers } from './previews/previews.handlers';
import { PreviewsJobs } from './previews/previews.jobs';
import { PreviewsRepository } from './previews/previews.repository';
import { PreviewsService } from './previews/previews.service';
import { Assistant } from './products/assistant/assistant';
import { InboundUpdatesService } from './inbound/inbound-updates.service';
import { Retention } from './retention/retention.service';
import { SpeechHandlers } from './speech/speech.handlers';
import { SpeechService } from './speech/speech.service';

@Module({
  controllers: [TelegramWebhookController, MediaController, DeliveriesHandlers, SpeechHandlers, PreviewsHandlers],
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
    SpeechService,
    PreviewsService,
    PreviewsJobs,
    PreviewsRepository,
    DeliveriesService,
    DeliveriesJobs,
    DeliveriesRepository,
    MessageRenderer,
    SendLimits,
    KeyedQueue,
    Retention,
  ],
})
export class BotAdapterModule {}
