import { join } from 'node:path';
import { CallLog, type LoggedCall } from '../kit/call-log';
import type { Faults } from '../kit/faults';
import type { Context } from '../kit/third-party';
import { Files } from './files';
import { InlineQueries } from './inline';
import { Messenger } from './messenger';
import { Payments } from './payments';
import { People } from './people';
import { RateLimiter, type RateLimits, TELEGRAM_LIMITS } from './rate-limits';
import { Feed } from './feed';
import { type Bot, type BotSeed, type PersonSeed, type TelegramState } from './state';
import { UpdateQueue } from './updates';

const DRAFT_MS = 30_000;
const CALLS_KEPT = 20_000;

export interface TelegramOptions {
  bots?: BotSeed[];
  people?: PersonSeed[];
  /** Register bots at their first call; without it an unknown token is refused. */
  acceptAnyToken?: boolean;
  /** `null` for none; Telegram's published ones unless told. */
  rateLimits?: RateLimits | null;
  /** The phone as browsers reach it, where that is not how services do. */
  publicUrl?: string;
}

/** One Bot API call as it came in. */
export interface CallFacts {
  bot: number;
  method: string;
  chat: number;
  params: Record<string, unknown>;
  /** Names and sizes of what was uploaded. */
  files?: Record<string, { name?: string; mimeType?: string; bytes: number }>;
  /** Of what was refused. */
  description?: string;
}
export type LoggedBotCall = CallFacts & LoggedCall;

const PEOPLE: PersonSeed[] = [
  { firstName: 'Анна', username: 'anna_sandbox', languageCode: 'ru' },
  { firstName: 'Emma', username: 'emma_sandbox', languageCode: 'en' },
  { firstName: 'Игорь', languageCode: 'ru' },
  { firstName: 'Oliver', lastName: 'Reed', languageCode: 'en' },
];

/** Telegram: its parts, and how they know of each other. */
export class TelegramContext {
  readonly feed = new Feed();
  readonly calls = new CallLog<CallFacts>(CALLS_KEPT);
  readonly faults: Faults;
  readonly files: Files;
  readonly messenger: Messenger;
  readonly people: People;
  readonly inline: InlineQueries;
  readonly payments: Payments;
  private readonly limiter: RateLimiter;
  private readonly queues = new Map<number, UpdateQueue>();

  constructor(
    readonly state: TelegramState,
    private readonly kit: Context,
    private readonly options: TelegramOptions,
    /** A webhook's answer may be a call of the Bot API. */
    private readonly onReply: (bot: Bot, call: Record<string, unknown>) => void,
  ) {
    const { rateLimits = TELEGRAM_LIMITS } = options;
    const { faults, folder, pace } = kit;
    this.faults = faults;
    this.limiter = new RateLimiter(rateLimits);
    this.files = new Files(state, join(folder, 'files'));
    this.messenger = new Messenger(state, this.feed, this.limiter, DRAFT_MS * pace);
    this.people = new People(
      state,
      this.messenger,
      this.files,
      this.feed,
      (bot, kind, content, chat) => this.queue(state.bots.get(bot)!).push(kind, content, chat),
      pace,
    );
    this.inline = new InlineQueries(state, this.people, pace);
    this.payments = new Payments(state, this.people, this.messenger, pace);
  }

  /** Where browsers find the phone, as far as the sandbox knows. */
  get publicUrl(): string | undefined {
    return this.options.publicUrl;
  }

  restore(saved: unknown): void {
    if (saved) this.state.restore(saved);
    else this.settle(this.options.people ?? PEOPLE);
    this.options.bots?.forEach((bot) => this.addBot(bot));
    // Webhooks that were set before a restart go on at once.
    this.state.bots.forEach((bot) => this.queue(bot));
  }

  queue(bot: Bot): UpdateQueue {
    const known = this.queues.get(bot.id);
    if (known) return known;
    const queue = new UpdateQueue(bot, this.faults, {
      pace: this.kit.pace,
      onReply: (call) => this.onReply(bot, call),
      touch: this.kit.touch,
    });
    this.queues.set(bot.id, queue);
    return queue;
  }

  /** The bot of a token; with `acceptAnyToken` a new one is made, and gets a place in the group of its people. */
  botOf(token: string): Bot | undefined {
    const known = this.state.botByToken(token);
    if (known || !this.options.acceptAnyToken || this.state.bots.has(Number(token.split(':')[0]))) return known;
    return this.addBot({ token });
  }

  addBot(seed: BotSeed): Bot {
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
    this.messenger.dropDrafts();
    this.state.forgetMessages();
    this.queues.forEach((queue) => queue.dropPending());
    this.limiter.clear();
    await this.files.removeAll();
    for (const conversation of this.state.conversations.values()) this.feed.tell({ type: 'chat', conversation });
  }

  close(): void {
    this.messenger.dropDrafts();
    this.queues.forEach((queue) => queue.close());
  }

  /** One group of two, which the first bot will join. */
  private settle(seeds: PersonSeed[]): void {
    const [first, second] = seeds.map((seed) => this.state.addPerson(seed));
    if (first && second) this.state.addGroup(`${first.firstName} & ${second.firstName}`, [first.id, second.id], []);
  }
}
