import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A link of staff, by which it is known where people come from. */
@Entity({ name: 'campaigns' })
export class Campaign {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text', { name: 'bot_id' })
  botId!: string;

  /** What the link says to the bot. */
  @Column('text')
  name!: string;

  @Column('text')
  title!: string;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'ended_at', nullable: true })
  endedAt!: Date | null;
}
