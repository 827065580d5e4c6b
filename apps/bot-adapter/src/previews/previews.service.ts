import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Signals } from '@switchboard/bus';
import { PreviewsCancelled, type ReplyTyped, type SignalOf } from '@switchboard/contracts';
import { Clock, LOG, type Log } from '@switchboard/service-kit';
import { LRUCache } from 'lru-cache';
import { setTimeout as sleep } from 'node:timers/promises';
import { Counter, Registry } from 'prom-client';
import { DataSource, type EntityManager } from 'typeorm';
import { BotLeaderElection } from '../bots/bot-leader-election';
import type { Button, Channel, ChatAddress, OutboundMessage } from '../channels/channel';
import { ChannelBusy, NotSent, OutcomeUnknown, Unsupported } from '../channels/channel-errors';
import { ChannelsService } from '../channels/channels.service';
import type { Chat } from '../contacts/chat.entity';
import { type AnswerPreviews, DeliveriesJobs } from '../deliveries/deliveries.jobs';
import { DeliveriesRepository } from '../deliveries/deliveries.repository';
import { KeyedQueue } from '../deliveries/keyed-queue';
import { type ReplyDecorator, ReplyDecorators } from '../deliveries/reply-decorators';
import { SendLimits } from '../deliveries/send-limits';
import { LivePreview } from './live-preview';
import { PreviewsJobs } from './previews.jobs';
import { PreviewsRepository } from './previews.repository';

/** Pace of drafts is not published; others send them every 350 to 500 ms. */
const DRAFT_EVERY_MS = 400;
/** Edits count as messages, of which a group has 20 a minute. */
const EDIT_EVERY_MS = 2000;
/** An answer that is finished sooner is sent as one message, and counts as one. */
const FIRST_MESSAGE_AFTER_MS = 1000;
/** The finished answer waits for its place no longer than this, whatever a preview is doing. */
const CALL_IN_QUEUE_MS = 3000;
const NO_ROOM_MS = 300;
const AFTER_TROUBLE_MS = 2000;

type Step = { shown: boolean; pauseMs: number };

/** What one preview is shown with. */
interface Showing {
  readonly chat: Chat;
  readonly to: ChatAddress;
  readonly replyTo: string | undefined;
  readonly stop: readonly Button[];
  /** The newest text that the channel has taken. */
  shownText?: string;
}

/** What a failure of a preview means for the next one. `null` ends the preview. */
const pauseAfter = (error: unknown): number | null => {
  if (error instanceof ChannelBusy) return error.retryAfterSeconds * 1000;
  if (error instanceof Unsupported) return 0;
  return error instanceof NotSent || error instanceof OutcomeUnknown ? AFTER_TROUBLE_MS : null;
};

/** Shows answers while they are being written. Best effort in all: nothing here may lose or delay the finished one. */
@Injectable()
export class PreviewsService implements AnswerPreviews, OnApplicationShutdown {
  private readonly live = new Map<string, LivePreview>();
  /** Signals may arrive late: a reply that was finished is never previewed again. */
  private readonly finished = new LRUCache<string, true>({ max: 10_000 });
  /** Chats that the channel asked to leave alone, until when. */
  private readonly quiet = new LRUCache<string, number>({ max: 10_000 });
  private readonly calls: Counter<'how' | 'outcome'>;
  private isStopping = false;

  constructor(
    private readonly db: DataSource,
    private readonly channels: ChannelsService,
    private readonly leaders: BotLeaderElection,
    private readonly limits: SendLimits,
    private readonly queue: KeyedQueue,
    private readonly deliveries: DeliveriesRepository,
    private readonly repository: PreviewsRepository,
    private readonly jobs: PreviewsJobs,
    private readonly signals: Signals,
    private readonly clock: Clock,
    private readonly decorators: ReplyDecorators,
    deliveriesJobs: DeliveriesJobs,
    registry: Registry,
    @Inject(LOG) private readonly log: Log,
  ) {
    deliveriesJobs.usePreviews(this);
    this.calls = new Counter({
      name: 'previews_total',
      help: 'Previews of answers being written, by how they were shown and what came of it.',
      labelNames: ['how', 'outcome'],
      registers: [registry],
    });
  }

