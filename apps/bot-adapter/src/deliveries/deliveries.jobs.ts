import { Inject, Injectable } from '@nestjs/common';
import { EncryptionKeyMissing, isInfrastructureError } from '@switchboard/bus';
import {
  Clock,
  CONFIG,
  defineJob,
  type JobRun,
  Jobs,
  LOG,
  type Log,
  type PayloadOf,
  persistently,
  Runs,
} from '@switchboard/service-kit';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource, type EntityManager } from 'typeorm';
import { z } from 'zod';
import type { BotAdapterConfig } from '../bot-adapter.config';
import type { Channel } from '../channels/channel';
import {
  ChannelBusy,
  ChatMoved,
  NotConnected,
  NotSent,
  OutcomeUnknown,
  Rejected,
  TemplateRefused,
  Unreachable,
  WindowClosed,
} from '../channels/channel-errors';
import { ChannelsService } from '../channels/channels.service';
import { Chat } from '../contacts/chat.entity';
import { DeliveriesRepository, type Waiting } from './deliveries.repository';
import { Delivery, type DeliveryKind } from './delivery.entity';
import { KeyedQueue } from './keyed-queue';
import { AudioGone, MessageRenderer, type Part } from './message-renderer';
import { SendLimits } from './send-limits';

/** Sends what waits for a chat. */
export const Deliver = defineJob('deliver', z.object({ chatId: z.uuid() }));

/** Makes sure that a message shows the finished answer and not an older text that came late. */
export const ConfirmAnswer = defineJob(
  'confirm-answer',
  z.object({ deliveryId: z.uuid(), chatHash: z.string().describe('Chat.externalHash at the time of sending.') }),
);

/** The job's own tries are for our own troubles (the database); those of the channel are counted per part. */
const JOB_ATTEMPTS = 25;

/**
 * With the waits between them 20 last for about two hours, 6 for half a minute. Whatever fails holds up what comes
 * after it in its chat, and only an answer is worth that.
 */
const MAX_TRIES: Record<DeliveryKind, number> = { text: 20, staff: 20, voice: 6, notice: 6, picture: 6, buttons: 3 };
const LONGEST_WAIT_MS = 600_000;

/**
 * Waits after a call that may have sent the message: each repetition may be one copy more, so there are few, spread over an
 * outage of an hour.
 */
const WAITS_AFTER_UNKNOWN_MS = [1000, 10_000, 120_000, 1_200_000, 3_600_000];

/** Echoes and statuses come within seconds; a copy of an answer is worse than a pause. */
const SETTLED_WITHIN_MS = 20_000;

/** A bot that is unknown here may be known to another process, or soon: each reads the descriptions by itself. */
const BOT_UNKNOWN_FOR_MS = 6 * 3_600_000;
const BOT_UNKNOWN_WAIT_MS = 2000;

/** Of what is sent to many so much is with channels at a time, however long these take: the other jobs do what people wait for. */
const BULK_AT_ONCE = 5;
/** Spread, so that those that were refused together do not come together again. */
const bulkAgainMs = () => Math.round(300 + Math.random() * 400);

const backoffMs = (tries: number) => Math.min(1000 * 2 ** (tries - 1), LONGEST_WAIT_MS);

/** After these a call that was given up has either arrived or never will: it had at most 30 s. */
const CONFIRM_AFTER_MS = [5000, 40_000];

/** A stopping service gives a call that it has begun this long to end; its jobs have 20 s in all. */
const GRACE_MS = 15_000;

/** How long the database may be away until a message that the channel has taken is sent once more. */
const NOTE_FOR_MS = 10_000;

/** Another process sends to the chat, because this one was frozen and thought dead. It is left alone: its call may be under way. */
const OVERTAKEN_MS = 5000;

class Abandoned extends Error {
  override readonly name = 'Abandoned';
}

/** `over`: nothing more is to be done for this delivery. Later: the job ends, and comes back in so many milliseconds. */
type Next = 'go on' | 'over' | { inMs: number };

/** The message that becomes the finished answer. */
export interface TakenPreview {
  readonly externalMessageId: string;
  /** Whether an older text may still arrive at the channel: a call of somebody who never told how it ended. */
  readonly isUncertain: boolean;
}

/** Those above who show answers while they are being written. */
export interface AnswerPreviews {
  /** The answer is about to be sent: this process shows no more of it. */
  end(chatId: string, replyId: string): void;
  /**
   * Ends the previews of an answer, and gives up the message that shows it; undefined where there is none. `lost` when there
   * may be one whose id nobody has learned in time.
   */
  take(replyId: string, chat: Chat): Promise<TakenPreview | 'lost' | undefined>;
}

