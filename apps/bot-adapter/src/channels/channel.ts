import type { ChannelReport, MessageAbout } from '@switchboard/contracts';
import type { BotServers, Clock, Log } from '@switchboard/service-kit';
import type { Readable } from 'node:stream';
import type { Registry } from 'prom-client';
import type { z } from 'zod';
import type { RichText } from '../rich-text/rich-text';

/** `burst` at once, then `perSecond`. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** How a person picks one of several things that are offered to them. */
export interface ChoicesCapability {
  /** `none`: `compose` numbers them, and the person types the number or the label. */
  readonly how: 'buttons' | 'quick-replies' | 'list' | 'none';
  /** How many one message can offer; more of them are numbered. */
  readonly max: number;
  readonly labelMax: number;
  readonly unit: 'utf16' | 'bytes';
  /** Whether the message has to have words as well. */
  readonly onlyWithText: boolean;
}

/** For how long after what a person did they may be written to. */
export interface WindowCapability {
  readonly forBotMs: number;
  /** The same for what a member of staff has typed; absent where it makes no difference. */
  readonly forPersonMs?: number;
  /** What may be said once it is closed. */
  readonly outside: 'nothing' | 'templates';
  /** What a person does that opens it. */
  readonly opens: readonly Inbound['kind'][];
}

/** Files of one kind that can be sent. */
export interface FileLimits {
  readonly mimeTypes: readonly string[];
  readonly maxBytes: number;
}

/** What a channel can do. Asked here and never by the channel's name. */
export interface Capabilities {
  /** Buttons under messages whose press comes back as an InboundPress. Without them `compose` numbers the choices. */
  readonly buttons: boolean;
  /** Whether buttons can be pressed under older messages as well; else the label may be typed. */
  readonly pressesStay: boolean;
  readonly choices: ChoicesCapability;
  readonly voice: boolean;
  readonly files: {
    /** Kinds of files that can come in. */
    readonly in: readonly FileKind[];
    /** Those that can be sent, with what the channel takes of each. */
    readonly out: Readonly<Partial<Record<FileKind, FileLimits>>>;
  };
  /** Whether the channel is given the file itself, or an address at which it fetches it. */
  readonly filesBy: 'bytes' | 'link';
  /** Whether what came in is there for minutes only, and has to be fetched at once. */
  readonly filesExpire: boolean;
  /** Whether a file and words can be one message. */
  readonly captions: boolean;
  readonly markup: 'entities' | 'styled' | 'plain';
  /** Whether a message that was sent can be changed. */
  readonly edits: boolean;
  /** Whether a message that was sent can be taken back. */
  readonly deletes: boolean;
  /** Whether the person can be shown that their message was read. */
  readonly readMarks: boolean;
  /** Whether the person's message can be given a reaction. */
  readonly reactions: boolean;
  /** Whether what is sent in the bot's name, by whomever, comes back as an InboundEcho. */
  readonly echoes: boolean;
  /** By what a send whose outcome is not known is settled later: `key` when it may just be repeated. */
  readonly confirms: 'echo' | 'status' | 'key' | 'none';
  /** Whether ids of persons count in the whole channel, or for one account of it only. */
  readonly personScope: 'channel' | 'account';
  /** Longest text of one message; what is longer becomes several. */
  readonly textLimit: { readonly max: number; readonly unit: 'utf16' | 'bytes' };
  /** How fast messages may be sent, as a bot to all and in one chat; changes of a message count as messages. */
  readonly rates: { readonly bot: Rate; readonly private: Rate; readonly group: Rate; readonly media?: Rate };
  /** How an answer can be shown while it is being written. */
  previews(kind: ChatKind): 'draft' | 'edit' | 'none';
  /** Absent where people may always be written to. */
  readonly window?: WindowCapability;
  /** Largest file that `fetchFile` gives; absent where the channel sets no limit. */
  readonly maxFileBytes?: number;
}

export type ChatKind = 'private' | 'group';

/** Where messages go: a chat, and in it a topic where the channel has topics. */
export interface ChatAddress {
  readonly externalId: string;
  readonly threadId?: string;
}

// ---- What comes in ----

export interface InboundChat extends ChatAddress {
  readonly kind: ChatKind;
}

export interface InboundPerson {
  readonly externalId: string;
  readonly name: string;
  readonly username?: string;
  /** The language of the person's client as a BCP 47 tag, where the channel tells it. */
  readonly language?: string;
}

