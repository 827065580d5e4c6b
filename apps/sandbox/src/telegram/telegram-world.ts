import type { Faults } from '../faults';
import { CallLog } from './call-log';
import { Drafts } from './drafts';
import { Feed } from './feed';
import { Files } from './files';
import { Messenger } from './messenger';
import { People } from './people';
import { RateLimiter, type RateLimits } from './rate-limits';
import type { Bot, TelegramState } from './state';
import { UpdateQueue } from './update-queue';

const DRAFT_MS = 30_000;
const SET_WEBHOOK_EVERY_MS = 1000;

export interface WorldSettings {
  faults: Faults;
  /** Where the bytes of files lie. */
  filesFolder: string;
  rateLimits: RateLimits | null;
  /** Factor on Telegram's waits (webhook retries, draft and query lifetimes); tests take less than 1. */
  pace: number;
  /** Bots that are not registered come to be when they first call. */
  acceptAnyToken: boolean;
  /** Runs a method call that a webhook's answer carried. */
  onWebhookReply: (world: TelegramWorld, bot: Bot, call: Record<string, unknown>) => void;
}

/** The pretended Telegram: its parts, and how they know of each other. */
export class TelegramWorld {
  readonly feed = new Feed();
  readonly calls = new CallLog();
  readonly limiter: RateLimiter;
  readonly drafts: Drafts;
  readonly files: Files;
  readonly messenger: Messenger;
  readonly people: People;
  private readonly queues = new Map<number, UpdateQueue>();
  private readonly webhookSetAt = new Map<number, number>();

  constructor(
    readonly state: TelegramState,
    readonly settings: WorldSettings,
  ) {
    this.limiter = new RateLimiter(settings.rateLimits);
    this.drafts = new Drafts(this.feed, DRAFT_MS * settings.pace);
    this.files = new Files(state, settings.filesFolder);
    this.messenger = new Messenger(state, this.feed, this.drafts, this.limiter);
    this.people = new People(
      state,
      this.messenger,
      this.files,
      this.feed,
      (bot, kind, content, lane) => this.queue(state.bots.get(bot)!).push(kind, content, lane),
      settings.pace,
    );
    // Webhooks that were set before a restart go on at once.
    state.bots.forEach((bot) => this.queue(bot));
  }

  queue(bot: Bot): UpdateQueue {
    const known = this.queues.get(bot.id);
    if (known) return known;
    const queue = new UpdateQueue(bot, this.settings.faults, {
      pace: this.settings.pace,
      onReply: (call) => this.settings.onWebhookReply(this, bot, call),
      onGone: () => {
        bot.webhook = undefined;
        queue.stopPushing();
      },
    });
    this.queues.set(bot.id, queue);
    return queue;
  }

  /** Telegram allows one setWebhook a second. */
  maySetWebhook(bot: Bot): boolean {
    const now = Date.now();
    if (now - (this.webhookSetAt.get(bot.id) ?? 0) < SET_WEBHOOK_EVERY_MS * this.settings.pace) return false;
    this.webhookSetAt.set(bot.id, now);
    return true;
  }

  /** The bot of a token; with `acceptAnyToken` a new one is made, and gets a place in the group of its people. */
  botOf(token: string): Bot | undefined {
    const known = this.state.botByToken(token);
    if (known || !this.settings.acceptAnyToken || this.state.bots.has(Number(token.split(':')[0]))) return known;
    return this.addBot({ token });
  }

  addBot(seed: { token: string; username?: string; name?: string }): Bot {
    const bot = this.state.addBot(seed);
    const groups = [...this.state.conversations.values()].filter(({ kind }) => kind === 'group');
    // The group that waits for the first bot.
    const waiting = groups.find(({ bots }) => bots.length === 0);
    waiting?.bots.push(bot.id);
    for (const { id } of this.state.people.values()) {
      this.feed.tell({ type: 'chat', conversation: this.state.privateChat(id, bot.id) });
    }
    if (waiting) this.feed.tell({ type: 'chat', conversation: waiting });
    return bot;
  }

  async reset(): Promise<void> {
    this.drafts.dropAll();
    this.state.forgetMessages();
    this.queues.forEach((queue) => queue.dropPending());
    this.limiter.clear();
    this.calls.clear();
    await this.files.removeAll();
    for (const conversation of this.state.conversations.values()) this.feed.tell({ type: 'chat', conversation });
  }

  close(): void {
    this.drafts.dropAll();
    this.queues.forEach((queue) => queue.close());
  }
}
