import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, LOG, type Log } from '@switchboard/service-kit';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BotAdapterConfig } from '../../bot-adapter.config';
import { BotLeaderElection } from '../../bots/bot-leader-election';
import { type Bot, BotsService } from '../../bots/bots.service';
import { InboundUpdatesService } from '../../inbound/inbound-updates.service';
import { ChannelBusy } from '../channel-errors';
import { ChannelsService } from '../channels.service';
import type { TelegramApi } from './telegram.api';
import type { TelegramChannel } from './telegram.channel';

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;

/** Long polling, where no public address is configured. Done by the process that leads the bot. */
@Injectable()
export class TelegramPoller {
  constructor(
    leads: BotLeaderElection,
    private readonly bots: BotsService,
    private readonly channels: ChannelsService,
    private readonly updates: InboundUpdatesService,
    @Inject(CONFIG) config: BotAdapterConfig,
    @Inject(LOG) private readonly log: Log,
  ) {
    if (!config.BOT_ADAPTER_PUBLIC_URL) leads.onLead((botId, signal) => this.poll(botId, signal));
  }

  private async poll(botId: string, signal: AbortSignal): Promise<void> {
    const bot = this.bots.find(botId)!;
    const { api } = this.channels.find(botId) as TelegramChannel;
    for (let failures = 0; !signal.aborted;) {
      try {
        // While a webhook is set Telegram refuses to be polled; it may have been set by an earlier configuration.
        await api.ask('deleteWebhook', {});
        await this.pollUntilTrouble(bot, api, signal, () => (failures = 0));
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        const wait = error instanceof ChannelBusy ? error.retryAfterSeconds * 1000 : backoffMs(failures);
        this.log.warn({ err: error, bot: botId, wait }, 'polling for updates failed');
        await sleep(wait, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  /** The offset moves only after the commit: what was not processed comes again. */
  private async pollUntilTrouble(bot: Bot, api: TelegramApi, signal: AbortSignal, onAnswer: () => void): Promise<void> {
    for (let offset = 0; !signal.aborted;) {
      const updates = await api.updates(offset, signal);
      onAnswer();
      for (const update of updates) {
        if (signal.aborted) return;
        offset = Number(await this.updates.processPolled(bot, update)) + 1;
      }
    }
  }
}

const backoffMs = (failures: number) => Math.min(FIRST_WAIT_MS * 2 ** (failures - 1), LONGEST_WAIT_MS);