export type FileKind = 'voice' | 'audio' | 'photo' | 'video' | 'document';

export interface InboundFile {
  readonly kind: FileKind;
  readonly externalId: string;
  readonly mimeType: string;
  readonly bytes?: number;
  readonly fileName?: string;
  readonly durationMs?: number;
}

interface InboundBy {
  readonly chat: InboundChat;
  readonly from: InboundPerson;
  /** When, where the channel tells it. */
  readonly sentAt?: Date;
}

/** What of the channel a message refers to: a story, a post, the ad by which the person came. */
export interface InboundAbout {
  readonly kind: z.infer<typeof MessageAbout>;
  readonly url?: string;
  readonly externalId?: string;
}

export interface InboundMessage extends InboundBy {
  readonly kind: 'message';
  readonly externalMessageId: string;
  readonly sentAt: Date;
  readonly text?: string;
  readonly file?: InboundFile;
  readonly mediaGroup?: string;
  readonly replyToText?: string;
  /** The message that it answers. */
  readonly replyToId?: string;
  readonly about?: InboundAbout;
  /** The `data` of the choice that was picked; `text` is its label. */
  readonly choice?: string;
  /** Then it vanishes at the channel, and no copy may be kept. */
  readonly expiresAt?: Date;
}

export interface InboundCommand extends InboundBy {
  readonly kind: 'command';
  readonly externalMessageId: string;
  readonly name: string;
  readonly argument: string;
}

export interface InboundPress extends InboundBy {
  readonly kind: 'press';
  /** By which the press is answered. */
  readonly pressId: string;
  readonly data: string;
  /** The message that carries the button. */
  readonly externalMessageId: string;
}

export interface InboundEdit extends InboundBy {
  readonly kind: 'edited';
  readonly externalMessageId: string;
  readonly text: string;
  readonly sentAt: Date;
}

export interface InboundUnsupported extends InboundBy {
  readonly kind: 'unsupported';
  readonly externalMessageId: string;
  /** What it was, in the channel's own word: `sticker`, `video`, `poll`. */
  readonly what: string;
  /** Whether there were words with it, which nobody reads. */
  readonly hasText: boolean;
}

/** The person came by a link or an ad, in a channel where that is no command. */
export interface InboundReferral extends InboundBy {
  readonly kind: 'referral';
  readonly externalMessageId: string;
  /** What the link says to the bot. */
  readonly ref: string;
}

/** Something was sent in the bot's name: by us, by another program, or by a person in the app of the channel. */
export interface InboundEcho {
  readonly kind: 'echo';
  readonly chat: InboundChat;
  readonly externalMessageId: string;
  readonly text?: string;
  readonly file?: InboundFile;
  /** SendOptions.key, where the channel brings it back. */
  readonly key?: string;
  /** `self`: by us for certain. `unknown`: ids and words have to tell. */
  readonly author: 'self' | 'person' | 'unknown';
  readonly sentAt: Date;
}

/** What became of a message that was sent. They come in any order, and not all of them. */
export interface InboundStatus {
  readonly kind: 'status';
  readonly chat: InboundChat;
  readonly externalMessageId?: string;
  /** SendOptions.key, where the channel brings it back. */
  readonly key?: string;
  /** `sent`, `delivered`, `read`, `failed`, or a word of the channel's own that says nothing to us. */
  readonly state: string;
  /** Of a failed one: what `send` would have thrown. */
  readonly failure?: Error;
  readonly sentAt: Date;
}

export interface InboundReaction extends InboundBy {
  readonly kind: 'reaction';
  /** The message that it is given to. */
  readonly externalMessageId: string;
  /** Null takes an earlier one back. */
  readonly emoji: string | null;
}

/** The person took a message back. */
export interface InboundDeletion extends InboundBy {
  readonly kind: 'deleted';
  readonly externalMessageId: string;
}

/** Somebody wrote under a post. It opens no conversation: only their answer to a message does. */
export interface InboundComment {
  readonly kind: 'comment';
  readonly from: InboundPerson;
  readonly commentId: string;
  readonly postId: string;
  /** Of the comment that it answers. */
  readonly parentId?: string;
  readonly text: string;
  readonly sentAt: Date;
}

/** The account is not ours any more, until somebody connects it anew. */
export interface InboundDisconnection {
  readonly kind: 'disconnected';
  readonly reason: string;
}

