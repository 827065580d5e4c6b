import type { ChannelReport } from '@switchboard/contracts';
import type { BotServers, Log } from '@switchboard/service-kit';
import type { Readable } from 'node:stream';
import type { Registry } from 'prom-client';
import type { z } from 'zod';
import type { RichText } from '../rich-text/rich-text';

/** `burst` at once, then `perSecond`. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** What a channel can do. Asked here and never by the channel's name. */
export interface Capabilities {
  /** Buttons under messages whose press comes back as an InboundPress. Without them `compose` numbers the choices. */
  readonly buttons: boolean;
  readonly voice: boolean;
  /** Kinds of files that can come in. */
  readonly files: readonly FileKind[];
  /** Whether a message that was sent can be changed. */
  readonly edits: boolean;
  /** Longest text of one message; what is longer becomes several. */
  readonly textLimit: { readonly max: number; readonly unit: 'utf16' | 'bytes' };
  /** How fast messages may be sent, as a bot to all and in one chat; changes of a message count as messages. */
  readonly rates: { readonly bot: Rate; readonly private: Rate; readonly group: Rate };
  /** How an answer can be shown while it is being written. */
  previews(kind: ChatKind): 'draft' | 'edit' | 'none';
  /** For how long after a person's last message the bot may write; absent where it always may. */
  readonly replyWindowMs?: number;
  /** Whether two sends with the same `key` are one message, so that a send may be repeated without doubt. */
  readonly idempotentSends: boolean;
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

export type FileKind = 'voice' | 'audio' | 'photo' | 'document';

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
  readonly kind: 'voice' | 'audio' | 'photo' | 'video' | 'document';
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

  /**
   * Whose its credentials are, and what would keep a bot from working with them; also that the channel did not answer. Changes
   * nothing, and takes no updates away from a program that receives them.
   * @param isOurs whether what the channel brings to an address comes to this installation
   */
  inspect(isOurs: (url: string) => boolean): Promise<ChannelReport>;
}

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
  /** How long one message may take; long, because giving up early makes duplicates. */
  readonly sendTimeoutMs: number;
  /** By which servers are asked that bots name. */
  readonly servers: BotServers;
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
   * @param channels of this kind, by bot
   */
  unpack?(
    request: WebhookRequest,
    channels: ReadonlyMap<string, Kind>,
  ): { readonly updates: readonly InboundUpdate[]; readonly answer?: WebhookAnswer };
}

/** Lets a factory be written with its own types, and be kept among others. */
export const defineChannel = <Settings extends z.ZodType, Variables extends z.ZodRawShape, Kind extends Channel>(
  factory: ChannelFactory<Settings, Variables, Kind>,
): ChannelFactory => factory as unknown as ChannelFactory;
