import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What a person does not want to hear by e-mail. No row: they hear everything. */
@Entity({ name: 'mail_settings' })
export class MailSettings {
  @PrimaryColumn('uuid', { name: 'user_id' })
  userId!: string;

  @Column('text', { name: 'switched_off', array: true })
  switchedOff!: string[];
}
