import type { LoggedCall } from './kit/call-log';
import type { FaultRule } from './kit/faults';
import type { Mail } from './mailbox/mailbox';
import type { Pace, RequestFacts } from './openai/context';
import type { Model } from './openai/models';
import type { NewScriptedAnswer } from './openai/script';
import type { Manner, QueryAnswer, Thing } from './telegram/people';
import type { BotSeed, MediaKind, Person } from './telegram/state';
import type { LoggedBotCall } from './telegram/telegram.context';
import type { Chat, Message, ReplyKeyboardMarkup } from './telegram/wire';

/** A message as its bot sees it, with the moment the sandbox stored it, in milliseconds. */
export type SeenMessage = Message & { storedAt: number; reactions?: { from: number; emoji: string }[] };

export interface SeenChat {
  /** As bots see it. */
  id: number;
  chat: Chat;
  people: number[];
  bots: number[];
  blocked: boolean;
  topics: { id: number; name: string }[];
  pinned: number[];
  replyKeyboard: ReplyKeyboardMarkup | null;
}

/** A private chat by its bot's id or username (not needed while there is one bot), or a group by its id. */
export type Place = { bot?: number | string } | { chat: number };

export type ModelRequest = RequestFacts & LoggedCall;

/** Milliseconds; a press of a button alone may wait for fifteen seconds. */
const DEADLINE_MS = 30_000;

/**
 * Speaks the control API of a running sandbox: what every test and tool uses. Throws an Error with the sandbox's own
 * words for whatever it refuses. It has no imports but types, so that scripts may load it as it is.
 */
export class SandboxClient {
  readonly url: string;
  readonly telegram: TelegramControl;
  readonly openai: OpenAiControl;
  readonly telegramLogin: SignInControl;
  readonly mailbox: MailboxControl;

  constructor(url: string) {
    this.url = url;
    this.telegram = new TelegramControl(this.party('telegram'));
    this.openai = new OpenAiControl(this.party('openai'));
    this.telegramLogin = new SignInControl(this.party('telegram-login'));
    this.mailbox = new MailboxControl(this.party('mailbox'));
  }

  /** Where each third party answers, by its name. */
  async addresses(): Promise<Record<string, string>> {
    const paths = await this.ask<Record<string, string>>('GET', '/parties');
    return Object.fromEntries(Object.entries(paths).map(([name, path]) => [name, this.url + path]));
  }

  /** What shall go wrong from now on, instead of what did before. */
  setFaults(...rules: FaultRule[]): Promise<FaultRule[]> {
    return this.ask('PUT', '/faults', rules);
  }

  addFaults(...rules: FaultRule[]): Promise<FaultRule[]> {
    return this.ask('POST', '/faults', rules);
  }

  faults(): Promise<FaultRule[]> {
    return this.ask('GET', '/faults');
  }

  /** Every target with the kinds it knows. */
  knownFaults(): Promise<Record<string, string[]>> {
    return this.ask('GET', '/faults/known');
  }

  /** Forgets what has happened, and all faults. */
  reset(): Promise<unknown> {
    return this.ask('POST', '/reset');
  }

  /** The bytes of a file that somebody sent in Telegram. */
  async file(fileId: string): Promise<Buffer> {
    const address = `${this.url}/phone/api/files/${fileId}`;
    const response = await fetch(address, { signal: AbortSignal.timeout(DEADLINE_MS) });
    if (!response.ok) throw new Error(`the sandbox answered ${response.status} to GET ${address}`);
    return Buffer.from(await response.arrayBuffer());
  }

  /** Accounts with `google`, `company`, `yandex` or `vk`. */
  accounts(provider: string): SignInControl {
    const ask = this.party('openid');
    return new SignInControl((method, path, body) => ask(method, `/${provider}${path}`, body));
  }

  /** Asks what one third party adds to the control API, `/control/<name>/…`. */
  party(name: string): Ask {
    return (method, path, body) => this.ask(method, `/${name}${path}`, body);
  }