  async typed(signal: SignalOf<typeof ReplyTyped>): Promise<void> {
    const { replyId, chatId, botId, state, text } = signal;
    if (this.isStopping || this.finished.has(replyId) || !this.leaders.has(botId)) return;
    if (state === 'done') return this.end(chatId, replyId);
    if (state === 'cancelled') return this.cancel(chatId, replyId);
    const preview = this.previewOf(signal);
    if (state === 'thinking') preview.think();
    else preview.update(text);
  }

  /** What was shown of answers in this chat by then counts no longer. Every process of the service hears of it. */
  async cancelAllIn(tx: EntityManager, chatId: string, until: Date): Promise<void> {
    await this.drop(tx, { chatId, until });
    this.signals.send(PreviewsCancelled, { chatId, until: until.toISOString() });
  }

  endIn(chatId: string, until: Date): void {
    const preview = this.live.get(chatId);
    if (preview && preview.begunAt <= until) this.end(chatId, preview.replyId);
  }

  /** The answer is finished or was given up: nothing of it may be shown any more. */
  end(chatId: string, replyId: string): void {
    this.finished.set(replyId, true);
    const preview = this.live.get(chatId);
    if (preview?.replyId === replyId) this.stop(chatId, preview);
  }

  take(replyId: string, chat: Chat): ReturnType<AnswerPreviews['take']> {
    return this.repository.take(replyId, chat);
  }

  async onApplicationShutdown(): Promise<void> {
    this.isStopping = true;
    const previews = [...this.live.values()];
    for (const preview of previews) preview.end();
    // The next process goes on in the same message only if its id was written down.
    await Promise.all(previews.map((preview) => preview.ended()));
  }

  private cancel(chatId: string, replyId: string): Promise<void> {
    this.end(chatId, replyId);
    return this.db.transaction((tx) => this.drop(tx, { replyId }));
  }

  private async drop(tx: EntityManager, where: Parameters<PreviewsRepository['drop']>[1]): Promise<void> {
    for (const replyId of await this.repository.drop(tx, where)) await this.jobs.deleteLater(tx, replyId);
  }

  private previewOf({ chatId, replyId, answers, replaces }: SignalOf<typeof ReplyTyped>): LivePreview {
    const known = this.live.get(chatId);
    if (known?.replyId === replyId && !known.isOver) return known;
    known?.end();
    const showing = this.showingOf(chatId, replyId, answers?.at(-1)).catch((error: unknown) => {
      this.log.debug({ err: error, replyId }, 'an answer is not shown while it is written');
      return undefined;
    });
    const preview: LivePreview = new LivePreview(replyId, this.clock.now(), {
      show: async (text) => {
        const found = await showing;
        if (!found) return this.stop(chatId, preview);
        // It will come in the place of another message, beside which a preview would stand as a second answer.
        if (replaces && this.channels.find(found.chat.botId)?.capabilities.edits) return { shown: true, pauseMs: 0 };
        return this.queue.run(chatId, () => this.show(preview, text, found));
      },
      showActivity: () => void showing.then((found) => found && this.showActivity(preview, found)),
    });
    this.live.set(chatId, preview);
    return preview;
  }

  private async showingOf(chatId: string, replyId: string, messageId?: string): Promise<Showing | undefined> {
    const found = await this.deliveries.placeFor(this.db.manager, chatId, messageId);
    if (!found || found.chat.blockedAt) return undefined;
    const { chat, place, askedBy } = found;
    const to = await this.repository.addressOf(chat, place);
    return { chat, to, replyTo: place?.replyTo, stop: await this.stopButtons(chat, { replyId, askedBy }) };
  }

  private async stopButtons(chat: Chat, reply: Parameters<ReplyDecorator['stop']>[2]): Promise<Button[]> {
    if (!this.channels.find(chat.botId)?.capabilities.buttons) return [];
    const buttons: Button[] = [];
    for (const stop of this.decorators.get('stop')) {
      // A row each, which need no transaction.
      const button = await stop(this.db.manager, chat, reply);
      if (button) buttons.push(button);
    }
    return buttons;
  }

  private stop(chatId: string, preview: LivePreview): Step {
    preview.end();
    if (this.live.get(chatId) === preview) this.live.delete(chatId);
    return { shown: false, pauseMs: 0 };
  }

