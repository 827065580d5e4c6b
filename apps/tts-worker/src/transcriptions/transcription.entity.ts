import type { KnownTranscriptionFailure } from '@switchboard/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';

export type TranscriptionFailure = KnownTranscriptionFailure;

/** A voice message, and whether its words have been told. The words themselves are not kept. */
@Entity({ name: 'transcriptions' })
export class Transcription {
  @PrimaryColumn({ name: 'message_id', type: 'uuid' })
  messageId!: string;

  @Column({ name: 'chat_id', type: 'uuid' })
  chatId!: string;

  @Column({ name: 'bot_id', type: 'text' })
  botId!: string;

  @Column({ name: 'user_id', type: 'uuid' })
  userId!: string;

  /** The recording, which the bot-adapter keeps. */
  @Column({ name: 'media_id', type: 'uuid' })
  mediaId!: string;

  @Column({ name: 'mime_type', type: 'text' })
  mimeType!: string;

  /** As the sender's client says, where it does. */
  @Column({ name: 'duration_ms', type: 'integer', nullable: true })
  durationMs!: number | null;

  @Column({ type: 'text' })
  state!: 'waiting' | 'completed' | 'failed';

  @Column({ type: 'text', nullable: true })
  reason!: TranscriptionFailure | null;

  @Column({ name: 'received_at', type: 'timestamptz' })
  receivedAt!: Date;

  @Column({ name: 'answered_at', type: 'timestamptz', nullable: true })
  answeredAt!: Date | null;
}