/** The person stopped an answer that was being written, by a button of the channel's own. */
export interface InboundStop {
  readonly kind: 'stopped';
  readonly chat: InboundChat;
  /** Whether it was the draft with this id (showDraft); absent where the channel does not tell which one it was. */
  readonly isOf?: (previewId: string) => boolean;
}

interface InboundMoney {
  /** Of the invoice. */
  readonly payload: string;
  readonly amountMinor: number;
  readonly currency: string;
}

/** Somebody is about to pay, and the channel asks whether they may. No money has moved. */
export interface InboundCheckout extends InboundMoney {
  readonly kind: 'checkout';
  /** By which it is answered. */
  readonly checkoutId: string;
  readonly from: InboundPerson;
}

/** The channel has taken a payment: nothing else proves one. */
export interface InboundPayment extends InboundMoney, InboundBy {
  readonly kind: 'paid';
  readonly chargeId: string;
  readonly sentAt: Date;
  /** It charges again by itself, and did so just now. */
  readonly renewal?: { readonly isFirst: boolean; readonly paidUntil?: Date };
}

/** The channel has given a payment back, whoever has asked it to. */
export interface InboundRefund extends InboundMoney {
  readonly kind: 'refunded';
  readonly chat: InboundChat;
  readonly chargeId: string;
  readonly sentAt: Date;
}

export interface InboundRenewalChange {
  readonly kind: 'renewal-changed';
  readonly from: InboundPerson;
  readonly payload: string;
  /** In the channel's own word: `active`, `canceled`, `failed`. */
  readonly state: string;
}

/** Somebody joined a chat or left it, as the bot is told where it has rights. */
export interface InboundMembership {
  readonly kind: 'member-changed';
  /** `username` of a public one. */
  readonly of: { readonly externalId: string; readonly username?: string };
  readonly member: InboundPerson;
  readonly isMember: boolean;
}

/** What happened in a channel, in words that fit every channel. All ids are texts of the channel's own. */
export type Inbound =
  | InboundMessage
  | InboundCommand
  | InboundPress
  | InboundEdit
  | InboundUnsupported
  | InboundReferral
  | InboundEcho
  | InboundStatus
  | InboundReaction
  | InboundDeletion
  | InboundComment
  | InboundDisconnection
  /** `muted`: the bot is there and may not write. */
  | (InboundBy & { readonly kind: 'blocked' | 'muted' | 'unblocked' })
  | InboundStop
  | InboundCheckout
  | InboundPayment
  | InboundRefund
  | InboundRenewalChange
  | InboundMembership
  /** The chat goes on under another id; ids of messages begin anew there. */
  | { readonly kind: 'moved'; readonly from: string; readonly to: string };

// ---- What goes out ----

export type Button = { readonly label: string } & (
  | {
      /** An opaque id of at most 64 bytes; what it stands for stays here. */
      readonly data: string;
    }
  | { readonly url: string }
  | { readonly webApp: string }
  | { readonly invoice: Invoice }
);

/** Something to be paid in the channel itself. */
export interface Invoice {
  readonly title: string;
  readonly description: string;
  /** Comes back with the payment. */
  readonly payload: string;
  readonly currency: string;
  readonly amountMinor: number;
}

/** Keys in place of the letters of the person's keyboard; pressing one says its label. */
export interface ReplyKeyboard {
  readonly rows: readonly (readonly { readonly label: string; readonly webApp?: string }[])[];
  readonly once?: boolean;
}

export interface OutboundMedia {
  readonly kind: FileKind;
  readonly bytes: Buffer;
  readonly mimeType: string;
  readonly fileName: string;
  readonly durationMs?: number;
}

/** What is to be said, before any channel has drawn it. */
export interface OutboundContent {
  readonly text?: RichText;
  /** The text becomes its caption where it fits. */
  readonly media?: OutboundMedia;
  readonly buttons?: readonly (readonly Button[])[];
  readonly keyboard?: ReplyKeyboard | 'remove';
}

/** One message as its channel sends it: made by `compose`, and understood by that channel only. */
export interface OutboundMessage {
  /** The words as they will be shown. */
  readonly text: string;
}

