import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '@switchboard/service-kit';
import { Registry } from 'prom-client';
import type { BotAdapterConfig } from '../bot-adapter.config';
import { Bots } from '../bots/bots';
import { TelegramApi } from './telegram/telegram.api';
import { TelegramChannel } from './telegram/telegram.channel';

/** The channel of each bot. */
@Injectable()
export class Channels {
  private readonly byBot: ReadonlyMap<string, TelegramChannel>;

  constructor(bots: Bots, registry: Registry, @Inject(CONFIG) config: BotAdapterConfig) {
    const sendTimeoutMs = config.BOT_ADAPTER_SEND_TIMEOUT_MS;
    this.byBot = new Map(
      bots.all().map((bot) => [bot.id, new TelegramChannel(new TelegramApi({ ...bot, registry, sendTimeoutMs }))]),
    );
  }

  /** Undefined for a bot that was taken out of the configuration. */
  of(botId: string): TelegramChannel | undefined {
    return this.byBot.get(botId);
  }
}
