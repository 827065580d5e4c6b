import { type DynamicModule, Module } from '@nestjs/common';
import { CHANNEL_KINDS, type ChannelKinds, ChannelsService } from './channels.service';

@Module({})
export class ChannelsModule {
  /** Global, because every floor above asks a bot's channel. */
  static with(kinds: ChannelKinds): DynamicModule {
    return {
      module: ChannelsModule,
      global: true,
      providers: [{ provide: CHANNEL_KINDS, useValue: kinds }, ChannelsService],
      exports: [CHANNEL_KINDS, ChannelsService],
    };
  }
}
