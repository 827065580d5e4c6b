import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { SignalOf, ReplyTyped } from '@switchboard/contracts';
import { Clock, LOG, type Log } from '@switchboard/service-kit';
import { LRUCache } from 'lru-cache';
import { Counter, Registry } from 'prom-client';
import { DataSource } from 'typeorm';
import { BotLeads } from '../bots/bot-leads';
import { ChannelBusy, InDoubt, NotSent, Unsupported } from '../channels/channel-errors';
import { Channels } from '../channels/channels';
import { Chat } from '../contacts/chat.entity';
import { ChatLanes } from '../deliveries/chat-lanes';
import { SendLimits } from '../deliveries/send-limits';
import { previewOf } from '../formatting/stream-preview';
import { LivePreview } from './live-preview';
import { StreamRow } from './stream.entity';

/** Pace of drafts is not published; others send them every 350 to 500 ms. */
const DRAFT_EVERY_MS = 400;
/** Edits count as messages, of which a group has 20 a minute. */
const EDIT_EVERY_MS = 2000;
const NO_ROOM_MS = 300;
const AFTER_TROUBLE_MS = 2000;

/** What is shown of one answer: the text, and in which message where it is edited. */
interface Stream {
  text?: string;
  messageId?: string;
}

/** What a failure of a preview means for the next one. `null` ends the preview. */
const pauseAfter = (error: unknown): number | null => {
  if (error instanceof ChannelBusy) return error.retryAfterSeconds * 1000;
  if (error instanceof Unsupported) return 0;
  return error instanceof NotSent || error instanceof InDoubt ? AFTER_TROUBLE_MS : null;
};

/** Shows answers while they are being written. Best effort in all: nothing here may lose or delay the finished one. */
@Injectable()
export class Previews implements OnApplicationShutdown {
  private readonly live = new Map<string, LivePreview>();
  /** Signals may arrive late: a reply that was finished is never previewed again. */
  private readonly finished = new LRUCache<string, true>({ max: 10_000 });
  /** Chats that the channel asked to leave alone, until when. */
  private readonly quiet = new LRUCache<string, number>({ max: 10_000 });
  private readonly calls: Counter<'how' | 'outcome'>;

  constructor(
    private readonly db: DataSource,
    private readonly channels: Channels,
    private readonly leads: BotLeads,
    private readonly limits: SendLimits,
    private readonly lanes: ChatLanes,
    private readonly clock: Clock,
    registry: Registry,
    @Inject(LOG) private readonly log: Log,
  ) {
    this.calls = new Counter({
      name: 'previews_total',
      help: 'Previews of answers being written, by how they were shown and what came of it.',
      labelNames: ['how', 'outcome'],
      registers: [registry],
    });
  }

  async hear({ replyId, chatId, botId, state, text }: SignalOf<typeof ReplyTyped>): Promise<void> {
    if (this.finished.has(replyId) || !this.leads.has(botId)) return;
    if (state === 'done') return this.finish(chatId, replyId);
    const preview = this.previewOf(chatId, replyId);
    if (state === 'thinking') preview.think();
    else preview.update(text);
  }

  /** The finished answer is about to be sent: nothing about it may be shown any more. To be called in the chat's lane. */
  finish(chatId: string, replyId: string): void {
    this.finished.set(replyId, true);
    if (this.live.get(chatId)?.replyId !== replyId) return;
    this.live.get(chatId)?.end();
    this.live.delete(chatId);
  }

  onApplicationShutdown(): void {
    for (const preview of this.live.values()) preview.end();
  }

  private previewOf(chatId: string, replyId: string): LivePreview {
    const known = this.live.get(chatId);
    if (known?.replyId === replyId && !known.isOver) return known;
    known?.end();
    const chat = this.db.manager.findOneBy(Chat, { id: chatId }).catch(() => null);
    const stream: Stream = {};
    const preview: LivePreview = new LivePreview(replyId, {
      show: async (text) => {
        const found = await chat;
        if (!found || found.blockedAt) return this.stop(chatId, preview);
        return this.lanes.run(chatId, () => this.show(found, preview, text, stream));
      },
      showActivity: () => void chat.then((found) => found && this.showActivity(found)),
    });
    this.live.set(chatId, preview);
    return preview;
  }

  private stop(chatId: string, preview: LivePreview) {
    preview.end();
    if (this.live.get(chatId) === preview) this.live.delete(chatId);
    return { shown: false, pauseMs: 0 };
  }

  private async show(chat: Chat, preview: LivePreview, markdown: string, stream: Stream) {
    const channel = this.channels.of(chat.botId);
    const how = channel?.capabilities.previews(chat.kind) ?? 'none';
    if (preview.isOver || !channel || how === 'none') return this.stop(chat.id, preview);
    const quietMs = (this.quiet.get(chat.id) ?? 0) - performance.now();
    if (quietMs > 0) return { shown: false, pauseMs: quietMs };
    try {
      const content = previewOf(markdown, channel.capabilities.textLimit);
      // A mark that has just been opened shows nothing yet: the first words must not wait behind it.
      if (content.text === stream.text || (how === 'edit' && !content.text)) return { shown: true, pauseMs: 0 };
      if (!this.limits.tryPreview(chat, how)) return { shown: false, pauseMs: NO_ROOM_MS };
      if (how === 'draft') await channel.showDraft(chat.externalId, draftIdOf(preview.replyId), content);
      else await this.showByEdit(chat, preview, stream, (id) => channel.showMessage(chat.externalId, content, id));
      stream.text = content.text;
      this.calls.inc({ how, outcome: 'shown' });
      return { shown: true, pauseMs: how === 'draft' ? DRAFT_EVERY_MS : EDIT_EVERY_MS };
    } catch (error) {
      this.calls.inc({ how, outcome: error instanceof Error ? error.name : 'error' });
      const pauseMs = pauseAfter(error);
      // A message that may be there already must not be begun a second time.
      const begunInDoubt = how === 'edit' && !stream.messageId && error instanceof InDoubt;
      if (pauseMs === null || begunInDoubt) return this.stop(chat.id, preview);
      if (error instanceof ChannelBusy) this.quiet.set(chat.id, performance.now() + pauseMs);
      return { shown: false, pauseMs };
    }
  }

  /** The row makes the finished answer an edit of this message, even when another process sends it. */
  private async showByEdit(
    chat: Chat,
    { replyId }: LivePreview,
    stream: Stream,
    show: (messageId?: string) => Promise<string>,
  ): Promise<void> {
    const begun = stream.messageId;
    const externalMessageId = (stream.messageId = await show(begun));
    if (begun) return;
    await this.db.manager.insert(StreamRow, {
      replyId,
      chatId: chat.id,
      externalMessageId,
      startedAt: this.clock.now(),
    });
  }

  private showActivity(chat: Chat): void {
    if (chat.blockedAt) return;
    this.channels
      .of(chat.botId)
      ?.showActivity(chat.externalId, 'typing')
      .catch((error: unknown) => this.log.debug({ err: error }, 'typing was not shown'));
  }
}

/** A non-zero 31-bit number that is the same for all drafts of one answer. */
const draftIdOf = (replyId: string) => Number.parseInt(replyId.slice(-8), 16) % 0x7fff_ffff || 1;
