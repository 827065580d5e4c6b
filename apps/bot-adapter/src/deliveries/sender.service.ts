import { Inject, Injectable } from '@nestjs/common';
import { isInfrastructureError } from '@switchboard/bus';
import { type JobRun, LOG, type Log, type PayloadOf, Runs } from '@switchboard/service-kit';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import type { Channel } from '../channels/channel';
import { ChannelBusy, ChatMoved, OutcomeUnknown, NotSent, Rejected, Unreachable } from '../channels/channel-errors';
import { ChannelsService } from '../channels/channels.service';
import { Previews } from '../streaming/previews.service';
import { ChatLanes } from './chat-lanes';
import { Deliver, Deliveries } from './deliveries.service';
import { DeliveryMetrics } from './delivery-metrics';
import type { DeliveryKind } from './delivery.entity';
import { DeliveryRecords, type Waiting } from './delivery-records';
import { OutboundParts, type Part } from './outbound-parts';
import { SendLimits } from './send-limits';

/**
 * With the waits between them 20 last for about two hours, 6 for half a minute. Whatever fails holds up what comes
 * after it in its chat, and only an answer is worth that.
 */
const MAX_TRIES: Record<DeliveryKind, number> = { text: 20, voice: 6, notice: 6 };
const LONGEST_WAIT_MS = 600_000;

const backoffMs = (tries: number) => Math.min(1000 * 2 ** (tries - 1), LONGEST_WAIT_MS);

/** A stopping service gives a call that it has begun this long to end. */
const GRACE_MS = 3000;

class Abandoned extends Error {
  override readonly name = 'Abandoned';
}

/** Later: the job ends, and comes back in so many milliseconds. */
type Next = 'go on' | { inMs: number };

/** Works through what waits for a chat, one message after the other. One job per chat, so the order is kept. */
@Injectable()
export class Sender {
  constructor(
    private readonly db: DataSource,
    private readonly channels: ChannelsService,
    private readonly records: DeliveryRecords,
    private readonly deliveries: Deliveries,
    private readonly parts: OutboundParts,
    private readonly limits: SendLimits,
    private readonly lanes: ChatLanes,
    private readonly previews: Previews,
    private readonly metrics: DeliveryMetrics,
    @Inject(LOG) private readonly log: Log,
  ) {}

  @Runs(Deliver)
  async run({ chatId }: PayloadOf<typeof Deliver>, { signal }: JobRun): Promise<void> {
    for (let waiting = await this.records.next(chatId); waiting; waiting = await this.records.next(chatId)) {
      const next = signal.aborted ? { inMs: 0 } : await this.advance(waiting, signal);
      if (next === 'go on') continue;
      return this.db.transaction((tx) => this.deliveries.wake(tx, chatId, next.inMs));
    }
  }

