import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Audio that was made once, for whoever asks for the same again. */
@Entity({ name: 'audio_assets' })
export class AudioAsset {
  /** See audioIdOf. */
  @PrimaryColumn({ type: 'text' })
  id!: string;

  @Column({ name: 'storage_key', type: 'text' })
  storageKey!: string;

  @Column({ name: 'mime_type', type: 'text' })
  mimeType!: 'audio/ogg';

  @Column({ type: 'integer' })
  bytes!: number;

  @Column({ name: 'duration_ms', type: 'integer' })
  durationMs!: number;

  @Column({ type: 'text' })
  engine!: string;

  /** Requests that were answered with it. */
  @Column({ type: 'integer' })
  uses!: number;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @Column({ name: 'last_used_at', type: 'timestamptz' })
  lastUsedAt!: Date;
}
