import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The message into which an answer is streamed by edits. */
@Entity({ name: 'streams' })
export class StreamRow {
  @PrimaryColumn({ name: 'reply_id', type: 'uuid' })
  replyId!: string;

  @Column({ name: 'chat_id', type: 'uuid' })
  chatId!: string;

  @Column({ name: 'external_message_id', type: 'text' })
  externalMessageId!: string;

  @Column({ name: 'started_at', type: 'timestamptz' })
  startedAt!: Date;
}
