import { type DynamicModule, Module } from '@nestjs/common';
import { CHANNEL_KINDS, type ChannelKinds, ChannelsService } from './channels.service';
import { ConnectedAccounts } from './connected-accounts';
import { PublicFilesController } from './public-files.controller';
import { PublicFilesService } from './public-files.service';

@Module({})
export class ChannelsModule {
  /** Global, because every floor above asks a bot's channel. */
  static with(kinds: ChannelKinds): DynamicModule {
    return {
      module: ChannelsModule,
      global: true,
      controllers: [PublicFilesController],
      providers: [{ provide: CHANNEL_KINDS, useValue: kinds }, ChannelsService, ConnectedAccounts, PublicFilesService],
      exports: [CHANNEL_KINDS, ChannelsService, ConnectedAccounts],
    };
  }
}
