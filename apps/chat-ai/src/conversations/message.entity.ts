import type { Locale } from '@switchboard/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { v5 as uuidv5 } from 'uuid';

/**
 * - `pending`: waits for an answer
 * - `handed_over`: a human is to answer it
 * - `cancelled`: was unanswered when the person stopped the answer or began anew
 * - `replaced`: an answer in whose place another one was given
 */
export type MessageState =
  'awaiting_transcription' | 'transcription_failed' | 'pending' | 'answered' | 'handed_over' | 'cancelled' | 'replaced';

@Entity({ name: 'messages' })
export class Message {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'conversation_id' })
  conversationId!: string;

  /** The order in which messages came in; given by the database. */
  @Column({ type: 'bigint', insert: false, update: false, transformer: { from: Number, to: String } })
  position!: number;

  @Column('text')
  role!: 'user' | 'assistant' | 'staff';

  @Column('text')
  state!: MessageState;

  @Column('uuid', { name: 'user_id' })
  userId!: string;

  @Column('text')
  locale!: Locale;

  /** Encrypted, as are the three below: see MessageCipher. */
  @Column('text')
  text!: string;

  /** What was heard in a voice message; its caption is the text. */
  @Column('text', { nullable: true })
  transcript!: string | null;

  /** The message to which this one replies. */
  @Column('text', { nullable: true })
  quoted!: string | null;

  @Column('text', { name: 'sender_name', nullable: true })
  senderName!: string | null;

  /** Of the text as a model reads it, counted once. */
  @Column('integer')
  tokens!: number;

  /**
   * The turn that answered it, or that this is the answer of. A message that waits for another answer keeps the turn of the
   * one it has, and that one stands when the person stops the other.
   */
  @Column('uuid', { name: 'turn_id', nullable: true })
  turnId!: string | null;

  /** How many answers to it were replaced. */
  @Column('integer')
  regenerated!: number;

  @Column('timestamptz', { name: 'sent_at' })
  sentAt!: Date;

  @Column('timestamptz', { name: 'edited_at', nullable: true })
  editedAt!: Date | null;

  /** Where it was said; null of earlier ones, which were said in the chat of their conversation. */
  @Column('uuid', { name: 'chat_id', nullable: true })
  chatId!: string | null;

  @Column('text', { name: 'bot_id', nullable: true })
  botId!: string | null;

  /** Of what staff wrote: where they did. This and the four below are null of everything else. */
  @Column('text', { nullable: true })
  author!: string | null;

  @Column('uuid', { name: 'staff_id', nullable: true })
  staffId!: string | null;

  /** By which the console knows its own. */
  @Column('uuid', { name: 'client_id', nullable: true })
  clientId!: string | null;

  /** How far it is on its way to the person. */
  @Column('text', { nullable: true })
  delivery!: string | null;

  @Column('text', { name: 'delivery_reason', nullable: true })
  deliveryReason!: string | null;

  /** When a voice message came in here, which may be long after it was sent. */
  @Column('timestamptz', { name: 'awaiting_since', nullable: true })
  awaitingSince!: Date | null;
}

/**
 * Of messages that wait, oldest first, those that the next turn answers: all, but another answer to the same question is
 * given by itself, because it is shown in the place of the first one.
 */
export function inOneTurn<Waiting extends Pick<Message, 'turnId'>>(pending: readonly Waiting[]): readonly Waiting[] {
  const turnId = pending.find((message) => message.turnId !== null)?.turnId;
  return turnId === undefined ? pending : pending.filter((message) => message.turnId === turnId);
}

/** Any fixed UUID: it makes the ids of replies differ from all others that are made from a message's id. */
const REPLIES = '6d1f7a52-3c0e-4f7b-9a64-5f3f4ad0c1e7';

/**
 * The id of the reply to the messages of which this one is the oldest: a turn that begins again goes on with the same
 * reply, and the database takes it once.
 */
export const replyIdOf = ({ id, regenerated }: { id: string; regenerated: number }): string =>
  uuidv5(regenerated === 0 ? id : `${id}:${regenerated}`, REPLIES);
