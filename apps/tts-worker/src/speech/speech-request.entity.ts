import type { Locale, KnownSpeechFailure } from '@switchboard/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';

export type SpeechFailure = KnownSpeechFailure;

/** Someone who asked for a text to be spoken, and whether they have been answered. */
@Entity({ name: 'speech_requests' })
export class SpeechRequest {
  @PrimaryColumn({ name: 'speech_id', type: 'uuid' })
  speechId!: string;

  @Column({ name: 'requested_by', type: 'text' })
  requestedBy!: string;

  @Column({ name: 'chat_id', type: 'uuid' })
  chatId!: string;

  /** Who pays, with the person, when the audio has to be made. */
  @Column({ name: 'bot_id', type: 'text' })
  botId!: string;

  @Column({ name: 'user_id', type: 'uuid' })
  userId!: string;

  /** What was asked for, until it is answered; then what it was answered with, which another engine may have made. */
  @Column({ name: 'audio_id', type: 'text' })
  audioId!: string;

  /** Encrypted with the person's key, and gone as soon as it is answered. */
  @Column({ type: 'text', nullable: true })
  text!: string | null;

  @Column({ type: 'text' })
  locale!: Locale;

  @Column({ type: 'text', nullable: true })
  voice!: string | null;

  @Column({ type: 'text' })
  state!: 'waiting' | 'completed' | 'failed';

  @Column({ type: 'text', nullable: true })
  reason!: SpeechFailure | null;

  @Column({ name: 'requested_at', type: 'timestamptz' })
  requestedAt!: Date;

  @Column({ name: 'answered_at', type: 'timestamptz', nullable: true })
  answeredAt!: Date | null;

  complete(audioId: string, at: Date): void {
    Object.assign(this, { state: 'completed', audioId, text: null, answeredAt: at });
  }

  fail(reason: SpeechFailure, at: Date): void {
    Object.assign(this, { state: 'failed', reason, text: null, answeredAt: at });
  }
}