export interface SendOptions {
  /** Replaces this message in place of sending a new one. Ids of messages count only in the chat they were sent to. */
  readonly edits?: string;
  /** Answers this message of the chat; ignored when it is gone. */
  readonly replyTo?: string;
  /** The same for each try of the same message. */
  readonly key?: string;
  /** The same, as a number of 31 bits that is never 0 and grows from message to message. */
  readonly number?: number;
  /** Whether the bot says it, or a member of staff has typed it; absent: the bot. */
  readonly author?: 'bot' | 'person';
}

export interface Receipt {
  readonly externalMessageId: string;
}

export type Activity = 'typing' | 'recording';

// ---- How it gets here ----

/** One update as it came, to be kept until it is processed. */
export interface InboundUpdate {
  readonly botId: string;
  /** By which the channel knows it: the same each time it comes, and of this account only. */
  readonly id: string;
  /** JSON. */
  readonly content: unknown;
  /** The channel takes an answer for a few seconds only: it does not wait for what came before. */
  readonly isUrgent?: boolean;
}

/** A call of the channel to `/webhooks/<channel>/<account>`, or to `/webhooks/<channel>/_` where accounts share it. */
export interface WebhookRequest {
  readonly method: 'GET' | 'POST';
  /** What stands behind the channel's name in the path; empty where accounts share one address. */
  readonly account: string;
  readonly query: Readonly<Record<string, string>>;
  /** By their names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Parsed; undefined for what is no JSON. */
  readonly body: unknown;
  /** For signatures. */
  readonly rawBody: Buffer;
}

export interface WebhookAnswer {
  readonly contentType: string;
  readonly body: string;
}

/** Long polling, where no public address is configured. */
export interface Polling {
  /** Waits for what came after `cursor`, which is what the last call returned. Asking again confirms what came before. */
  next(cursor: string | undefined, signal: AbortSignal): Promise<{ updates: InboundUpdate[]; cursor: string }>;
  /** Whether the channel does not remember what was confirmed, so that the cursor has to outlive the process. */
  readonly isForgetful?: boolean;
}

/** How the channel says that updates get here. */
export interface ReceivingState {
  /** Where it brings them; absent when it is to be asked for them. */
  readonly url?: string;
  /** Updates that wait to be brought or fetched. */
  readonly waiting?: number;
  /** The last call to `url` that failed. */
  readonly lastError?: { readonly at: Date; readonly message: string };
}

export interface Receiving {
  /**
   * Has updates brought to `url`, or kept until they are asked for. Throws ReceivedElsewhere when they are brought to an
   * address that is neither `url` nor `ours`, unless `takeOver`.
   */
  direct(url: string | undefined, options: { readonly ours?: string; readonly takeOver: boolean }): Promise<void>;
  state(): Promise<ReceivingState>;
}

/** What the channel shows of a bot beside its messages. */
export interface Introduction {
  /** Commands by language, the first language for people of all others. */
  readonly menus: readonly {
    readonly language: string;
    readonly commands: readonly { readonly name: string; readonly description: string }[];
  }[];
  /** Questions that somebody who has said nothing yet can ask by a press. */
  readonly openers?: readonly { readonly question: string; readonly data: string }[];
}

/** An account that staff have connected by the channel's own page. */
export interface ConnectedAccount {
  readonly account: string;
  readonly username: string | null;
  /** Undefined of one that somebody has to connect anew: nothing can be said in its name, and what is said to it counts. */
  readonly token: string | undefined;
}

/** What a page of the channel has given for an account. */
export interface ConnectedToken {
  readonly token: string;
  readonly expiresAt: Date;
}

/** By which staff connect an account of the channel, in place of copying a token. */
export interface ChannelOAuth {
  /** Where the browser goes; undefined where the operator has named no app. */
  authorizeUrl(state: string, redirectUri: string): string | undefined;
  /** Throws Rejected for a code that the channel does not take. */
  exchange(
    code: string,
    redirectUri: string,
  ): Promise<ConnectedToken & { readonly scopes: readonly string[]; readonly account: string }>;
  /** How the account is called now. Throws NotConnected. */
  describe(
    token: string,
  ): Promise<{ readonly account: string; readonly title: string; readonly username: string | null }>;
  /** Throws NotConnected for a token that is worth nothing any more. */
  refresh(token: string): Promise<ConnectedToken>;
  /** Has the channel bring updates of the account. */
  subscribe(account: string, token: string): Promise<void>;
  /** Best effort: the channel brings nothing of it any more. */
  unsubscribe(account: string, token: string): Promise<void>;
  /** How long after a token was had it is renewed; the channel refuses it within `minAgeMs`. */
  readonly refreshAfterMs: number;
  readonly minAgeMs: number;
}