  private async advance(waiting: Waiting, signal: AbortSignal): Promise<Next> {
    const { delivery, chat } = waiting;
    if (chat.blockedAt) return this.end(this.records.chatUnreachable(chat, 'blocked'));
    const channel = this.channels.find(chat.botId);
    if (!channel) return this.end(this.records.giveUp(waiting, 'chat_gone'));
    const restMs = (chat.nextSendAt?.getTime() ?? 0) - Date.now();
    if (restMs > 0) return { inMs: restMs };
    if (delivery.tries >= MAX_TRIES[delivery.kind]) return this.end(this.records.giveUp(waiting, 'gave_up'));

    const part = await this.prepare(waiting, channel);
    if (part === 'go on' || 'inMs' in part) return part;
    const right = this.limits.reserve(chat);
    if ('askAgainMs' in right) return { inMs: right.askAgainMs };
    if (right.waitMs > 0) await sleep(right.waitMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return { inMs: 0 };

    // Somebody began this call and never told how it ended: their process is dead.
    if (delivery.state === 'sending') this.noteDoubt(waiting, part, 'crash');
    if (!(await this.records.begin(delivery))) return 'go on';
    return this.send(waiting, part, channel, signal);
  }

  /** What can fail before anything was sent. */
  private async prepare(waiting: Waiting, channel: Channel): Promise<Part | Next> {
    try {
      return await this.parts.next(waiting.delivery, channel);
    } catch (error) {
      if (isInfrastructureError(error)) throw error;
      if (error instanceof NotSent) return this.retry(waiting, error);
      this.log.error({ err: error, deliveryId: waiting.delivery.id }, 'a delivery cannot be sent as it is');
      return this.end(this.records.giveUp(waiting, 'rejected'));
    }
  }

  private async send(waiting: Waiting, part: Part, channel: Channel, signal: AbortSignal): Promise<Next> {
    const { delivery, chat } = waiting;
    try {
      const sending = this.lanes.run(chat.id, () => {
        if (delivery.kind === 'text') this.previews.finish(chat.id, delivery.causeId);
        return channel.send(chat, part.message, part.options);
      });
      const { externalMessageId } = await withGrace(sending, signal);
      await this.records.accepted(waiting, part.of, externalMessageId);
      return 'go on';
    } catch (error) {
      return this.afterFailure(waiting, part, error);
    }
  }

  private async afterFailure(waiting: Waiting, part: Part, error: unknown): Promise<Next> {
    const { delivery, chat } = waiting;
    // The row stays `sending`: whoever comes next knows of the doubt.
    if (error instanceof Abandoned) return { inMs: 0 };
    if (error instanceof ChannelBusy) {
      this.limits.cool(chat, error.retryAfterSeconds);
      await this.records.restChat(chat.id, error.retryAfterSeconds);
      await this.records.postpone(delivery, { counts: false });
      return { inMs: error.retryAfterSeconds * 1000 };
    }
    if (error instanceof ChatMoved) {
      await this.records.postpone(delivery, { counts: true });
      return this.end(this.records.chatMoved(chat, error.to));
    }
    if (error instanceof Unreachable) return this.end(this.records.chatUnreachable(chat, error.reason));
    if (error instanceof Rejected) {
      this.log.error({ err: error, deliveryId: delivery.id, bot: chat.botId }, 'the channel rejected a message');
      return this.end(this.records.giveUp(waiting, 'rejected'));
    }
    if (error instanceof OutcomeUnknown) this.noteDoubt(waiting, part, error.cause);
    else if (!(error instanceof NotSent)) throw error;
    return this.retry(waiting, error);
  }

  private async retry({ delivery, chat }: Waiting, error: Error): Promise<Next> {
    const inMs = backoffMs(delivery.tries + 1);
    this.log.warn(
      { err: error, deliveryId: delivery.id, bot: chat.botId, tries: delivery.tries + 1, inMs },
      'a message was not sent',
    );
    // New deliveries wake the job early; the chat rests all the same.
    await this.records.restChat(chat.id, inMs / 1000);
    await this.records.postpone(delivery, { counts: true });
    return { inMs };
  }

  /** An edit sent twice is seen once, so there is no doubt about edits. */
  private noteDoubt({ delivery, chat }: Waiting, { options }: Part, cause: string): void {
    if (options.edits) return;
    this.metrics.inDoubt.inc({ bot: chat.botId, cause });
    this.log.warn(
      { deliveryId: delivery.id, bot: chat.botId, cause },
      'it is not known whether a message was sent; it is sent again',
    );
  }

  private async end(done: Promise<void>): Promise<Next> {
    await done;
    return 'go on';
  }
}

/** Rejects with Abandoned when the service stops and the call does not end soon after. */
function withGrace<T>(call: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const stopping = () => {
      timer = setTimeout(() => reject(new Abandoned('the service stopped while it sent a message')), GRACE_MS);
    };
    const settled = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stopping);
    };
    signal.addEventListener('abort', stopping, { once: true });
    void call.then(resolve, reject).finally(settled);
  });
}
