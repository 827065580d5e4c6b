import { Module } from '@nestjs/common';
import { type AppDefinition, type DataMap, defineApp } from '@switchboard/service-kit';
import type { z } from 'zod';
import { CreateChats1764100000000 } from '../migrations/1764100000000-create-chats';
import { CreateDeliveries1764100000001 } from '../migrations/1764100000001-create-deliveries';
import { CreateBroadcasts1764310000000 } from '../migrations/1764310000000-create-broadcasts';
import { AllowPictures1764320000000 } from '../migrations/1764320000000-allow-pictures';
import { CheckKinds1764353010000 } from '../migrations/1764353010000-check-kinds';
import { OpenChannels1764600000000 } from '../migrations/1764600000000-open-channels';
import { CreateConnections1764610000000 } from '../migrations/1764610000000-create-connections';
import { botAdapterConfig } from './bot-adapter.config';
import { botAdapterDataMap } from './bot-adapter.data-map';
import {
  AcceptsSection,
  AccessSection,
  MenuSection,
  ShopSection,
  StaffSection,
  TextsSection,
} from './bots/bot-sections';
import { BotsModule } from './bots/bots.module';
import { Broadcast } from './broadcasts/broadcast.entity';
import { BroadcastsModule } from './broadcasts/broadcasts.module';
import type { ChannelFactory } from './channels/channel';
import { ChannelPaymentsModule } from './channel-payments/channel-payments.module';
import { ChannelsModule } from './channels/channels.module';
import { channelKinds } from './channels/channels.service';
import { Connection, ConnectionAttempt } from './connections/connection.entity';
import { ConnectionsModule } from './connections/connections.module';
import { LookAtConnections } from './connections/connections.service';
import { Chat } from './contacts/chat.entity';
import { Contact } from './contacts/contact.entity';
import { ContactsModule } from './contacts/contacts.module';
import { InboundMessageRow } from './contacts/inbound-message.entity';
import { DeliveriesModule } from './deliveries/deliveries.module';
import { Delivery } from './deliveries/delivery.entity';
import { Preview } from './previews/preview.entity';
import { ButtonRow } from './dialogs/button.entity';
import { Dialog } from './dialogs/dialog.entity';
import type { ProductDefinition } from './dialogs/product';
import { DialogsModule } from './dialogs/dialogs.module';
import { ErasureModule } from './erasure/erasure.module';
import { PollChannels } from './inbound/polling.service';
import { InboundModule } from './inbound/inbound.module';
import { InboundUpdateRow } from './inbound/inbound-update.entity';
import { Receiver } from './inbound/receiver.entity';
import { Media } from './media/media.entity';
import { MediaModule } from './media/media.module';
import { NoticesModule } from './notices/notices.module';
import { PreviewsModule } from './previews/previews.module';
import { RetentionModule } from './retention/retention.module';
import { Speech } from './speech/speech.entity';
import { SpeechModule } from './speech/speech.module';

/** What is plugged into the service: nothing below knows which there are. */
export interface Plugged {
  readonly channels: readonly ChannelFactory[];
  readonly products: readonly ProductDefinition[];
}

/** The service with these channels and products. */
export function defineBotAdapter({ channels, products }: Plugged): AppDefinition {
  const kinds = channelKinds(channels);
  const variables = Object.assign({}, ...channels.map((channel) => channel.variables)) as z.ZodRawShape;

  // From the bottom to the top: a module imports only such as stand before it.
  @Module({
    imports: [
      BotsModule,
      ChannelsModule.with(kinds),
      ConnectionsModule,
      MediaModule,
      ContactsModule,
      ChannelPaymentsModule,
      DeliveriesModule,
      NoticesModule,
      SpeechModule,
      PreviewsModule,
      DialogsModule,
      InboundModule,
      BroadcastsModule,
      ...products.map(({ module }) => module),
      RetentionModule,
      ErasureModule,
    ],
  })
  class BotAdapterModule {}

  return defineApp({
    name: 'bot-adapter',
    module: BotAdapterModule,
    config: botAdapterConfig.extend(variables),
    botSections: {
      channel: kinds.section,
      access: AccessSection,
      texts: TextsSection,
      menu: MenuSection,
      accepts: AcceptsSection,
      shop: ShopSection,
      staff: StaffSection,
    },
    entities: [
      Connection,
      ConnectionAttempt,
      Chat,
      Contact,
      InboundMessageRow,
      Media,
      Delivery,
      Preview,
      Speech,
      ButtonRow,
      Dialog,
      InboundUpdateRow,
      Receiver,
      Broadcast,
      ...products.flatMap(({ entities = [] }) => entities),
    ],
    migrations: [
      CreateChats1764100000000,
      CreateDeliveries1764100000001,
      CreateBroadcasts1764310000000,
      AllowPictures1764320000000,
      CheckKinds1764353010000,
      OpenChannels1764600000000,
      CreateConnections1764610000000,
      ...products.flatMap(({ migrations = [] }) => migrations),
    ],
    tasks: [PollChannels, LookAtConnections],
    dataMap: Object.assign({}, botAdapterDataMap, ...products.map(({ dataMap }) => dataMap)) as DataMap,
    encrypted: ['chats.external_id', 'inbound_updates.content', 'channel_connections.access_token'],
    port: 4101,
  });
}