  async ask<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(`${this.url}/control${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    const answer = await response.text();
    if (!response.ok) throw new Error(`the sandbox answered ${response.status} to ${method} ${path}: ${answer}`);
    const isJson = response.headers.get('content-type')?.includes('json');
    return (isJson && answer ? JSON.parse(answer) : undefined) as T;
  }
}

export type Ask = <T>(method: string, path: string, body?: unknown) => Promise<T>;

/** People on their phones, and what bots did. */
export class TelegramControl {
  private readonly ask: Ask;

  constructor(ask: Ask) {
    this.ask = ask;
  }

  /** One that is there already gets what is given; `nextUpdateId` as after a week without updates. */
  addBot(bot: BotSeed): Promise<{ id: number; username: string }> {
    return this.ask('POST', '/bots', bot);
  }

  addPerson(person: { firstName: string; lastName?: string; languageCode?: string }): Promise<Person> {
    return this.ask('POST', '/people', person);
  }

  people(): Promise<Person[]> {
    return this.ask('GET', '/people');
  }

  addGroup(group: {
    title: string;
    people: number[];
    bots: (number | string)[];
    admins?: (number | string)[];
    basic?: boolean;
    forum?: boolean;
  }): Promise<SeenChat> {
    return this.ask('POST', '/chats', group);
  }

  /** The channel whose discussion group this is posts something, which Telegram forwards to the group. */
  postInChannel(group: number, post: { channel?: string; text: string }): Promise<SeenMessage> {
    return this.ask('POST', `/chats/${group}/channel-post`, post);
  }

  chats(): Promise<SeenChat[]> {
    return this.ask('GET', '/chats');
  }

  /** A basic group becomes a supergroup, which is given back. */
  migrate(chat: number): Promise<SeenChat> {
    return this.ask('POST', `/chats/${chat}/migrate`);
  }

  /** Of a group, or of a person with a bot; oldest first. */
  messages(chat: number, bot?: number | string, after = 0): Promise<SeenMessage[]> {
    const query = new URLSearchParams({ after: String(after), ...(bot !== undefined && { bot: String(bot) }) });
    return this.ask('GET', `/chats/${chat}/messages?${query}`);
  }

  /** The calls of the Bot API after one of them, of one method, about one chat. */
  calls(wanted: { since?: number; method?: string; chat?: number; bot?: number } = {}): Promise<LoggedBotCall[]> {
    return this.ask('GET', `/calls?${query(wanted)}`);
  }

  say(person: number, place: Place, text: string, manner: Manner = {}): Promise<SeenMessage> {
    return this.act(person, 'say', place, { text, ...manner });
  }

  start(person: number, place: Place, payload?: string): Promise<SeenMessage> {
    return this.act(person, 'start', place, { payload });
  }

  edit(person: number, place: Place, messageId: number, text: string): Promise<SeenMessage> {
    return this.act(person, 'edit', place, { messageId, text });
  }

  sendFile(
    person: number,
    place: Place,
    kind: MediaKind,
    bytes: Uint8Array,
    more: { name?: string; mimeType?: string; caption?: string; duration?: number } & Manner = {},
  ): Promise<SeenMessage> {
    return this.act(person, 'send-file', place, { kind, base64: Buffer.from(bytes).toString('base64'), ...more });
  }

  /** A place, a contact or a throw of dice. */
  send(person: number, place: Place, thing: Thing, manner: Manner = {}): Promise<SeenMessage> {
    return this.act(person, 'send', place, { thing, ...manner });
  }

  sendWebAppData(person: number, place: Place, data: string, buttonText: string): Promise<SeenMessage> {
    return this.act(person, 'web-app-data', place, { data, buttonText });
  }

  forward(person: number, from: Place, messageId: number, to: Place): Promise<SeenMessage> {
    return this.act(person, 'forward', to, { messageId, from });
  }

  /** An inline button by its data or text, or by its place. Resolves when the bot has answered, or after 15 s. */
  press(
    person: number,
    place: Place,
    messageId: number,
    button: string | { row: number; column: number },
  ): Promise<QueryAnswer & { answered: boolean }> {
    return this.act(person, 'press', place, { messageId, ...(typeof button === 'string' ? { button } : button) });
  }

  react(person: number, place: Place, messageId: number, ...emoji: string[]): Promise<SeenMessage> {
    return this.act(person, 'react', place, { messageId, emoji });
  }

  vote(person: number, place: Place, messageId: number, ...options: number[]): Promise<SeenMessage> {
    return this.act(person, 'vote', place, { messageId, options });
  }

  /** The Stop button of a draft. */
  stop(person: number, place: Place): Promise<unknown> {
    return this.act(person, 'stop', place, {});
  }

  block(person: number, place: Place, blocked: boolean): Promise<SeenChat> {
    return this.act(person, 'block', place, { blocked });
  }

  /** `@bot query`; null when the bot did not answer in time. */
  inline(person: number, place: Place, query: string): Promise<{ results: { id: string; title?: string }[] | null }> {
    return this.act(person, 'inline', place, { query });
  }

  pick(person: number, place: Place, resultId: string): Promise<SeenMessage> {
    return this.act(person, 'pick', place, { resultId });
  }

  /** Pays what a message asks for, or a link of createInvoiceLink. */
  pay(
    person: number,
    place: Place,
    what: { messageId: number } | { link: string },
  ): Promise<{ paid: true; chargeId: string } | { paid: false; reason: string }> {
    return this.act(person, 'pay', place, what);
  }

  /** The next month of a subscription. */
  renew(chargeId: string): Promise<{ chargeId: string }> {
    return this.ask('POST', `/charges/${chargeId}/renew`);
  }

  /** A person switches the renewal of a subscription off, or on again. */
  setCanceled(chargeId: string, canceled: boolean): Promise<unknown> {
    return this.ask('PUT', `/charges/${chargeId}/canceled`, { canceled });
  }

  private act<T>(person: number, what: string, place: Place, body: object): Promise<T> {
    return this.ask('POST', `/people/${person}/${what}`, { ...place, ...body });
  }
}

/** Somebody at the page of a provider, where they sign in elsewhere. */
export class SignInControl {
  private readonly ask: Ask;

  constructor(ask: Ask) {
    this.ask = ask;
  }

  /** A person opens the address in their browser and approves, or declines. Returns the address to which they are sent back. */
  async visit(url: string, person?: number, { decline = false } = {}): Promise<URL> {
    const { location } = await this.ask<{ location: string }>('POST', '/visits', { url, person, decline });
    return new URL(location);
  }

  addClient(client: { id: string; secret: string; redirectUris: string[] }): Promise<unknown> {
    return this.ask('POST', '/clients', client);
  }

  /** What was given out, the oldest first. */
  issued(): Promise<{ client: string; person: number }[]> {
    return this.ask('GET', '/issued');
  }

  /** Telegram only: new keys sign from now on. */
  rotateKeys(): Promise<unknown> {
    return this.ask('POST', '/keys/rotate');
  }
}

/** What was sent by e-mail. */
export class MailboxControl {
  private readonly ask: Ask;

  constructor(ask: Ask) {
    this.ask = ask;
  }

  /** `smtp://127.0.0.1:4525` */
  async smtpUrl(): Promise<string> {
    return (await this.ask<{ url: string }>('GET', '/smtp')).url;
  }

  /** To one address, or to anybody; the oldest first. */
  mails(to?: string): Promise<Mail[]> {
    return this.ask('GET', `/mails?${query({ to })}`);
  }

  forget(): Promise<unknown> {
    return this.ask('DELETE', '/mails');
  }
}

/** What models say, how fast, and what they were asked. */
export class OpenAiControl {
  private readonly ask: Ask;

