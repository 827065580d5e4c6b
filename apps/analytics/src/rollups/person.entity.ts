import { Column, Entity, PrimaryColumn } from 'typeorm';

/** When somebody was active for the first time in their life with a bot, whatever is still kept of it. */
@Entity({ name: 'people' })
export class Person {
  @PrimaryColumn('uuid', { name: 'user_id' })
  userId!: string;

  @PrimaryColumn('text', { name: 'bot_id' })
  botId!: string;

  @Column('timestamptz', { name: 'first_active_at' })
  firstActiveAt!: Date;
}
