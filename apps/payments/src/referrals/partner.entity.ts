import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A person who brings others to a bot on terms of their own. */
@Entity({ name: 'partners' })
export class Partner {
  @PrimaryColumn('text', { name: 'bot_id' })
  botId!: string;

  @PrimaryColumn('uuid', { name: 'user_id' })
  userId!: string;

  @Column('integer', { array: true })
  percents!: number[];

  @Column('boolean', { name: 'every_payment' })
  everyPayment!: boolean;

  @Column('timestamptz')
  since!: Date;

  @Column('timestamptz', { name: 'ended_at', nullable: true })
  endedAt!: Date | null;

  @Column('integer')
  revision!: number;
}
