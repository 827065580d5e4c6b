import { Column, Entity, PrimaryColumn } from 'typeorm';

/** An answer that is to be heard: spoken once, however often it is asked for. */
@Entity({ name: 'speeches' })
export class Speech {
  @PrimaryColumn({ name: 'reply_id', type: 'uuid' })
  replyId!: string;

  @Column({ name: 'speech_id', type: 'uuid' })
  speechId!: string;

  @Column({ name: 'chat_id', type: 'uuid' })
  chatId!: string;

  @Column({ name: 'user_id', type: 'uuid' })
  userId!: string;

  @Column({ type: 'text' })
  state!: 'requested' | 'spoken' | 'failed';

  @Column({ name: 'requested_at', type: 'timestamptz' })
  requestedAt!: Date;
}
