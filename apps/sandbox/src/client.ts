import type { PaymentLink, Terminal, Token } from './cloudpayments/acquirer';
import type { Chargeback, Transaction } from './cloudpayments/objects';
import type { App as CryptoBotApp, Asset, Invoice as CryptoBotInvoice } from './cryptobot/invoices';
import type { LoggedCall } from './kit/call-log';
import type { FaultRule } from './kit/faults';
import type { PanelCall, PanelSeed, PanelUserEdit, PanelUserView, Power, SeenPanelServer } from './kit/panel-servers';
import type { SentNotification } from './kit/notifier';
import type { Mail } from './mailbox/mailbox';
import type { Pace, RequestFacts } from './openai/context';
import type { Model } from './openai/models';
import type { NewScriptedAnswer } from './openai/script';
import type { Account as StripeAccount } from './stripe/objects';
import type { Manner, QueryAnswer, Thing } from './telegram/people';
import type { RefundCourse, SavedMethod, Shop as YooKassaShop } from './yookassa/cashier';
import type { Amount, MethodType, Payment as YooKassaPayment, Refund as YooKassaRefund } from './yookassa/objects';
import type { BotSeed, MediaKind, Person } from './telegram/state';
import type { LoggedBotCall } from './telegram/telegram.context';
import type { Chat, Message, ReplyKeyboardMarkup } from './telegram/wire';
import type {
  Link as WataLink,
  Terminal as WataTerminal,
  Transaction as WataTransaction,
  TransactionType,
} from './wata/acquirer';

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
  readonly hetzner: HetznerControl;
  readonly yookassa: YooKassaControl;
  readonly cloudpayments: CloudPaymentsControl;
  readonly stripe: StripeControl;
  readonly wata: WataControl;
  readonly cryptobot: CryptoBotControl;

  constructor(url: string) {
    this.url = url;
    this.telegram = new TelegramControl(this.party('telegram'));
    this.openai = new OpenAiControl(this.party('openai'));
    this.telegramLogin = new SignInControl(this.party('telegram-login'));
    this.mailbox = new MailboxControl(this.party('mailbox'));
    this.hetzner = new HetznerControl(this.party('hetzner'));
    this.yookassa = new YooKassaControl(this.party('yookassa'));
    this.cloudpayments = new CloudPaymentsControl(this.party('cloudpayments'));
    this.stripe = new StripeControl(this.party('stripe'));
    this.wata = new WataControl(this.party('wata'));
    this.cryptobot = new CryptoBotControl(this.party('cryptobot'));
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

  /** The servers of one kind of VPN panel: `marzban`, `outline` … */
  panels(kind: string): PanelsControl {
    return new PanelsControl(this.party(kind));
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
    username?: string;
  }): Promise<SeenChat> {
    return this.ask('POST', '/chats', group);
  }

  /** Somebody joins a group, or leaves it. */
  setMember(group: number, person: number, isMember: boolean): Promise<SeenChat> {
    return this.ask('PUT', `/chats/${group}/people/${person}`, { isMember });
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

  /** What bots asked to be paid under a payload of theirs, by messages and by links. */
  invoices(payload: string): Promise<{ bot: number; title: string; amount: number }[]> {
    return this.ask('GET', `/invoices?payload=${encodeURIComponent(payload)}`);
  }

  /** The next month of a subscription. */
  renew(chargeId: string): Promise<{ chargeId: string }> {
    return this.ask('POST', `/charges/${chargeId}/renew`);
  }

  /** A month has passed, and the person has too few Stars. */
  failRenewal(chargeId: string): Promise<unknown> {
    return this.ask('POST', `/charges/${chargeId}/fail-renewal`);
  }

  /** The Stars of a payment go back without the bot's doing, and it may not even be told. */
  takeBack(chargeId: string, how: { silently?: boolean } = {}): Promise<unknown> {
    return this.ask('POST', `/charges/${chargeId}/take-back`, how);
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

/** VPN servers, each with a panel of its own. */
export class PanelsControl {
  private readonly ask: Ask;

  constructor(ask: Ask) {
    this.ask = ask;
  }

  servers(): Promise<SeenPanelServer[]> {
    return this.ask('GET', '/servers');
  }

  addServer(server: PanelSeed): Promise<SeenPanelServer> {
    return this.ask('POST', '/servers', server);
  }

  removeServer(name: string): Promise<unknown> {
    return this.ask('DELETE', `/servers/${name}`);
  }

  server(name: string): PanelServerControl {
    return new PanelServerControl(name, this.ask);
  }
}

/** A hand on one VPN server and on the pages of its panel. */
export class PanelServerControl {
  readonly name: string;
  private readonly ask: Ask;

  constructor(name: string, ask: Ask) {
    this.name = name;
    this.ask = ask;
  }

  users(): Promise<PanelUserView[]> {
    return this.of('GET', '/users');
  }

  async user(name: string): Promise<PanelUserView | undefined> {
    return (await this.users()).find((user) => user.name === name);
  }

  /** Users that somebody else has made, all alike. */
  add(names: string[], user: PanelUserEdit = {}): Promise<unknown> {
    return this.of('POST', '/users', { names, ...user });
  }

  edit(name: string, user: PanelUserEdit): Promise<unknown> {
    return this.of('PATCH', `/users/${name}`, user);
  }

  remove(name: string): Promise<unknown> {
    return this.of('DELETE', `/users/${name}`);
  }

  /** The user's apps let so much through, if the server lets them in. */
  use(name: string, bytes: number): Promise<{ served: boolean }> {
    return this.of('POST', `/users/${name}/traffic`, { bytes });
  }

  /** Kills it, in one of two ways, or brings it back. */
  setPower(power: Power): Promise<unknown> {
    return this.of('PUT', '/power', { power });
  }

  /** So much flows by itself from now on, for each user that is served. */
  setPace(bytesPerSecond: number): Promise<unknown> {
    return this.of('PUT', '/pace', { bytesPerSecond });
  }

  backUp(): Promise<unknown> {
    return this.of('POST', '/backup');
  }

  /** Everything on it is as it was when it was backed up. */
  restoreBackup(): Promise<unknown> {
    return this.of('POST', '/restore');
  }

  /** All tokens and cookies that it gave out are good no more. */
  signOut(): Promise<unknown> {
    return this.of('POST', '/sign-out');
  }

  renewCertificate(): Promise<SeenPanelServer> {
    return this.of('POST', '/certificate');
  }

  /** Marzban only: whether Xray runs on the server itself, and how the other node is that is joined to it. */
  setCore(core: { started?: boolean; node?: { status: string; message?: string } }): Promise<unknown> {
    return this.of('PUT', '/core', core);
  }

  calls(wanted: { since?: number; target?: string } = {}): Promise<(PanelCall & LoggedCall)[]> {
    return this.ask('GET', `/calls?${query({ ...wanted, server: this.name })}`);
  }

  private of<T>(method: string, path: string, body?: object): Promise<T> {
    return this.ask(method, `/servers/${this.name}${path}`, body);
  }
}

/** The servers of a project at Hetzner, and what can be had there. */
export class HetznerControl {
  private readonly ask: Ask;

  constructor(ask: Ask) {
    this.ask = ask;
  }

  servers(): Promise<
    { name: string; type: string; location: string; labels: Record<string, string>; status: string }[]
  > {
    return this.ask('GET', '/servers');
  }

  /** Servers that somebody else has made. */
  addServers(names: string[], labels: Record<string, string> = {}): Promise<unknown> {
    return this.ask('POST', '/servers', { names, labels });
  }

  removeServer(name: string): Promise<unknown> {
    return this.ask('DELETE', `/servers/${name}`);
  }

  /** Whether a type can be had at a location. */
  setStock(type: string, location: string, available: boolean): Promise<unknown> {
    return this.ask('PUT', '/stock', { type, location, available });
  }

  /** How many servers the project may have. */
  setLimit(servers: number): Promise<unknown> {
    return this.ask('PUT', '/limit', { servers });
  }

  calls(wanted: { since?: number; target?: string } = {}): Promise<(LoggedCall & { target: string })[]> {
    return this.ask('GET', `/calls?${query(wanted)}`);
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

/** People at the pages of YooKassa, and the cabinets of its shops. */
export class YooKassaControl {
  private readonly ask: Ask;

  constructor(ask: Ask) {
    this.ask = ask;
  }

  /** One that is there already gets what is given; `webhookUrl` is where it is told of payments. */
  setShop(shop: Partial<YooKassaShop> & { shopId: string }): Promise<YooKassaShop> {
    return this.ask('POST', '/shops', shop);
  }

  payments(): Promise<YooKassaPayment[]> {
    return this.ask('GET', '/payments');
  }

  methods(): Promise<SavedMethod[]> {
    return this.ask('GET', '/methods');
  }

  /** With `afterMs` the bank decides only then. */
  pay(payment: string, how: { type?: MethodType; saves?: boolean; afterMs?: number } = {}): Promise<YooKassaPayment> {
    return this.ask('POST', `/payments/${payment}/pay`, how);
  }

  decline(payment: string, reason?: string): Promise<YooKassaPayment> {
    return this.ask('POST', `/payments/${payment}/decline`, { reason });
  }

  expire(payment: string): Promise<YooKassaPayment> {
    return this.ask('POST', `/payments/${payment}/expire`);
  }

  /** By the cabinet of the shop: a part, or all of it. */
  refund(payment: string, amount?: Amount): Promise<YooKassaRefund> {
    return this.ask('POST', `/payments/${payment}/refund`, { amount });
  }

  /** How the next refund of it ends: later, and refused for a reason. */
  setNextRefund(payment: string, course: RefundCourse): Promise<unknown> {
    return this.ask('POST', `/payments/${payment}/next-refund`, course);
  }

  /** The person withdraws their consent. */
  revoke(method: string): Promise<unknown> {
    return this.ask('POST', `/methods/${method}/revoke`);
  }

  refuseNext(method: string, reason: string): Promise<unknown> {
    return this.ask('POST', `/methods/${method}/refuse-next`, { reason });
  }

  /** Tells a shop what somebody claims, as anybody could: nothing is signed. */
  forge(shop: string, event: string, object: { id: string; [field: string]: unknown }): Promise<unknown> {
    return this.ask('POST', `/shops/${shop}/notifications`, { event, object });
  }
}

/** People at the pages of CloudPayments, banks, and the cabinets of its sites. */
export class CloudPaymentsControl {
  private readonly ask: Ask;

  constructor(ask: Ask) {
    this.ask = ask;
  }

  /** One that is there already gets what is given; `webhookUrl` is where it is told of payments. */
  setTerminal(terminal: Partial<Terminal> & { publicId: string }): Promise<Terminal> {
    return this.ask('POST', '/terminals', terminal);
  }

  orders(): Promise<PaymentLink[]> {
    return this.ask('GET', '/orders');
  }

  transactions(): Promise<Transaction[]> {
    return this.ask('GET', '/transactions');
  }

  tokens(): Promise<Token[]> {
    return this.ask('GET', '/tokens');
  }

  /** With `afterMs` the bank decides only then. What was paid already is paid once more. */
  pay(order: string, how: { afterMs?: number } = {}): Promise<Transaction> {
    return this.ask('POST', `/orders/${order}/pay`, how);
  }

  decline(order: string, reasonCode?: number): Promise<Transaction> {
    return this.ask('POST', `/orders/${order}/decline`, { reasonCode });
  }

  /** By the cabinet of the site: a part such as `10.00`, or all of it. */
  refund(transaction: number, amount?: string): Promise<Transaction> {
    return this.ask('POST', `/transactions/${transaction}/refund`, { amount });
  }

  /** The bank of the person takes the money back, or gives that up. */
  claim(transaction: number, operation: Chargeback['Operation'] = 'Presentment'): Promise<Chargeback> {
    return this.ask('POST', `/transactions/${transaction}/claim`, { operation });
  }

  /** The card was closed. */
  revoke(token: string): Promise<unknown> {
    return this.ask('POST', `/tokens/${token}/revoke`);
  }

  declineNext(token: string, reasonCode: number): Promise<unknown> {
    return this.ask('POST', `/tokens/${token}/decline-next`, { reasonCode });
  }

  /** An hour passes for whoever repeats a call. */
  forgetKeys(): Promise<unknown> {
    return this.ask('POST', '/keys/forget');
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

/** What a service tells by webhook, of the kit's `Notifier`. */
class NotifyingParty {
  protected readonly ask: Ask;

  constructor(ask: Ask) {
    this.ask = ask;
  }

  /** As it went out, each attempt; the oldest first. */
  notifications(account?: string): Promise<SentNotification[]> {
    return this.ask('GET', `/notifications?${query({ account })}`);
  }

  /** The very same bytes once more. Returns the status of the answer. */
  async replay(notification: number): Promise<number> {
    return (await this.ask<{ status: number }>('POST', `/notifications/${notification}/replay`)).status;
  }
}

/** People at the pages of Stripe, its dashboard, and banks. */
export class StripeControl extends NotifyingParty {
  /** One that is known by its key gets what is given. */
  setAccount(account: Partial<StripeAccount> & { key: string }): Promise<StripeAccount> {
    return this.ask('POST', '/accounts', account);
  }

  /** All of a kind (`checkout.session`, `payment_intent`), as the API tells of them. */
  objects<T>(object: string): Promise<(T & { id: string; account: string })[]> {
    return this.ask('GET', `/objects?object=${object}`);
  }

  /** A person pays by a test card. */
  pay(session: string, card?: string): Promise<{ paid: boolean; refused: string | null }> {
    return this.ask('POST', `/sessions/${session}/pay`, { card });
  }

  decline(session: string, code?: string): Promise<unknown> {
    return this.ask('POST', `/sessions/${session}/decline`, { code });
  }

  expire(session: string): Promise<unknown> {
    return this.ask('POST', `/sessions/${session}/expire`);
  }

  /** A person pays in a way that takes days; `settle` ends it. */
  payLater(session: string): Promise<unknown> {
    return this.ask('POST', `/sessions/${session}/pay-later`);
  }

  settle(session: string, succeeds: boolean): Promise<unknown> {
    return this.ask('POST', `/sessions/${session}/settle`, { succeeds });
  }

  settleIntent(intent: string, succeeds: boolean): Promise<unknown> {
    return this.ask('POST', `/payment-intents/${intent}/settle`, { succeeds });
  }

  /** How the next charge of a saved card ends: `processing`, or a decline code. */
  setNextCharge(paymentMethod: string, outcome: string): Promise<unknown> {
    return this.ask('PUT', `/payment-methods/${paymentMethod}/next`, { outcome });
  }

  detach(paymentMethod: string): Promise<unknown> {
    return this.ask('POST', `/payment-methods/${paymentMethod}/detach`);
  }

  /** By the dashboard. */
  refund(payment_intent: string, amount?: number): Promise<{ id: string }> {
    return this.ask('POST', '/refunds', { payment_intent, amount });
  }

  settleRefund(refund: string, succeeds: boolean): Promise<unknown> {
    return this.ask('POST', `/refunds/${refund}/settle`, { succeeds });
  }

  dispute(payment_intent: string): Promise<{ id: string }> {
    return this.ask('POST', '/disputes', { payment_intent });
  }

  closeDispute(dispute: string, status: 'won' | 'lost'): Promise<unknown> {
    return this.ask('POST', `/disputes/${dispute}/close`, { status });
  }

  /** As a day later. */
  forgetIdempotencyKeys(): Promise<unknown> {
    return this.ask('DELETE', '/idempotency-keys');
  }
}

/** People at the pages of WATA, the cabinets of its terminals, and banks. */
export class WataControl extends NotifyingParty {
  /** One that is known by its token gets what is given. */
  setTerminal(terminal: Partial<WataTerminal> & { token: string }): Promise<WataTerminal> {
    return this.ask('POST', '/terminals', terminal);
  }

  links(): Promise<WataLink[]> {
    return this.ask('GET', '/links');
  }

  transactions(): Promise<WataTransaction[]> {
    return this.ask('GET', '/transactions');
  }

  pay(link: string, type?: TransactionType): Promise<WataTransaction> {
    return this.ask('POST', `/links/${link}/pay`, { type });
  }

  decline(link: string, errorCode?: string): Promise<WataTransaction> {
    return this.ask('POST', `/links/${link}/decline`, { errorCode });
  }

  /** The bank thinks about it; `settle` ends it. */
  payLater(link: string): Promise<WataTransaction> {
    return this.ask('POST', `/links/${link}/pay-later`);
  }

  /** With an error code the bank has said no. */
  settle(transaction: string, errorCode?: string): Promise<WataTransaction> {
    return this.ask('POST', `/transactions/${transaction}/settle`, { errorCode });
  }

  expire(link: string): Promise<WataLink> {
    return this.ask('POST', `/links/${link}/expire`);
  }

  /** As some time after it has expired: nothing is left of it. */
  purge(link: string): Promise<unknown> {
    return this.ask('POST', `/links/${link}/purge`);
  }

  /** By the cabinet: a part, or what is left. */
  refund(transaction: string, amount?: number): Promise<WataTransaction> {
    return this.ask('POST', `/transactions/${transaction}/refund`, { amount });
  }

  /** A new key signs from now on. */
  rotateKey(): Promise<unknown> {
    return this.ask('POST', '/keys/rotate');
  }
}

/** People in CryptoBot, and the owners of its apps. */
export class CryptoBotControl extends NotifyingParty {
  /** One that is known by its token gets what is given. */
  setApp(app: Partial<CryptoBotApp> & { token: string }): Promise<CryptoBotApp> {
    return this.ask('POST', '/apps', app);
  }

  apps(): Promise<CryptoBotApp[]> {
    return this.ask('GET', '/apps');
  }

  invoices(): Promise<CryptoBotInvoice[]> {
    return this.ask('GET', '/invoices');
  }

  pay(invoice: number | string, asset?: Asset): Promise<CryptoBotInvoice> {
    return this.ask('POST', `/invoices/${invoice}/pay`, { asset });
  }

  expire(invoice: number | string): Promise<CryptoBotInvoice> {
    return this.ask('POST', `/invoices/${invoice}/expire`);
  }
}

function query(wanted: Record<string, string | number | undefined>): URLSearchParams {
  const told = Object.entries(wanted).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as [string, string]],
  );
  return new URLSearchParams(told);
}
