import { Inject, Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { Rate } from '../channels/channel';
import type { ChannelBusy } from '../channels/channel-errors';
import { ChannelsService } from '../channels/channels.service';
import type { Chat } from '../contacts/chat.entity';

/** What previews and messages to many leave in the bot's bucket for those that people wait for. */
const KEPT_FOR_MESSAGES = 5;
const REMEMBERED_CHATS = 50_000;
const MAX_WAIT_MS = 500;

type Where = Pick<Chat, 'id' | 'botId' | 'kind'>;

/** A bot that was removed sends nothing any more. */
const NONE: Rate = { perSecond: 1, burst: 1 };

/** How fast we may send, by the rates of each channel. Kept per process; a channel that asks to wait corrects what it does not know. */
@Injectable()
export class SendLimits {
  // A chat quiet for an hour has a full bucket again, so forgetting it changes nothing.
  private readonly chats = new LRUCache<string, TokenBucket>({ max: REMEMBERED_CHATS, ttl: 3_600_000 });
  private readonly bots = new Map<string, TokenBucket>();
  private readonly backingOff = new Map<string, { chatId: string; until: number }>();
  private readonly paused = new Map<string, number>();

  constructor(@Inject(ChannelsService) private readonly channels: Pick<ChannelsService, 'find'>) {}

  /**
   * Takes the right to send one message after `waitMs`, or, when that is long, takes nothing and says when to ask
   * again: a job that sleeps holds up others.
   */
  reserve(chat: Where, now = performance.now()): { waitMs: number } | { askAgainMs: number } {
    const inChat = this.chatBucket(chat, now);
    const ofBot = this.botBucket(chat.botId, now);
    const waitMs = Math.max(inChat.wait(now), ofBot.wait(now), (this.paused.get(chat.botId) ?? 0) - now);
    if (waitMs > MAX_WAIT_MS) return { askAgainMs: waitMs };
    inChat.take(now);
    ofBot.take(now);
    return { waitMs };
  }

  /** Takes the right to send one of many messages that nobody waits for, if that leaves enough for those to come. */
  tryBulk(chat: Where, now = performance.now()): boolean {
    const inChat = this.chatBucket(chat, now);
    const ofBot = this.botBucket(chat.botId, now);
    const isPaused = (this.paused.get(chat.botId) ?? 0) > now;
    if (isPaused || inChat.wait(now) > 0 || ofBot.wait(now, 1 + KEPT_FOR_MESSAGES) > 0) return false;
    inChat.take(now);
    ofBot.take(now);
    return true;
  }

  /** Takes the right to show a preview, if that leaves enough for the messages to come. */
  tryPreview(chat: Where, how: 'draft' | 'edit', now = performance.now()): boolean {
    const ofBot = this.botBucket(chat.botId, now);
    if (ofBot.wait(now, 1 + KEPT_FOR_MESSAGES) > 0 || (this.paused.get(chat.botId) ?? 0) > now) return false;
    if (how === 'edit') {
      const inChat = this.chatBucket(chat, now);
      if (inChat.wait(now, 2) > 0) return false;
      inChat.take(now);
    }
    ofBot.take(now);
    return true;
  }

  /**
   * The channel asked to wait. Where it does not tell who has to, two private chats of a bot that have to wait at once mean that the whole bot has to;
   * a group that has to wait has used up its own minute and says nothing about others.
   */
  backOff(
    { id, botId, kind }: Where,
    { retryAfterSeconds: seconds, scope }: Pick<ChannelBusy, 'retryAfterSeconds' | 'scope'>,
    now = performance.now(),
  ): void {
    if (scope === 'bot') {
      this.paused.set(botId, Math.max(this.paused.get(botId) ?? 0, now + seconds * 1000));
      return;
    }
    if (scope === 'chat' || kind === 'group') return;
    const other = this.backingOff.get(botId);
    const until = now + seconds * 1000;
    if (other && other.chatId !== id && other.until > now) this.paused.set(botId, Math.max(until, other.until));
    this.backingOff.set(botId, { chatId: id, until });
  }

  private chatBucket({ id, botId, kind }: Where, now: number): TokenBucket {
    let bucket = this.chats.get(id);
    if (!bucket) this.chats.set(id, (bucket = new TokenBucket(this.rateOf(botId, kind), now)));
    return bucket;
  }

  private botBucket(botId: string, now: number): TokenBucket {
    let bucket = this.bots.get(botId);
    if (!bucket) this.bots.set(botId, (bucket = new TokenBucket(this.rateOf(botId, 'bot'), now)));
    return bucket;
  }

  private rateOf(botId: string, of: 'bot' | Chat['kind']): Rate {
    return this.channels.find(botId)?.capabilities.rates[of] ?? NONE;
  }
}

/** Counts what may be sent. Time is in milliseconds of any steady clock. */
class TokenBucket {
  private tokens: number;

  constructor(
    private readonly rate: Rate,
    private at: number,
  ) {
    this.tokens = rate.burst;
  }

  /** Milliseconds until `wanted` tokens are there; 0 when they are. */
  wait(now: number, wanted = 1): number {
    this.refill(now);
    return this.tokens >= wanted ? 0 : Math.ceil(((wanted - this.tokens) / this.rate.perSecond) * 1000);
  }

  /** Takes one. May go below zero: then those who come later wait longer, which keeps them in line. */
  take(now: number): void {
    this.refill(now);
    this.tokens -= 1;
  }

  private refill(now: number): void {
    this.tokens = Math.min(this.rate.burst, this.tokens + ((now - this.at) / 1000) * this.rate.perSecond);
    this.at = now;
  }
}
