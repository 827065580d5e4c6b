import type { KnownSpeechPurpose } from '@switchboard/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A call that is being made, and the most that it can cost. It is gone when the call has been settled. */
@Entity({ name: 'reservations' })
export class Reservation {
  @PrimaryColumn({ type: 'uuid' })
  id!: string;

  /** What the call is made for; the next try of that finds what a killed process has left. */
  @Column({ type: 'text' })
  job!: string;

  @Column({ name: 'bot_id', type: 'text' })
  botId!: string;

  @Column({ name: 'user_id', type: 'uuid' })
  userId!: string;

  /** The periods that are charged, also when the call ends after midnight. */
  @Column({ type: 'date' })
  day!: string;

  @Column({ type: 'date' })
  month!: string;

  @Column({ type: 'text' })
  purpose!: KnownSpeechPurpose;

  @Column({ type: 'text' })
  engine!: string;

  @Column({ type: 'text', nullable: true })
  model!: string | null;

  @Column({ type: 'integer' })
  characters!: number;

  @Column({ name: 'audio_ms', type: 'integer' })
  audioMs!: number;

  @Column({ type: 'bigint', transformer: { from: Number, to: String } })
  micros!: number;

  @Column({ name: 'price_known', type: 'boolean' })
  priceKnown!: boolean;

  @Column({ name: 'reserved_at', type: 'timestamptz' })
  reservedAt!: Date;
}
