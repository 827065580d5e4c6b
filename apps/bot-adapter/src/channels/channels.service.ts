import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, ConfigError, LOG, type Log } from '@switchboard/service-kit';
import { Registry } from 'prom-client';
import type { BotAdapterConfig } from '../bot-adapter.config';
import { BotsService } from '../bots/bots.service';
import type { Channel, ChannelFactory } from './channel';

/** The kinds of channels this service was built with: ChannelFactory[]. */
export const CHANNEL_FACTORIES = Symbol('channel factories');

/** The channel of each bot. */
@Injectable()
export class ChannelsService {
  private readonly byBot: ReadonlyMap<string, Channel>;

  constructor(
    bots: BotsService,
    registry: Registry,
    @Inject(CHANNEL_FACTORIES) factories: readonly ChannelFactory[],
    @Inject(CONFIG) config: BotAdapterConfig,
    @Inject(LOG) log: Log,
  ) {
    const deps = { registry, log, sendTimeoutMs: config.BOT_ADAPTER_SEND_TIMEOUT_MS };
    this.byBot = new Map(
      bots.all().map((bot) => {
        const factory = factories.find(({ channel }) => channel === bot.channel);
        if (!factory) throw new ConfigError(`The bot "${bot.id}" is in "${bot.channel}", which is no channel here`);
        return [bot.id, factory.create(bot, deps)];
      }),
    );
  }

  /** Undefined for a bot that was taken out of the configuration. */
  find(botId: string): Channel | undefined {
    return this.byBot.get(botId);
  }
}
