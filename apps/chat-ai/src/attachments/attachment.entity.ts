import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { AttachmentProblem, AttachmentNote } from './attachment-texts';

/**
 * - `unread`: nobody has needed it yet
 * - `picture`: is shown to models
 * - `document`: its text is told to models
 * - `unreadable`: `problem` says why
 */
export type AttachmentState = 'unread' | 'picture' | 'document' | 'unreadable';

/** A file that came with a message. Its bytes stay with the bot-adapter; what was read of it is kept here. */
@Entity({ name: 'attachments' })
export class Attachment {
  @PrimaryColumn('uuid', { name: 'message_id' })
  messageId!: string;

  @Column('uuid', { name: 'media_id' })
  mediaId!: string;

  @Column('uuid', { name: 'user_id' })
  userId!: string;

  @Column('timestamptz', { name: 'received_at' })
  receivedAt!: Date;

  @Column('text')
  state!: AttachmentState;

  /** JSON of the file's name and the text of a document, encrypted with the key of the person; null once deleted with the file. */
  @Column('text', { nullable: true })
  content!: string | null;

  /** As the sender's client tells. */
  @Column('bigint', { nullable: true, transformer: { from: (told) => told && Number(told), to: (told) => told } })
  bytes!: number | null;

  @Column('text', { nullable: true })
  problem!: AttachmentProblem | null;

  @Column('text', { array: true })
  notes!: AttachmentNote[];

  /** What it adds to a prompt. */
  @Column('integer')
  tokens!: number;

  /** Reading has begun, and nobody has said how it ended: a process that died may have died of it. */
  @Column('boolean', { name: 'being_read' })
  beingRead!: boolean;

  /** How long its reader was busy with it. */
  @Column('integer', { name: 'reading_ms' })
  readingMs!: number;
}
