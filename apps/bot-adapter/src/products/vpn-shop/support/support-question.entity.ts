import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What somebody has asked the staff; its words are in the group of the staff alone. */
@Entity({ name: 'shop_questions' })
export class SupportQuestion {
  /** Of the message in that group. */
  @PrimaryColumn('uuid', { name: 'cause_id' })
  causeId!: string;

  @Column('text', { name: 'bot_id' })
  botId!: string;

  @Column('uuid', { name: 'user_id' })
  userId!: string;

  @Column('timestamptz', { name: 'asked_at' })
  askedAt!: Date;
}
