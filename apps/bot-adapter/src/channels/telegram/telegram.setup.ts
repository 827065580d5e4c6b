import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { Locale } from '@switchboard/contracts';
import { CONFIG, defineJob, Jobs, type PayloadOf, Runs } from '@switchboard/service-kit';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import type { BotAdapterConfig } from '../../bot-adapter.config';
import { type Bot, BotsService } from '../../bots/bots.service';
import { COMMANDS } from '../../products/assistant/commands';
import { say } from '../../texts/texts';
import { ChannelsService } from '../channels.service';
import { ALLOWED_UPDATES, type TelegramApi } from './telegram.api';
import type { TelegramChannel } from './telegram.channel';
import { webhookSecret } from './webhook-secret';

const SetUpBot = defineJob('set-up-bot', z.object({ botId: z.string() }));

/** Telegram's default; we answer within milliseconds, so more would only mean more open connections. */
const MAX_CONNECTIONS = 40;

/** Tells Telegram what a bot can do and where its updates go. A job, because Telegram may be away when we start. */
@Injectable()
export class TelegramSetup implements OnApplicationBootstrap {
  constructor(
    private readonly bots: BotsService,
    private readonly channels: ChannelsService,
    private readonly db: DataSource,
    private readonly jobs: Jobs,
    @Inject(CONFIG) private readonly config: BotAdapterConfig,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.db.transaction(async (tx) => {
      for (const { id: botId } of this.bots.all())
        await this.jobs.add(tx, SetUpBot, { botId }, { key: `set-up:${botId}` });
    });
  }

  @Runs(SetUpBot)
  async setUp({ botId }: PayloadOf<typeof SetUpBot>): Promise<void> {
    const bot = this.bots.find(botId);
    // Taken out of the configuration since the job was added.
    if (!bot) return;
    const { api } = this.channels.find(botId) as TelegramChannel;
    if (this.config.BOT_ADAPTER_PUBLIC_URL) await this.setWebhook(bot, api, this.config.BOT_ADAPTER_PUBLIC_URL);
    // Without a language: what people with any other language see.
    await api.ask('setMyCommands', { commands: commandsIn('en') });
    for (const locale of ['en', 'ru'] as const) {
      await api.ask('setMyCommands', { commands: commandsIn(locale), language_code: locale });
    }
  }

  private async setWebhook(bot: Bot, api: TelegramApi, publicUrl: string): Promise<void> {
    await api.ask('setWebhook', {
      url: `${publicUrl.replace(/\/$/, '')}/telegram/webhook/${bot.id}`,
      secret_token: webhookSecret(bot),
      allowed_updates: ALLOWED_UPDATES,
      max_connections: MAX_CONNECTIONS,
    });
  }
}

const commandsIn = (locale: Locale) =>
  COMMANDS.map((command) => ({ command, description: say(locale, `commands.${command}`) }));
