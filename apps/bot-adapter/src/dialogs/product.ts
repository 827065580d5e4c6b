import type { Type } from '@nestjs/common';
import type { Bot } from '@switchboard/contracts';
import type { DataMap } from '@switchboard/service-kit';
import type { EntityManager, MigrationInterface } from 'typeorm';
import type { z } from 'zod';
import type { FileKind, InboundEdit, InboundMembership, InboundMessage, InboundStop } from '../channels/channel';
import type { Chat } from '../contacts/chat.entity';
import type { InboundMessageRow } from '../contacts/inbound-message.entity';
import type { Catalogue } from '../texts/catalogue';
import type { Conversation } from './conversation';

/** What happens when a command is given; `argument` is what stands behind it. */
export type CommandHandler = (conversation: Conversation, argument: string) => Promise<void>;

/** What happens when a button is pressed. */
export interface Action {
  readonly data: z.ZodType | undefined;
  /**
   * Buttons of it may stand for ever and work for everybody in the chat (ButtonsService.standing). Such a press can be made up
   * with any data, so it has to look whether what it is about belongs to the chat.
   */
  readonly standing?: boolean;
  run(conversation: Conversation, data: never): Promise<void>;
}

/** What happens when a person answers in a dialog. Unless it asks again or for something else, the dialog stays where it is. */
export interface Step {
  readonly data: z.ZodType | undefined;
  answer(conversation: Conversation, message: InboundMessage, data: never): Promise<void>;
}

export function action(run: (conversation: Conversation) => Promise<void>): Action;
export function action<Data extends z.ZodType>(
  data: Data,
  run: (conversation: Conversation, data: z.output<Data>) => Promise<void>,
): Action;
export function action(...given: unknown[]): Action {
  const [data, run] = given.length === 1 ? [undefined, given[0]] : given;
  return { data: data as Action['data'], run: run as Action['run'] };
}

/** The same, for buttons that stand. */
export const standing = (what: Action): Action => ({ ...what, standing: true });

export function step(answer: (conversation: Conversation, message: InboundMessage) => Promise<void>): Step;
export function step<Data extends z.ZodType>(
  data: Data,
  answer: (conversation: Conversation, message: InboundMessage, data: z.output<Data>) => Promise<void>,
): Step;
export function step(...given: unknown[]): Step {
  const [data, answer] = given.length === 1 ? [undefined, given[0]] : given;
  return { data: data as Step['data'], answer: answer as Step['answer'] };
}

/** A product as it is plugged in: those there are stand in bot-adapter.app.ts. */
export interface ProductDefinition {
  readonly module: Type;
  readonly entities?: readonly Type[];
  readonly migrations?: readonly Type<MigrationInterface>[];
  /** Of its tables: what they hold of whom, and what erasure does. */
  readonly dataMap?: DataMap;
}

export const defineProduct = (product: ProductDefinition): ProductDefinition => product;

/** What a product adds to /privacy, in the person's language. */
export interface PrivacyNotes {
  /** What it keeps of them and how long, each without a full stop: `your books: until you remove them`. */
  readonly kept: readonly string[];
  /** To whom it passes something on, in whole sentences. */
  readonly passedOn?: string;
}

/**
 * Something a bot offers. Everything runs in the transaction in which the update is taken, so it works in the database only:
 * what talks to the outside is a job or an event.
 */
export interface Product {
  /** As bots name it in `products`. */
  readonly name: string;
  /** With a line under `commands.<name>` for each command. */
  readonly texts: Catalogue;
  /** Its buttons, and what it does with messages, work in every bot; its commands are offered by those that name it. */
  readonly everywhere?: true;
  /** In the order of the menu. One called as a command that every bot has (built-in.product.ts) takes its place. */
  readonly commands: Readonly<Record<string, CommandHandler>>;
  readonly actions?: Readonly<Record<string, Action>>;
  readonly steps?: Readonly<Record<string, Step>>;
  /** Files that `message` can do something with; none when absent. */
  readonly files?: readonly FileKind[];
  /** Absent where it keeps nothing of its own. */
  privacy?(conversation: Conversation): PrivacyNotes;
  /** A person came by a deep link, for the first time or not. False for links of others. */
  start?(conversation: Conversation, payload: string): Promise<boolean>;
  /** A message outside of any dialog. False leaves it to the next product of the bot. */
  message?(conversation: Conversation, message: InboundMessage): Promise<boolean>;
  /** The person asked the channel itself to write no more of an answer. */
  stopped?(tx: EntityManager, chat: Chat, stop: InboundStop): Promise<void>;
  /** The person has given an answer a reaction; null takes an earlier one back. */
  reacted?(tx: EntityManager, chat: Chat, reaction: { replyId: string; emoji: string | null }): Promise<void>;
  /** Somebody joined a chat in which the bot has rights, or left it; they need not be known. */
  memberChanged?(tx: EntityManager, bot: Bot, change: InboundMembership): Promise<void>;
  /** A message that was taken earlier has been changed. */
  edited?(tx: EntityManager, known: InboundMessageRow, edit: InboundEdit): Promise<void>;
}
