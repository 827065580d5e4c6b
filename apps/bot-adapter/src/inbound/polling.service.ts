import { Inject, Injectable } from '@nestjs/common';
import { LOG, type Log, type PeriodicTask, PeriodicTasks } from '@switchboard/service-kit';
import { setTimeout as sleep } from 'node:timers/promises';
import { BotLeaderElection } from '../bots/bot-leader-election';
import type { InboundUpdate, Polling } from '../channels/channel';
import { ChannelBusy, ReceivedElsewhere } from '../channels/channel-errors';
import { ChannelsService } from '../channels/channels.service';
import { InboundUpdatesService } from './inbound-updates.service';
import { ReceiversService } from './receivers.service';

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;

export const PollChannels: PeriodicTask = {
  name: 'poll-channels',
  // Channels keep a question open for so long when nobody writes.
  everyMs: 30_000,
  purpose: 'Asks the channels of the bots that this process leads for updates, where no webhook brings them.',
};

/** Asks channels for updates that are not brought to a public address. Done by the process that leads the bot. */
@Injectable()
export class PollingService {
  constructor(
    private readonly channels: ChannelsService,
    private readonly receivers: ReceiversService,
    private readonly updates: InboundUpdatesService,
    private readonly tasks: PeriodicTasks,
    @Inject(LOG) private readonly log: Log,
    leaders: BotLeaderElection,
  ) {
    leaders.onLead((botId, signal) => this.receive(botId, signal));
  }

  private async receive(botId: string, signal: AbortSignal): Promise<void> {
    const { polling, account } = this.channels.find(botId) ?? {};
    if (!polling || account === undefined || this.receivers.webhookOf(botId)) return;
    const loop = this.tasks.watch(PollChannels);
    signal.addEventListener('abort', () => loop.end(), { once: true });
    for (let failures = 0; !signal.aborted;) {
      try {
        await this.receivers.direct(botId);
        // Before anything new, so that the order stays.
        await this.updates.release(botId, signal);
        await this.poll({ botId, account, polling }, signal, () => {
          failures = 0;
          loop.done();
        });
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        loop.failed();
        const waitMs = error instanceof ChannelBusy ? error.retryAfterSeconds * 1000 : backoffMs(failures);
        const level = error instanceof ReceivedElsewhere ? 'error' : 'warn';
        this.log[level]({ err: error, bot: botId, waitMs }, 'polling for updates failed');
        await sleep(waitMs, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  /** The cursor moves only after the commit: what was not processed comes again. What is urgent would be of no use then. */
  private async poll(
    { botId, account, polling }: { botId: string; account: string; polling: Polling },
    signal: AbortSignal,
    onAnswer: () => void,
  ): Promise<void> {
    let cursor = polling.isForgetful ? await this.receivers.cursorOf(botId, account) : undefined;
    while (!signal.aborted) {
      const next = await polling.next(cursor, signal);
      onAnswer();
      await this.receivers.heard(botId);
      // Not behind the others of the batch: Telegram takes the answer for ten seconds.
      for (const update of next.updates) if (update.isUrgent) this.processAside(update);
      for (const update of next.updates) {
        if (signal.aborted) return;
        if (!update.isUrgent) await this.updates.process(update);
      }
      if (polling.isForgetful && next.cursor !== cursor) await this.receivers.moveCursor(botId, account, next.cursor);
      cursor = next.cursor;
    }
  }

  /** Whoever is waited for to answer it may be slow, and others are not to wait for that. */
  private processAside(update: InboundUpdate): void {
    this.updates
      .process(update)
      .catch((error: unknown) =>
        this.log.warn({ err: error, bot: update.botId }, 'an urgent update was not processed'),
      );
  }
}

const backoffMs = (failures: number) => Math.min(FIRST_WAIT_MS * 2 ** (failures - 1), LONGEST_WAIT_MS);
