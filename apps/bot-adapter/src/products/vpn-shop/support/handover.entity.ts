import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A private chat in which staff are to answer in place of the assistant. */
@Entity({ name: 'shop_handovers' })
export class Handover {
  @PrimaryColumn('uuid', { name: 'chat_id' })
  chatId!: string;

  @Column('uuid', { name: 'user_id' })
  userId!: string;

  /** Then the assistant answers again, unless it does before. */
  @Column('timestamptz')
  until!: Date;
}