  constructor(ask: Ask) {
    this.ask = ask;
  }

  /** An answer to come, for whom it fits. */
  script(...answers: NewScriptedAnswer[]): Promise<unknown> {
    return this.ask('POST', '/script', answers);
  }

  scripted(): Promise<NewScriptedAnswer[]> {
    return this.ask('GET', '/script');
  }

  forgetScript(): Promise<unknown> {
    return this.ask('DELETE', '/script');
  }

  requests(wanted: { since?: number; path?: string } = {}): Promise<ModelRequest[]> {
    return this.ask('GET', `/calls?${query(wanted)}`);
  }

  forgetRequests(): Promise<unknown> {
    return this.ask('DELETE', '/calls');
  }

  setPace(pace: Partial<Pace>): Promise<Pace> {
    return this.ask('PUT', '/pace', pace);
  }

  setLimits(limits: { requestsPerMinute?: number; tokensPerMinute?: number }): Promise<unknown> {
    return this.ask('PUT', '/limits', limits);
  }

  /** Serves a model from now on, or tells of the day on which it goes. */
  addModel(model: Model): Promise<Model> {
    return this.ask('POST', '/models', model);
  }

  removeModel(id: string): Promise<unknown> {
    return this.ask('DELETE', `/models/${id}`);
  }
}

function query(wanted: Record<string, string | number | undefined>): URLSearchParams {
  const told = Object.entries(wanted).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as [string, string]],
  );
  return new URLSearchParams(told);
}
