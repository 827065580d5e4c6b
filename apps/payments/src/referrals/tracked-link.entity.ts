import { Column, Entity, PrimaryColumn } from 'typeorm';

/** By which it is known who has brought somebody. */
@Entity({ name: 'tracked_links' })
export class TrackedLink {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text', { name: 'bot_id' })
  botId!: string;

  @Column('uuid', { name: 'user_id' })
  userId!: string;

  @Column('text')
  code!: string;

  /** By which a partner tells campaigns apart; null of the one that everybody has. */
  @Column('text', { nullable: true })
  label!: string | null;

  /** Who came by it and are counted. */
  @Column('integer')
  invited!: number;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'ended_at', nullable: true })
  endedAt!: Date | null;
}