/** How whoever has written a comment is answered in private: once, whatever the channel itself forbids. */
export interface CommentReplies {
  /** What is said: whatever comes back as an echo with these words is no answer of somebody else. */
  readonly text: string;
  /** Whether the bot answers this one. */
  isWanted(comment: InboundComment): boolean;
  /** So long after the comment. */
  readonly withinMs: number;
  readonly perHour: number;
  /** One that was answered before is no error. Throws what `send` throws. */
  reply(commentId: string): Promise<void>;
}

/** One payment of a channel, or that it went back. */
export interface ChannelTransaction {
  /** The same for a payment and for its way back. */
  readonly chargeId: string;
  readonly direction: 'in' | 'out';
  readonly amountMinor: number;
  readonly currency: string;
  readonly at: Date;
  /** The channel's own id of who paid. */
  readonly payer?: string;
  readonly payload?: string;
  readonly renews: boolean;
}

/** Money that a channel takes itself. Each payment is confirmed by whoever sells before it is taken. */
export interface ChannelPayments {
  readonly currencies: readonly string[];
  /** An address at which anybody can pay, as often as is confirmed. Throws Rejected for what the channel does not sell so. */
  createLink(invoice: Invoice, renewsAfterDays?: number): Promise<string>;
  /** One that is answered too late does not go on, and neither does a second answer change anything. */
  answerCheckout(checkoutId: string, refusal?: string): Promise<'answered' | 'too late'>;
  /** All of a payment; nothing for one that went back before. Throws Rejected. */
  refund(payer: ChatAddress, chargeId: string): Promise<void>;
  /** Whether the channel goes on charging by itself. Throws Rejected. */
  changeRenewal(payer: ChatAddress, chargeId: string, renews: boolean): Promise<void>;
  /** In the order in which they happened, from a time on or from where an earlier list ended. */
  list(
    from: { readonly since?: Date; readonly cursor?: string },
    limit: number,
  ): Promise<{ readonly transactions: readonly ChannelTransaction[]; readonly cursor: string }>;
}

// ---- The port ----

/** One bot in one channel. The calls that send throw what channel-errors.ts lists. */
export interface Channel<Message extends OutboundMessage = OutboundMessage> {
  /** The channel's own id of the bot: ids of updates and messages count for this account only. */
  readonly account: string;
  readonly capabilities: Capabilities;

  /** Absent where the channel brings updates by itself once it is told to in its own console. */
  readonly receiving?: Receiving;
  /** Absent where updates come by webhook only. */
  readonly polling?: Polling;
  /** What one update means; empty for what does not concern the bot. Throws UnreadableUpdate for what is no update at all. */
  parse(content: unknown): Promise<Inbound[]>;
  /** Throws FileGone and FileTooLarge. */
  fetchFile(externalId: string): Promise<Readable>;

  /**
   * The messages that say it, in order; empty for a content in which nothing can be seen. Buttons alone are a message that
   * changes those of the message it is sent to edit.
   */
  compose(content: OutboundContent): Message[];
  send(to: ChatAddress, message: Message, options?: SendOptions): Promise<Receipt>;
  /** An answer so far, in Markdown that may be unfinished, as one message. */
  composePreview(markdown: string, buttons?: OutboundContent['buttons']): Message;
  /**
   * Best effort, with a short deadline; an empty text says that an answer is being thought about. `canStop`: with the
   * channel's own button that stops the answer, where it has one.
   */
  showDraft(to: ChatAddress, previewId: string, preview: Message, options?: { canStop?: boolean }): Promise<void>;
  /**
   * Best effort: a message that shows an answer so far, or, with a short deadline, the next text of that message, which is
   * Rejected when it is gone. Returns its id.
   */
  showMessage(to: ChatAddress, preview: Message, options?: SendOptions): Promise<string>;
  /** Rejected when it is gone or cannot be deleted. */
  deleteMessage(to: ChatAddress, externalMessageId: string): Promise<void>;
  /** Best effort. */
  showActivity(to: ChatAddress, activity: Activity): Promise<void>;
  /** Best effort: shows the person that their message was read. Absent where that cannot be shown. */
  markRead?(chat: ChatAddress, externalMessageId: string): Promise<void>;
  /** Takes the spinner off a pressed button; the text is shown for a moment. */
  answerPress(pressId: string, text?: string): Promise<void>;

