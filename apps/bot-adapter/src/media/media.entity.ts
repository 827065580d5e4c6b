import type { MediaRef } from '@switchboard/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Where the bytes of a file are kept once they were fetched. */
export const storageKeyOf = (mediaId: string): string => `received/${mediaId}`;

/** A file that came with a message; its bytes are fetched when someone asks for them. */
@Entity({ name: 'media' })
export class Media {
  @PrimaryColumn('uuid')
  id!: string;

  @Column({ name: 'bot_id', type: 'text' })
  botId!: string;

  @Column({ name: 'chat_id', type: 'uuid' })
  chatId!: string;

  /** Who sent it. */
  @Column({ name: 'user_id', type: 'uuid' })
  userId!: string;

  /** The channel's own id of the file, encrypted; good for this bot only. */
  @Column({ name: 'external_id', type: 'text' })
  externalId!: string;

  @Column({ type: 'text' })
  kind!: MediaRef['kind'];

  @Column({ name: 'mime_type', type: 'text' })
  mimeType!: string;

  @Column({ type: 'bigint', nullable: true })
  bytes!: number | null;

  @Column({ name: 'storage_key', type: 'text', nullable: true })
  storageKey!: string | null;

  @Column({ name: 'received_at', type: 'timestamptz' })
  receivedAt!: Date;

  @Column({ name: 'fetched_at', type: 'timestamptz', nullable: true })
  fetchedAt!: Date | null;
}
