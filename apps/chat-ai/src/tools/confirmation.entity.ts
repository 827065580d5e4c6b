import type { Locale } from '@switchboard/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * - `withdrawn`: the answer under which it was offered was replaced
 * - `failed`: it was agreed to, and could not be done
 */
export type ConfirmationState = 'offered' | 'confirmed' | 'declined' | 'withdrawn' | 'done' | 'failed';

/** Something that an assistant has offered to do, and what the person decided. */
@Entity({ name: 'confirmations' })
export class Confirmation {
  @PrimaryColumn('uuid')
  id!: string;

  /** The answer that ends with the question. */
  @Column('uuid', { name: 'reply_id' })
  replyId!: string;

  /** The message that is answered by it. */
  @Column('uuid', { name: 'message_id' })
  messageId!: string;

  @Column('uuid', { name: 'conversation_id' })
  conversationId!: string;

  @Column('uuid', { name: 'chat_id' })
  chatId!: string;

  @Column('text', { name: 'bot_id' })
  botId!: string;

  /** Who alone can decide. */
  @Column('uuid', { name: 'user_id' })
  userId!: string;

  @Column('text')
  locale!: Locale;

  @Column('text')
  tool!: string;

  /** Encrypted. What the tool does then. */
  @Column('text')
  plan!: string;

  @Column('text')
  state!: ConfirmationState;

  @Column('timestamptz', { name: 'offered_at' })
  offeredAt!: Date;

  @Column('timestamptz', { name: 'expires_at' })
  expiresAt!: Date;

  @Column('timestamptz', { name: 'decided_at', nullable: true })
  decidedAt!: Date | null;
}