  /** Absent where the channel takes no money; buttons can ask for none there. */
  readonly payments?: ChannelPayments;
  /**
   * Whether a person is in a chat, which is its id or its `@name`; absent where there is nothing to be a member of. Rejected where the bot
   * may not know.
   */
  isMember?(chat: string, externalId: string): Promise<boolean>;
  /** Absent where a bot cannot introduce itself. May be repeated. */
  introduce?(introduction: Introduction): Promise<void>;
  /** Absent where accounts are not connected by a page of the channel. */
  readonly oauth?: ChannelOAuth;
  /** Absent where there are no comments, or nobody who writes one is answered. */
  readonly comments?: CommentReplies;

  /**
   * Whose its credentials are, and what would keep a bot from working with them; also that the channel did not answer. Changes
   * nothing, and takes no updates away from a program that receives them.
   * @param isOurs whether what the channel brings to an address comes to this installation
   */
  inspect(isOurs: (url: string) => boolean): Promise<ChannelReport>;
}

/** By which a person is known here: in some channels an id counts for one account only, and means somebody else in another. */
export const personId = (
  { account, capabilities }: Pick<Channel, 'account' | 'capabilities'>,
  externalId: string,
): string => (capabilities.personScope === 'account' ? `${account}:${externalId}` : externalId);

/** A bot as its channel sees it. */
export interface ChannelBot<Settings> {
  readonly id: string;
  readonly name: string;
  readonly settings: Settings;
  /** Of those that a file names by `<name>Env` or `<name>File`, or that the gateway was given; throws a ConfigError when it is not there. */
  secret(name: string): string | undefined;
}

export interface ChannelDependencies<Variables> {
  /** Those that the factory declares. */
  readonly config: Variables;
  readonly registry: Registry;
  readonly log: Log;
  readonly clock: Clock;
  /** How long one message may take; long, because giving up early makes duplicates. */
  readonly sendTimeoutMs: number;
  /** By which servers are asked that bots name. */
  readonly servers: BotServers;
  /** The account that staff have connected for the bot, as it is at each call; and the channel says that it is ours no more. */
  readonly connection: {
    get(): ConnectedAccount | undefined;
    lost(connected: ConnectedAccount): void;
  };
  /**
   * Where a channel that takes no bytes can fetch a file, for an hour. Absent where nobody reaches us from outside.
   * @param name the same for each try of the same message
   */
  readonly publish?: (media: OutboundMedia, name: string) => Promise<string>;
}

/** A kind of channel. Those there are stand in bot-adapter.app.ts. */
export interface ChannelFactory<
  Settings extends z.ZodType = z.ZodType,
  Variables extends z.ZodRawShape = z.ZodRawShape,
  Kind extends Channel = Channel,
> {
  /** As bots name it: `channel.kind`. */
  readonly kind: string;
  /** The rest of the `channel` section of a bot. */
  readonly settings: Settings;
  /** Variables of the service that only this channel reads. */
  readonly variables: Variables;
  /** Those of both that name servers: what a bot names is asked only where it may be, the operator's always. */
  readonly servers?: {
    readonly settings: readonly string[];
    readonly variables: readonly (keyof Variables & string)[];
  };
  /** Throws a ConfigError for what only together is a mistake. */
  create(bot: ChannelBot<z.output<Settings>>, deps: ChannelDependencies<z.output<z.ZodObject<Variables>>>): Kind;
  /**
   * Takes a call apart into updates, of one account or of several, after it has made sure who calls. Also answers the
   * handshakes of the channel. Absent where there are no webhooks. Throws UnknownAccount and WrongWebhookSecret.
   * @param channels of this kind, by bot; none when no account is connected yet
   */
  unpack?(
    request: WebhookRequest,
    channels: ReadonlyMap<string, Kind>,
    config: z.output<z.ZodObject<Variables>>,
  ): {
    readonly updates: readonly InboundUpdate[];
    readonly answer?: WebhookAnswer;
    /** How many there were of accounts that no bot has. */
    readonly ofNobody?: number;
  };
}

/** Lets a factory be written with its own types, and be kept among others. */
export const defineChannel = <Settings extends z.ZodType, Variables extends z.ZodRawShape, Kind extends Channel>(
  factory: ChannelFactory<Settings, Variables, Kind>,
): ChannelFactory => factory as unknown as ChannelFactory;
