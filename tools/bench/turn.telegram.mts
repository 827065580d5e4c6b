import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { until } from '../local/processes.mts';
import type { ApiCall, BotMessage, SandboxClient } from '../local/sandbox-client.mts';

/** Kept apart from what the sandbox itself counts up. */
const FIRST_OWN_ID = 1_000_000_000;
const LOOK_EVERY_MS = 20;
const WEBHOOK_WITHIN_MS = 30_000;
/** Less than what the sandbox has in hand when many begin at once. */
const INTRODUCED_AT_ONCE = 16;

const SetWebhook = z.object({ url: z.url(), secret_token: z.string() });

interface Webhook {
  url: string;
  secret: string;
}

export interface Places {
  /** Where the bots' webhooks really answer. */
  serviceUrl: string;
  bots: number[];
}

export interface Person {
  id: number;
  bot: number;
  /** How the person wrote to the bot for the first time; everything else is written in its likeness. */
  hello: BotMessage;
}

/**
 * The side of Telegram that brings updates, and an eye on the side that takes messages. Updates are brought from here
 * and not by the sandbox, so that the moment at which one arrives is known, and nothing queues before that.
 */
export class TelegramSide {
  private readonly sandbox: SandboxClient;
  private readonly webhooks: Map<number, Webhook>;
  private readonly awaited = new Map<number, () => void>();
  private lastId = FIRST_OWN_ID;
  private lastCall = 0;
  private watching = true;
  private readonly watch: Promise<void>;

  private constructor(sandbox: SandboxClient, webhooks: Map<number, Webhook>) {
    this.sandbox = sandbox;
    this.webhooks = webhooks;
    this.watch = this.look();
    // Told by close(); meanwhile the answers that are not seen count as lost.
    this.watch.catch(() => undefined);
  }

  /** Takes the place of the sandbox as the one who brings updates, once every bot has said where it wants them. */
  static async of(sandbox: SandboxClient, { serviceUrl, bots }: Places): Promise<TelegramSide> {
    const webhooks = new Map<number, Webhook>();
    const known = await until(async () => {
      for (const { bot, params } of await sandbox.telegram.calls({ method: 'setWebhook' })) {
        const { url, secret_token: secret } = SetWebhook.parse(params);
        webhooks.set(bot, { url: new URL(new URL(url).pathname, serviceUrl).href, secret });
      }
      return bots.every((bot) => webhooks.has(bot));
    }, WEBHOOK_WITHIN_MS);
    if (!known) throw new Error(`Only the bots ${[...webhooks.keys()].join(', ')} have set a webhook`);
    // The sandbox goes on to remember who said what, and tells nobody.
    await sandbox.addFaults({ target: 'telegram.updates', kind: 'drop' });
    return new TelegramSide(sandbox, webhooks);
  }

  /** So many people press START, spread over the bots, and are greeted. */
  async introduce(count: number, timeoutMs: number): Promise<Person[]> {
    const bots = [...this.webhooks.keys()];
    const people: Person[] = [];
    for (let from = 0; from < count; from += INTRODUCED_AT_ONCE) {
      const some = Array.from({ length: Math.min(INTRODUCED_AT_ONCE, count - from) }, async (_, i) => {
        const bot = bots[(from + i) % bots.length]!;
        const { id } = await this.sandbox.telegram.addPerson({ firstName: `Person ${from + i}`, languageCode: 'en' });
        const hello = await this.sandbox.telegram.start(id, { bot });
        const greeted = this.nextMessageTo(id, timeoutMs);
        await this.bring(bot, hello);
        if (!(await greeted)) throw new Error(`Person ${from + i} was not greeted within ${timeoutMs} ms`);
        return { id, bot, hello };
      });
      people.push(...(await Promise.all(some)));
    }
    return people;
  }

  /** Resolves when the webhook has taken it. */
  say({ bot, hello }: Person, text: string): Promise<{ saidAt: number; acceptedAt: number }> {
    const date = Math.floor(Date.now() / 1000);
    return this.bring(bot, { ...hello, message_id: ++this.lastId, date, text, entities: [] });
  }

  /** Has the bot forget what was said; resolves when it has told so. */
  async beginAnew(person: Person, timeoutMs: number): Promise<void> {
    const { hello } = person;
    const told = this.nextMessageTo(person.id, timeoutMs);
    const date = Math.floor(Date.now() / 1000);
    const entities = [{ type: 'bot_command', offset: 0, length: 4 }];
    await this.bring(person.bot, { ...hello, message_id: ++this.lastId, date, text: '/new', entities });
    if (!(await told)) throw new Error(`Person ${person.id} was not told of the new beginning within ${timeoutMs} ms`);
  }

  /** True when a message was sent to this person, drafts not counted; false when time was up. */
  nextMessageTo(person: number, timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (came: boolean) => {
        clearTimeout(timer);
        this.awaited.delete(person);
        resolve(came);
      };
      const timer = setTimeout(() => end(false), timeoutMs);
      this.awaited.set(person, () => end(true));
    });
  }

  /** All calls that began since then, as far as the sandbox still remembers. */
  async callsSince(at: number): Promise<ApiCall[]> {
    return (await this.sandbox.telegram.calls()).filter(({ receivedAt }) => receivedAt >= at);
  }

  async close(): Promise<void> {
    this.watching = false;
    await this.watch;
  }

  private async bring(bot: number, message: object): Promise<{ saidAt: number; acceptedAt: number }> {
    const { url, secret } = this.webhooks.get(bot)!;
    const body = JSON.stringify({ update_id: ++this.lastId, message });
    const saidAt = preciseNow();
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-telegram-bot-api-secret-token': secret },
      body,
      signal: AbortSignal.timeout(30_000),
    });
    const answer = await response.text();
    const acceptedAt = preciseNow();
    if (!response.ok) throw new Error(`The webhook answered ${response.status}: ${answer}`);
    return { saidAt, acceptedAt };
  }

  private async look(): Promise<void> {
    while (this.watching) {
      for (const { id, method, params } of await this.sandbox.telegram.calls({ since: this.lastCall })) {
        this.lastCall = id;
        if (method === 'sendMessage') this.awaited.get(Number(params.chat_id))?.();
      }
      await pause(LOOK_EVERY_MS);
    }
  }
}

/** By the same clock as the sandbox's log: milliseconds since the epoch, with fractions. */
export const preciseNow = () => performance.timeOrigin + performance.now();
