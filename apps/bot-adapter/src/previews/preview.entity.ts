import { Column, Entity, PrimaryColumn } from 'typeorm';

export type PreviewState = 'shown' | 'final' | 'dropped';

/**
 * The message in which an answer is shown while it is written, where a channel shows it by edits. The row is there before the
 * message is, and every call about the message is claimed in it: see docs/adr/0019.
 */
@Entity({ name: 'previews' })
export class Preview {
  @PrimaryColumn({ name: 'reply_id', type: 'uuid' })
  replyId!: string;

  @Column({ name: 'chat_id', type: 'uuid' })
  chatId!: string;

  /** Of the channel's id of the chat at that time: ids of messages count only together with it. */
  @Column({ name: 'external_chat_hash', type: 'text' })
  externalChatHash!: string;

  /** Null until the channel has answered the first call. */
  @Column({ name: 'external_message_id', type: 'text', nullable: true })
  externalMessageId!: string | null;

  /** `final`: it belongs to the finished answer, previews are over. `dropped`: it is to be deleted, whoever learns its id. */
  @Column({ type: 'text' })
  state!: PreviewState;

  /** Whose call is under way, or was the last one. */
  @Column({ name: 'call_id', type: 'uuid' })
  callId!: string;

  /** Until then a call may be under way. Null once its outcome is known; in the past, it never became known. */
  @Column({ name: 'call_ends_at', type: 'timestamptz', nullable: true })
  callEndsAt!: Date | null;

  @Column({ name: 'started_at', type: 'timestamptz' })
  startedAt!: Date;
}