/** Works through what waits for a chat, one message after the other. One job per chat, so the order is kept. */
@Injectable()
export class DeliveriesJobs {
  private previews: AnswerPreviews | undefined;
  private bulkUnderWay = 0;

  constructor(
    private readonly db: DataSource,
    private readonly jobs: Jobs,
    private readonly channels: ChannelsService,
    private readonly repository: DeliveriesRepository,
    private readonly renderer: MessageRenderer,
    private readonly limits: SendLimits,
    private readonly queue: KeyedQueue,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: BotAdapterConfig,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /** From now on finished answers take the place of what these show. */
  usePreviews(previews: AnswerPreviews): void {
    this.previews = previews;
  }

  /** Has the chat's queue worked through, now or later. */
  async wake(
    tx: EntityManager,
    chatId: string,
    { inMs = 0, yields = false }: { inMs?: number; yields?: boolean } = {},
  ): Promise<void> {
    await this.jobs.add(
      tx,
      Deliver,
      { chatId },
      {
        queue: queueOf(chatId),
        key: `deliver:${chatId}`,
        maxAttempts: JOB_ATTEMPTS,
        delayMs: inMs,
        yields,
      },
    );
  }

  @Runs(Deliver)
  async run({ chatId }: PayloadOf<typeof Deliver>, { signal }: JobRun): Promise<void> {
    for (let waiting = await this.repository.next(chatId); waiting; waiting = await this.repository.next(chatId)) {
      const next = signal.aborted ? { inMs: 0 } : await this.advance(waiting, signal);
      if (next === 'over' && waiting.isLast) return;
      if (typeof next === 'string') continue;
      return this.db.transaction((tx) => this.wakeAgain(tx, waiting.delivery, next.inMs));
    }
  }

  /** What came meanwhile, and is waited for, does not wait for what is sent to many. */
  private async wakeAgain(tx: EntityManager, { chatId, bulk }: Delivery, inMs: number): Promise<void> {
    await this.wake(tx, chatId, { inMs, yields: bulk });
    // Only now: whoever adds something wakes the chat as well, and one of us two sees what the other has done.
    if (bulk && (await this.repository.isAwaited(tx, chatId))) await this.wake(tx, chatId);
  }

  private async advance(waiting: Waiting, signal: AbortSignal): Promise<Next> {
    const { delivery, chat, restMs } = waiting;
    if (chat.blockedAt) return this.after(this.repository.unreachable(chat, 'blocked'));
    // While its last part was sent: see DeliveriesRepository.takenOver.
    if (delivery.reason === 'taken_over') return this.after(this.repository.refused(waiting, 'taken_over'));
    const channel = this.channels.find(chat.botId);
    if (!channel) return this.withoutChannel(waiting);
    if (this.isWindowClosed(waiting, channel)) return this.after(this.repository.refused(waiting, 'window_closed'));
    if (restMs > 0) return { inMs: restMs };
    if (delivery.tries >= MAX_TRIES[delivery.kind] || delivery.unknownOutcomes > WAITS_AFTER_UNKNOWN_MS.length)
      return this.after(this.repository.refused(waiting, 'gave_up'));
    // Nobody knows whether they have it.
    if (delivery.bulk && (delivery.state === 'sending' || delivery.unknownOutcomes > 0))
      return this.after(this.repository.refused(waiting, 'gave_up'));

    const part = await this.render(waiting, channel);
    if (typeof part === 'string' || 'inMs' in part) return part;
    if (delivery.bulk) return this.sendBulk(waiting, part, channel, signal);
    const right = this.limits.reserve(chat);
    if ('askAgainMs' in right) return { inMs: right.askAgainMs };
    if (right.waitMs > 0) await sleep(right.waitMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return { inMs: 0 };
    return this.queue.run(chat.id, () => this.send(waiting, part, channel, signal));
  }

  private async sendBulk(waiting: Waiting, part: Part, channel: Channel, signal: AbortSignal): Promise<Next> {
    if (signal.aborted) return { inMs: 0 };
    if (this.bulkUnderWay >= BULK_AT_ONCE || !this.limits.tryBulk(waiting.chat)) return { inMs: bulkAgainMs() };
    this.bulkUnderWay += 1;
    try {
      return await this.queue.run(waiting.chat.id, () => this.send(waiting, part, channel, signal));
    } finally {
      this.bulkUnderWay -= 1;
    }
  }

  /** The channel would refuse it: it is not even asked. */
  private isWindowClosed({ delivery, chat }: Waiting, { capabilities: { window } }: Channel): boolean {
    if (!window) return false;
    const until = delivery.author === 'person' ? chat.personWindowUntil : chat.windowUntil;
    return until === null || until <= this.clock.now();
  }

  private async withoutChannel(waiting: Waiting): Promise<Next> {
    const { delivery, chat } = waiting;
    const ageMs = this.clock.now().getTime() - delivery.queuedAt.getTime();
    if (ageMs > BOT_UNKNOWN_FOR_MS) return this.after(this.repository.refused(waiting, 'gave_up'));
    const inMs = Math.min(Math.max(BOT_UNKNOWN_WAIT_MS, Math.round(ageMs / 4)), LONGEST_WAIT_MS);
    this.log.warn({ deliveryId: delivery.id, bot: chat.botId, inMs }, 'a message waits for its bot to be known here');
    return { inMs };
  }

  /** What can fail before anything was sent. */
  private async render(waiting: Waiting, channel: Channel): Promise<Part | Next> {
    const { delivery, chat } = waiting;
    try {
      return await this.renderer.render(delivery, chat, channel);
    } catch (error) {
      if (isInfrastructureError(error)) throw error;
      if (error instanceof EncryptionKeyMissing) {
        this.log.warn({ err: error, deliveryId: delivery.id }, 'a message waits for an encryption key');
        return { inMs: error.seconds * 1000 };
      }
      if (error instanceof NotSent) return this.retry(waiting, error);
      this.log.error({ err: error, deliveryId: delivery.id }, 'a delivery cannot be sent as it is');
      return this.after(this.repository.refused(waiting, error instanceof AudioGone ? 'media_gone' : 'rejected'));
    }
  }

  private async send(waiting: Waiting, part: Part, channel: Channel, signal: AbortSignal): Promise<Next> {
    const { delivery } = waiting;
    const preview = await this.takePreview(waiting);
    // Where a preview shows the answer already, that becomes it.
    const options = preview ? { ...part.options, edits: preview.externalMessageId } : part.options;
    // An edit made twice is seen once, and so is a message with a key where the channel knows keys.
    const isRepeatable = options.edits !== undefined || channel.capabilities.confirms === 'key';
    // Somebody began this call and never told how it ended: their process is dead.
    if (delivery.state === 'sending' && !isRepeatable) this.noteUnknown(waiting, 'crash');
    if (!(await this.repository.begin(delivery))) return { inMs: OVERTAKEN_MS };
    try {
      for (const messageId of part.obsolete) await this.delete(channel, part, messageId);
      const noted = channel.send(part.to, part.message, options).then(async ({ externalMessageId }) => {
        await persistently(() => this.repository.sent(waiting, part.of, externalMessageId), NOTE_FOR_MS);
        if (preview?.isUncertain) await persistently(() => this.confirmLater(waiting), NOTE_FOR_MS);
      });
      await withGrace(noted, signal);
      return delivery.nextPart + 1 === part.of ? 'over' : 'go on';
    } catch (error) {
      if (!(error instanceof OutcomeUnknown) || isRepeatable) return this.afterFailure(waiting, error);
      this.noteUnknown(waiting, error.cause);
      if (delivery.bulk) return this.after(this.repository.refused(waiting, 'gave_up'));
      const waitMs = WAITS_AFTER_UNKNOWN_MS[delivery.unknownOutcomes - 1];
      const { confirms } = channel.capabilities;
      // Soon the channel says by itself that it has arrived, if it has.
      const isSettled = confirms === 'echo' || confirms === 'status';
      return this.retry(waiting, error, isSettled ? Math.max(waitMs ?? 0, SETTLED_WITHIN_MS) : waitMs);
    }
  }

  /** May be repeated: one that is gone, or too old to be deleted, is left alone. */
  private async delete(channel: Channel, { to }: Part, messageId: string): Promise<void> {
    await channel.deleteMessage(to, messageId).catch((error: unknown) => {
      if (!(error instanceof Rejected)) throw error;
    });
  }

  private async takePreview(waiting: Waiting): Promise<TakenPreview | undefined> {
    const { delivery, chat, isPreviewed } = waiting;
    if (delivery.kind !== 'text' || delivery.nextPart > 0) return undefined;
    this.previews?.end(chat.id, delivery.causeId);
    const taken = isPreviewed ? await this.previews?.take(delivery.causeId, chat) : undefined;
    if (taken !== 'lost') return taken;
    this.repository.unknown(waiting, 'preview');
    return undefined;
  }

  private async afterFailure(waiting: Waiting, error: unknown): Promise<Next> {
    const { delivery, chat } = waiting;
    // The row stays `sending`: whoever comes next knows that the outcome is unknown. Not before the call must have ended.
    if (error instanceof Abandoned) return { inMs: this.config.BOT_ADAPTER_SEND_TIMEOUT_MS };
    if (error instanceof ChannelBusy) {
      this.limits.backOff(chat, error);
      await this.repository.deferred(waiting, error.retryAfterSeconds, { counts: false });
      return { inMs: error.retryAfterSeconds * 1000 };
    }
    if (error instanceof ChatMoved) {
      await this.followTo(waiting, error.to);
      return 'go on';
    }
    if (error instanceof Unreachable) return this.after(this.repository.unreachable(chat, error.reason));
    if (error instanceof WindowClosed) return this.after(this.repository.windowClosed(waiting));
    if (error instanceof NotConnected) return this.untilConnected(waiting);
    if (error instanceof Rejected || error instanceof TemplateRefused) {
      this.log.error({ err: error, deliveryId: delivery.id, bot: chat.botId }, 'the channel rejected a message');
      return this.after(this.repository.refused(waiting, 'rejected'));
    }
    if (!(error instanceof OutcomeUnknown || error instanceof NotSent)) throw error;
    return this.retry(waiting, error);
  }

  /** Nothing is lost while somebody connects the account anew, unless that takes them too long. */
  private async untilConnected(waiting: Waiting): Promise<Next> {
    const { delivery, chat } = waiting;
    const ageMs = this.clock.now().getTime() - delivery.queuedAt.getTime();
    if (ageMs > BOT_UNKNOWN_FOR_MS) return this.after(this.repository.refused(waiting, 'not_connected'));
    const inMs = Math.min(Math.max(BOT_UNKNOWN_WAIT_MS, Math.round(ageMs / 4)), LONGEST_WAIT_MS);
    this.log.warn(
      { deliveryId: delivery.id, bot: chat.botId, inMs },
      'a message waits for its account to be connected',
    );
    await this.repository.deferred(waiting, inMs / 1000, { counts: false });
    return { inMs };
  }

  private async retry(waiting: Waiting, error: Error, waitMs?: number): Promise<Next> {
    const { delivery, chat } = waiting;
    const tries = delivery.tries + 1;
    const inMs = waitMs ?? backoffMs(tries);
    this.log.warn({ err: error, deliveryId: delivery.id, bot: chat.botId, tries, inMs }, 'a message was not sent');
    // New deliveries wake the job early; nothing goes to the chat all the same.
    await this.repository.deferred(waiting, inMs / 1000, { counts: true });
    return { inMs };
  }

  private followTo(waiting: Waiting, externalId: string): Promise<void> {
    return this.db.transaction(async (tx) => {
      const { id } = await this.repository.moved(tx, waiting, externalId);
      if (id !== waiting.chat.id) await this.wake(tx, id);
    });
  }

  private noteUnknown(waiting: Waiting, cause: string): void {
    const { delivery, chat } = waiting;
    this.repository.unknown(waiting, cause);
    delivery.unknownOutcomes += 1;
    this.log.warn({ deliveryId: delivery.id, bot: chat.botId, cause }, 'it is not known whether a message was sent');
  }

  private confirmLater({ delivery, chat }: Waiting): Promise<void> {
    const payload = { deliveryId: delivery.id, chatHash: chat.externalHash };
    return this.db.transaction(async (tx) => {
      for (const delayMs of CONFIRM_AFTER_MS) {
        // In the queue of the chat, so that no other message is sent at the same time.
        await this.jobs.add(tx, ConfirmAnswer, payload, { queue: queueOf(chat.id), delayMs });
      }
    });
  }

  /**
   * Writes the finished text once more. Where nothing came over it, the channel says so and nobody sees anything. Left alone is
   * a message that shows something later by now, and a chat that has moved: there the id means another message.
   */
  @Runs(ConfirmAnswer)
  async confirm({ deliveryId, chatHash }: PayloadOf<typeof ConfirmAnswer>): Promise<void> {
    const delivery = await this.db.manager.findOneBy(Delivery, { id: deliveryId });
    const chat = delivery && (await this.db.manager.findOneBy(Chat, { id: delivery.chatId, externalHash: chatHash }));
    const [externalMessageId] = delivery?.externalMessageIds ?? [];
    if (!chat || !externalMessageId || (await this.repository.isReplaced(delivery, externalMessageId))) return;
    const channel = this.channels.get(chat.botId);
    const { to, message } = await this.renderer.render({ ...delivery, nextPart: 0 }, chat, channel);
    await this.queue
      .run(chat.id, () => channel.showMessage(to, message, { edits: externalMessageId }))
      .catch((error: unknown) => {
        // The person has deleted it.
        if (!(error instanceof Rejected)) throw error;
      });
  }

  private async after(done: Promise<void>): Promise<Next> {
    await done;
    return 'over';
  }
}

const queueOf = (chatId: string) => `chat:${chatId}`;

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
