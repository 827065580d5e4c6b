import type { Locale } from '@switchboard/contracts';
import type { FormattedText } from '../formatting/telegram-entity';

/** What a channel can do; the sender and the previews ask here and never by the channel's name. */
export interface Capabilities {
  readonly buttons: boolean;
  readonly voice: boolean;
  /** Longest text of one message, in UTF-16 code units. */
  readonly textLimit: number;
  /** How an answer can be shown while it is being written. */
  previews(kind: ChatKind): 'draft' | 'edit' | 'none';
}

export type ChatKind = 'private' | 'group';

export interface InboundChat {
  readonly externalId: string;
  readonly kind: ChatKind;
}

export interface InboundPerson {
  readonly externalId: string;
  readonly name: string;
  readonly username?: string;
  /** The language of the person's client. */
  readonly locale: Locale;
}

export interface InboundFile {
  readonly kind: 'voice' | 'audio' | 'photo' | 'document';
  readonly externalId: string;
  readonly mimeType: string;
  readonly bytes?: number;
  readonly fileName?: string;
  readonly durationMs?: number;
}

interface InboundBy {
  readonly chat: InboundChat;
  readonly from: InboundPerson;
}

export interface InboundMessage extends InboundBy {
  readonly kind: 'message';
  readonly externalMessageId: string;
  readonly sentAt: Date;
  readonly text?: string;
  readonly file?: InboundFile;
  readonly mediaGroup?: string;
  readonly replyToText?: string;
}

export interface InboundCommand extends InboundBy {
  readonly kind: 'command';
  readonly name: string;
  readonly argument: string;
  /** True when the command can only be meant for this bot. */
  readonly addressed: boolean;
}

export interface InboundPress extends InboundBy {
  readonly kind: 'press';
  readonly queryId: string;
  readonly data: string;
  /** The message that carries the button. */
  readonly externalMessageId: string;
}

/** What happened in a channel, in words that fit every channel. */
export type Inbound =
  | InboundMessage
  | InboundCommand
  | InboundPress
  | (InboundBy & {
      readonly kind: 'edited';
      readonly externalMessageId: string;
      readonly text: string;
      readonly sentAt: Date;
    })
  | (InboundBy & { readonly kind: 'unsupported' })
  | (InboundBy & { readonly kind: 'blocked' | 'unblocked' })
  | { readonly kind: 'moved'; readonly from: string; readonly to: string };

export interface Button {
  readonly label: string;
  /** An opaque id of at most 64 bytes; what it stands for stays here. */
  readonly data: string;
}

export type Outbound =
  | {
      readonly kind: 'text';
      readonly content: FormattedText;
      readonly buttons?: readonly (readonly Button[])[];
      /** Replaces this message in place of sending a new one. */
      readonly edits?: string;
    }
  | { readonly kind: 'voice'; readonly audio: Buffer; readonly durationMs: number };

export interface Receipt {
  readonly externalMessageId: string;
}

export type Activity = 'typing' | 'recording';

/** Thrown by `send` and `preview`: see channel-errors.ts. */
export interface Channel {
  readonly capabilities: Capabilities;
  /** Undefined for what does not concern us. Throws UnreadableUpdate for what is no update at all. */
  parse(update: unknown): Promise<{ id: number; inbound: Inbound | undefined }>;
  send(chat: string, outbound: Outbound): Promise<Receipt>;
  /** Best effort, with a short deadline; an empty text says that an answer is being thought about. */
  showDraft(chat: string, draftId: number, content: FormattedText): Promise<void>;
  /** Best effort, with a short deadline: a message that shows an answer so far, or the next text of that message. Returns its id. */
  showMessage(chat: string, content: FormattedText, externalMessageId?: string): Promise<string>;
  showActivity(chat: string, activity: Activity): Promise<void>;
  /** Takes the spinner off a pressed button; the text is shown for a moment. */
  answerPress(queryId: string, text?: string): Promise<void>;
  /** Throws FileGone and FileTooLarge. */
  fetchFile(externalId: string): Promise<Buffer>;
}
