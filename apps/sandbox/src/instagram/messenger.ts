import { createHash, createHmac, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { OUTGOING_FAULTS } from '../kit/faults';
import { HttpError } from '../kit/http';
import { Notifier } from '../kit/notifier';
import type { Context } from '../kit/third-party';

/** A business at Instagram. */
export interface Account {
  /** Longer than a number of JavaScript is exact. */
  id: string;
  username: string;
  name: string;
  /** Apps that the owner has let in, with the fields they hear of. */
  subscribed: Record<string, string[]>;
  iceBreakers: { question: string; payload: string }[];
}

export interface Person {
  id: string;
  name: string;
  username: string;
}

export interface Message {
  mid: string;
  from: 'person' | 'account';
  /** Of one from the account: the program that sent it, or a person in the app. */
  by?: string;
  text?: string;
  attachments?: { type: string; payload?: { url?: string; title?: string } }[];
  quickReplies?: { title: string; payload: string }[];
  tag?: string;
  at: number;
  readAt?: number;
  reaction?: string;
  deleted?: boolean;
}

interface Thread {
  account: string;
  person: string;
  messages: Message[];
  /** When the person last did something that opens the window. */
  openedAt?: number;
  blocked?: boolean;
  /** What the business last showed: `typing_on`. */
  action?: string;
  seenMid?: string;
}

export interface Comment {
  id: string;
  account: string;
  postId: string;
  person: string;
  text: string;
  at: number;
  replyMid?: string;
}

interface CdnFile {
  bytes: Buffer;
  mimeType: string;
  expiresAt: number;
}

export interface App {
  id: string;
  secret: string;
  webhook?: { url: string; verifyToken: string };
}

/** What is told of one account: an entry of a webhook without its envelope. */
export interface Item {
  account: string;
  messaging?: object;
  standby?: object;
  change?: { field: string; value: object };
}

const DAY_MS = 86_400_000;
const CDN_LIVES_MS = 3_600_000;
/** For about 36 h, as the pages of Meta say, less and less often. */
const LIFETIME_MS = 36 * 3_600_000;
const WEBHOOK_FAULTS = { ...OUTGOING_FAULTS, 'wrong-signature': null };

export const webhookFaults = WEBHOOK_FAULTS;

/** Who writes to whom, and what Meta tells the programs of a business about it. */
export class Messenger {
  readonly accounts = new Map<string, Account>();
  readonly apps = new Map<string, App>();
  readonly comments = new Map<string, Comment>();
  readonly files = new Map<string, CdnFile>();
  /** Milliseconds by which this party is ahead of the real time. */
  aheadMs = 0;
  readonly notifier: Notifier;
  private readonly own = new Map<string, Person>();
  private threads = new Map<string, Thread>();
  private lastId = 0;

  constructor(
    private readonly context: Context,
    { accounts, apps }: { accounts: readonly Pick<Account, 'id' | 'username' | 'name'>[]; apps: readonly App[] },
  ) {
    for (const account of accounts) this.accounts.set(account.id, { ...account, subscribed: {}, iceBreakers: [] });
    for (const app of apps) this.apps.set(app.id, { ...app });
    this.notifier = new Notifier(context, {
      target: 'instagram.webhook',
      deadlineMs: 20_000,
      backoffMs: (failures) => Math.min(1000 * 4 ** (failures - 1), 3_600_000),
      lifetimeMs: LIFETIME_MS,
      sign: ({ account: appId, body, flaw }) => ({
        'x-hub-signature-256': signatureOf(
          flaw === 'wrong-signature' ? 'another secret' : this.app(appId).secret,
          body,
        ),
      }),
    });
  }

  now(): number {
    return Date.now() + this.aheadMs;
  }

  account(id: string): Account {
    const found = this.accounts.get(id);
    if (!found) throw new HttpError(404, `there is no account ${id}`);
    return found;
  }

  app(id: string): App {
    const found = this.apps.get(id);
    if (!found) throw new HttpError(404, `there is no app ${id}`);
    return found;
  }

  people(): Person[] {
    const ofPhone = this.context.people().map(({ id, firstName, lastName, username }) => ({
      id: String(id),
      name: [firstName, lastName].filter(Boolean).join(' '),
      username: username ?? `person_${id}`,
    }));
    return [...ofPhone, ...this.own.values()];
  }

  addPerson({ name, username }: { name: string; username?: string | undefined }): Person {
    const id = `9${String(++this.lastId).padStart(6, '0')}`;
    const person = { id, name, username: username ?? `person_${id}` };
    this.own.set(id, person);
    return person;
  }

  person(id: string): Person {
    const found = this.people().find((one) => one.id === id);
    if (!found) throw new HttpError(404, `there is no person ${id}`);
    return found;
  }

  /** By which a business knows a person: another id in each account. */
  scopedId(account: string, person: string): string {
    const digest = createHash('sha256').update(`${account} ${person}`).digest();
    return `1${(digest.readBigUInt64BE() % 10n ** 16n).toString().padStart(16, '0')}`;
  }

  byScopedId(account: string, scoped: string): Person | undefined {
    return this.people().find(({ id }) => this.scopedId(account, id) === scoped);
  }

  thread(account: string, person: string): Thread {
    const key = `${account} ${person}`;
    const found = this.threads.get(key) ?? { account, person, messages: [] };
    this.threads.set(key, found);
    return found;
  }

  message(thread: Thread, mid: string): Message {
    const found = thread.messages.find((one) => one.mid === mid);
    if (!found) throw new HttpError(404, `there is no message ${mid}`);
    return found;
  }

  newMid(): string {
    return `aWdfZAG1faXRlbToxOklHTWVzc2FnZA${randomBytes(24).toString('base64url')}`;
  }

  /** A link of Meta's servers, which ends. */
  keepFile(base: string, bytes: Buffer, mimeType: string): string {
    const id = randomBytes(16).toString('base64url');
    this.files.set(id, { bytes, mimeType, expiresAt: this.now() + CDN_LIVES_MS });
    return `${base}/cdn/${id}`;
  }

  /** A person writes. Gives back what the business is told. */
  said(
    account: string,
    person: string,
    content: Partial<Pick<Message, 'text' | 'attachments'>> & Record<string, unknown>,
    { agoMs = 0, standby = false }: { agoMs?: number | undefined; standby?: boolean | undefined } = {},
  ): { mid: string; item: Item } {
    const thread = this.thread(account, person);
    const { text, attachments } = content;
    const at = this.now() - agoMs;
    const message: Message = {
      mid: this.newMid(),
      from: 'person',
      at,
      ...(text !== undefined && { text }),
      ...(attachments && { attachments }),
    };
    thread.messages.push(message);
    thread.openedAt = at;
    const item = this.itemOf(account, person, { message: { mid: message.mid, ...content } }, at);
    return { mid: message.mid, item: { account, [standby ? 'standby' : 'messaging']: item } };
  }

  /** What else a person does: `read`, `reaction`, `postback`, `referral`, `message_edit`. */
  did(account: string, person: string, what: Record<string, unknown>): Item {
    if ('postback' in what) this.thread(account, person).openedAt = this.now();
    return { account, messaging: this.itemOf(account, person, what) };
  }

  /** Something appears in the name of the business, whoever has sent it: its own programs are told. */
  answered(account: string, person: string, content: Omit<Message, 'mid' | 'from' | 'at'>): Message {
    const message: Message = { mid: this.newMid(), from: 'account', at: this.now(), ...content };
    this.thread(account, person).messages.push(message);
    const { mid, text, attachments, at } = message;
    const echo = { mid, is_echo: true, ...(text !== undefined && { text }), ...(attachments && { attachments }) };
    this.tell([
      {
        account,
        messaging: {
          sender: { id: account },
          recipient: { id: this.scopedId(account, person) },
          timestamp: at,
          message: echo,
        },
      },
    ]);
    return message;
  }

  commented(
    account: string,
    person: string,
    { postId, text, agoMs = 0 }: { postId: string; text: string; agoMs?: number | undefined },
  ): { comment: Comment; item: Item } {
    const id = `178${String(++this.lastId).padStart(14, '0')}`;
    const comment: Comment = { id, account, postId, person, text, at: this.now() - agoMs };
    this.comments.set(id, comment);
    const { username } = this.person(person);
    const value = {
      id,
      text,
      from: { id: this.scopedId(account, person), username },
      media: { id: postId, media_product_type: 'FEED' },
    };
    return { comment, item: { account, change: { field: 'comments', value } } };
  }

  /** Whether a business may write, by what the person did last; `tagged`: with the tag of human agents. */
  isOpen({ openedAt }: Thread, tagged: boolean): boolean {
    return openedAt !== undefined && this.now() - openedAt < (tagged ? 7 : 1) * DAY_MS;
  }

  /** Tells every app that was let in, in one call for all; several accounts in a call are a batch. */
  tell(items: readonly Item[], times = 1): void {
    for (const app of this.apps.values()) {
      const heard = items.filter(({ account }) => app.id in (this.accounts.get(account)?.subscribed ?? {}));
      if (!app.webhook || heard.length === 0) continue;
      const body = escaped(this.bodyOf(heard));
      for (let time = 0; time < times; time += 1)
        this.notifier.tell({ account: app.id, url: app.webhook.url, body, lane: app.id });
    }
  }

  bodyOf(items: readonly Item[]): object {
    const entries = new Map<
      string,
      { id: string; time: number; messaging?: object[]; standby?: object[]; changes?: object[] }
    >();
    for (const { account, messaging, standby, change } of items) {
      const entry = entries.get(account) ?? { id: account, time: this.now() };
      if (messaging) (entry.messaging ??= []).push(messaging);
      if (standby) (entry.standby ??= []).push(standby);
      if (change) (entry.changes ??= []).push(change);
      entries.set(account, entry);
    }
    return { object: 'instagram', entry: [...entries.values()] };
  }

  /** As Meta calls an address before it brings anything there. */
  async handshake({ url, verifyToken }: { url: string; verifyToken: string }): Promise<boolean> {
    const challenge = String(randomBytes(4).readUInt32BE());
    const query = { 'hub.mode': 'subscribe', 'hub.challenge': challenge, 'hub.verify_token': verifyToken };
    const asked = `${url}?${new URLSearchParams(query)}`;
    const response = await fetch(asked, { signal: AbortSignal.timeout(10_000) }).catch(() => undefined);
    return response?.status === 200 && (await response.text()) === challenge;
  }

  forget(): void {
    this.threads.clear();
    this.comments.clear();
    this.files.clear();
    this.notifier.forget();
  }

  save(): object {
    const { accounts, apps, comments, own, threads, lastId, aheadMs } = this;
    return {
      ...{ accounts: [...accounts], apps: [...apps], comments: [...comments], own: [...own], threads: [...threads] },
      ...{ lastId, aheadMs, notifier: this.notifier.save() },
    };
  }

  restore(saved: unknown): void {
    const state = Saved.parse(saved);
    for (const [id, account] of state.accounts) this.accounts.set(id, account);
    for (const [id, app] of state.apps) this.apps.set(id, app);
    for (const [id, comment] of state.comments) this.comments.set(id, comment);
    for (const [id, person] of state.own) this.own.set(id, person);
    this.threads = new Map(state.threads);
    this.lastId = state.lastId;
    this.aheadMs = state.aheadMs;
    this.notifier.restore(state.notifier);
  }

  private itemOf(account: string, person: string, what: object, timestamp = this.now()): object {
    return { sender: { id: this.scopedId(account, person) }, recipient: { id: account }, timestamp, ...what };
  }
}

const Entries = <T>() => z.array(z.tuple([z.string(), z.custom<T>()]));
const Saved = z.object({
  accounts: Entries<Account>(),
  apps: Entries<App>(),
  comments: Entries<Comment>(),
  own: Entries<Person>(),
  threads: Entries<Thread>(),
  lastId: z.int(),
  aheadMs: z.number(),
  notifier: z.unknown(),
});

/** As Meta writes JSON: every letter beyond ASCII and every slash is escaped, and what it signs are these bytes. */
export const escaped = (body: unknown): string =>
  JSON.stringify(body)
    .replaceAll('/', '\\/')
    .replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

export const signatureOf = (secret: string, body: string): string =>
  `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