  private async show(preview: LivePreview, markdown: string, showing: Showing): Promise<Step> {
    const { chat, stop } = showing;
    const channel = this.channels.find(chat.botId);
    const how = channel?.capabilities.previews(chat.kind) ?? 'none';
    if (preview.isOver || !channel || how === 'none' || !this.leaders.has(chat.botId))
      return this.stop(chat.id, preview);
    const quietMs = (this.quiet.get(chat.id) ?? 0) - performance.now();
    if (quietMs > 0) return { shown: false, pauseMs: quietMs };
    try {
      const message = channel.composePreview(markdown, stop.length > 0 ? [stop] : undefined);
      // A mark that has just been opened shows nothing yet: the first words must not wait behind it.
      if (message.text === showing.shownText || (how === 'edit' && !message.text)) return { shown: true, pauseMs: 0 };
      const tooEarlyMs = how === 'edit' ? FIRST_MESSAGE_AFTER_MS - preview.writtenForMs : 0;
      if (tooEarlyMs > 0) return { shown: false, pauseMs: tooEarlyMs };
      if (!this.limits.tryPreview(chat, how)) return { shown: false, pauseMs: NO_ROOM_MS };
      const step =
        how === 'draft'
          ? await this.showDraft(preview, channel, message, showing)
          : await this.showMessage(preview, channel, message, showing);
      if (step.shown) {
        showing.shownText = message.text;
        this.calls.inc({ how, outcome: 'shown' });
      }
      return step;
    } catch (error) {
      this.calls.inc({ how, outcome: error instanceof Error ? error.name : 'error' });
      const pauseMs = pauseAfter(error);
      if (pauseMs === null) return this.stop(chat.id, preview);
      if (error instanceof ChannelBusy) this.quiet.set(chat.id, performance.now() + pauseMs);
      return { shown: false, pauseMs };
    }
  }

  private async showDraft(
    { replyId }: LivePreview,
    channel: Channel,
    message: OutboundMessage,
    { to, stop }: Showing,
  ): Promise<Step> {
    await channel.showDraft(to, replyId, message, { canStop: stop.length > 0 });
    return { shown: true, pauseMs: DRAFT_EVERY_MS };
  }

  /** Each call is claimed in the database first, because another process may go on with this message or finish it. */
  private async showMessage(
    preview: LivePreview,
    channel: Channel,
    message: OutboundMessage,
    { chat, to, replyTo }: Showing,
  ): Promise<Step> {
    const { replyId } = preview;
    const call = await this.repository.claim(replyId, chat);
    if (call === 'busy') return { shown: false, pauseMs: AFTER_TROUBLE_MS };
    if (call === 'over') {
      this.calls.inc({ how: 'edit', outcome: 'late' });
      return this.stop(chat.id, preview);
    }
    if (performance.now() > call.beginsBefore) return { shown: false, pauseMs: AFTER_TROUBLE_MS };
    const { externalMessageId } = call;
    const made = channel
      .showMessage(to, message, {
        ...(externalMessageId && { edits: externalMessageId }),
        ...(replyTo && { replyTo }),
      })
      .then(
        async (id) => {
          if (await this.repository.made(call, id))
            await this.db.transaction((tx) => this.jobs.deleteLater(tx, replyId));
          return { shown: true, pauseMs: EDIT_EVERY_MS };
        },
        async (error: unknown) => {
          if (!(error instanceof OutcomeUnknown)) await this.repository.notMade(call);
          throw error;
        },
      );
    // The first message may take as long as any: whoever gives up on it too early does not learn its id.
    const tooLong = sleep(CALL_IN_QUEUE_MS, { shown: false, pauseMs: AFTER_TROUBLE_MS }, { ref: false });
    return Promise.race([made, tooLong]);
  }

  private showActivity(preview: LivePreview, { chat, to }: Showing): void {
    if (!this.leaders.has(chat.botId)) return void this.stop(chat.id, preview);
    this.channels
      .find(chat.botId)
      ?.showActivity(to, 'typing')
      .catch((error: unknown) => this.log.debug({ err: error }, 'typing was not shown'));
  }
}
