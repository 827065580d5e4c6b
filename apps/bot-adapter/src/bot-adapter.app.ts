import { defineApp } from '@switchboard/service-kit';
import { CreateChats1764100000000 } from '../migrations/1764100000000-create-chats';
import { CreateDeliveries1764100000001 } from '../migrations/1764100000001-create-deliveries';
import { botAdapterConfig } from './bot-adapter.config';
import { botAdapterDataMap } from './bot-adapter.data-map';
import { BotAdapterModule } from './bot-adapter.module';
import { Callback } from './callbacks/callback.entity';
import { Chat } from './contacts/chat.entity';
import { Contact } from './contacts/contact.entity';
import { Delivery } from './deliveries/delivery.entity';
import { Media } from './media/media.entity';
import { InboundMessageRow } from './receiving/inbound-message.entity';
import { InboundUpdate } from './receiving/inbound-update.entity';
import { Speech } from './speech/speech.entity';
import { StreamRow } from './streaming/stream.entity';

export const botAdapterApp = defineApp({
  name: 'bot-adapter',
  module: BotAdapterModule,
  config: botAdapterConfig,
  entities: [Chat, Contact, Media, InboundUpdate, InboundMessageRow, Delivery, StreamRow, Callback, Speech],
  migrations: [CreateChats1764100000000, CreateDeliveries1764100000001],
  encrypted: ['contacts.profile', 'deliveries.content', 'inbound_updates.content'],
  dataMap: botAdapterDataMap,
  port: 4101,
});
