import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What a person does not want to be told by a bot. */
@Entity({ name: 'shop_notice_settings' })
export class NoticeSettings {
  @PrimaryColumn('text', { name: 'bot_id' })
  botId!: string;

  @PrimaryColumn('uuid', { name: 'user_id' })
  userId!: string;

  /** Groups of notices. */
  @Column('text', { name: 'switched_off', array: true })
  switchedOff!: string[];
}
