import { until } from '@switchboard/testing';
import { SandboxClient } from '../../sandbox/src/client';
import { encodeOggOpus, startSandbox, type SandboxOptions } from '../../sandbox/src/sandbox';

export { encodeOggOpus, SandboxClient, startSandbox };

export const LUMEN = { token: '7000000001:sandbox-lumen', username: 'lumen_bot', name: 'Lumen' };
export const NORTHWIND = { token: '7000000002:sandbox-northwind', username: 'northwind_bot', name: 'Northwind' };

export interface SeenMessage {
  message_id: number;
  text?: string;
  entities?: { type: string; offset: number; length: number; url?: string }[];
  voice?: { duration: number };
  audio?: { duration: number };
  reply_to_message?: { message_id: number };
  from: { is_bot: boolean };
  reply_markup?: { inline_keyboard: { text: string; callback_data: string }[][] };
}

export interface Call {
  id: number;
  method: string;
  params: Record<string, never> & { text?: string; chat_id?: number; draft_id?: number };
  receivedAt: number;
  status: number | null;
}

interface Fault {
  target: string;
  kind: string;
  times?: number;
  after?: number;
  retryAfter?: number;
  ms?: number;
  answer?: { status: number; headers?: Record<string, string>; body: object | string };
}

/** A person with a phone: acts in one chat, sees what it shows. */
export class Phone {
  constructor(
    private readonly telegram: PretendedTelegram,
    readonly id: number,
    readonly where: { bot?: string; chat?: number; threadId?: number },
  ) {}

  get chat(): number {
    return this.where.chat ?? this.id;
  }

  say = (text: string, more: { replyTo?: number } = {}) => this.act<SeenMessage>('say', { text, ...more });
  start = (payload?: string) => this.act<SeenMessage>('start', payload ? { payload } : {});
  edit = (messageId: number, text: string) => this.act('edit', { messageId, text });
  block = (blocked: boolean) => this.act('block', { blocked });
  press = (messageId: number, button: string) =>
    this.act<{ answered: boolean; text?: string }>('press', { messageId, button });
  pay = (link: string) => this.act<{ paid: boolean; chargeId?: string; reason?: string }>('pay', { link });
  sendFile = (kind: 'voice' | 'photo' | 'document', bytes: Buffer, more: object = {}) =>
    this.act<SeenMessage>('send-file', { kind, base64: bytes.toString('base64'), ...more });

  /** What was said here, oldest first. */
  messages(): Promise<SeenMessage[]> {
    const bot = this.where.bot ?? LUMEN.username;
    return this.telegram.control<SeenMessage[]>('GET', `telegram/chats/${this.chat}/messages?bot=${bot}`);
  }

  /** What the bot said here, oldest first. */
  async answers(): Promise<SeenMessage[]> {
    return (await this.messages()).filter(({ from }) => from.is_bot);
  }

  answer(fits: (message: SeenMessage) => boolean): Promise<SeenMessage> {
    return until(async () => (await this.answers()).find(fits), { what: 'an answer of the bot' });
  }

  private act<T>(what: string, body: object): Promise<T> {
    return this.telegram.control<T>('POST', `telegram/people/${this.id}/${what}`, { ...this.where, ...body });
  }
}

export class PretendedTelegram {
  constructor(
    readonly apiRoot: string,
    private readonly client: SandboxClient,
    readonly close: () => Promise<void>,
  ) {}

  async person(languageCode = 'en', bot = LUMEN.username, firstName = 'Emma'): Promise<Phone> {
    const { id } = await this.control<{ id: number }>('POST', 'telegram/people', { firstName, languageCode });
    return new Phone(this, id, { bot });
  }

  /** The same person in the chat with another bot. */
  other = (phone: Phone, bot: string) => new Phone(this, phone.id, { bot });

  async group(phone: Phone, ...others: Phone[]): Promise<Phone> {
    const group = { title: 'Friends', people: [phone, ...others].map(({ id }) => id), bots: [LUMEN.username] };
    const { id: chat } = await this.control<{ id: number }>('POST', 'telegram/chats', group);
    return new Phone(this, phone.id, { chat });
  }

  /** The person in a topic of a forum. */
  async topic(phone: Phone): Promise<Phone> {
    const bots = [LUMEN.username];
    const { id: chat } = await this.client.telegram.addGroup({
      title: 'Forum',
      people: [phone.id],
      bots,
      admins: bots,
      forum: true,
    });
    const topic = { chat_id: chat, name: 'News' };
    const { message_thread_id: threadId } = await this.ask<{ message_thread_id: number }>('createForumTopic', topic);
    return new Phone(this, phone.id, { chat, threadId });
  }

  /** The same person in a group that they are in. */
  inGroup = (phone: Phone, group: Phone) => new Phone(this, phone.id, { chat: group.chat });

  calls(method: string, chat?: number): Promise<Call[]> {
    return this.control<Call[]>('GET', `telegram/calls?method=${method}${chat === undefined ? '' : `&chat=${chat}`}`);
  }

  /** Calls the Bot API as a bot would. */
  async ask<T = unknown>(method: string, params: object, token = LUMEN.token): Promise<T> {
    const response = await fetch(`${this.apiRoot}/bot${token}/${method}`, {
      method: 'POST',
      body: JSON.stringify(params),
      headers: { 'content-type': 'application/json' },
    });
    return ((await response.json()) as { result: T }).result;
  }

  misbehave = (...rules: Fault[]) => this.control('PUT', 'faults', rules);

  control<T = unknown>(method: string, path: string, body?: unknown): Promise<T> {
    return this.client.ask<T>(method, `/${path}`, body);
  }
}

/** Telegram as the sandbox pretends it, in this process; its own waits are shortened by `pace`. */
export async function startTelegram(options: SandboxOptions['telegram'] = {}, pace = 0.05): Promise<PretendedTelegram> {
  const telegram = { bots: [LUMEN, NORTHWIND], rateLimits: null, ...options };
  const sandbox = await startSandbox({ pace, telegram });
  return new PretendedTelegram(sandbox.telegramUrl, new SandboxClient(sandbox.url), () => sandbox.close());
}
