import type { CustomerCriteria, LocalizedText } from '@switchboard/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Something that some people of a bot get cheaper or for longer. */
@Entity({ name: 'offers' })
export class Offer {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text', { name: 'bot_id' })
  botId!: string;

  @Column('text')
  title!: string;

  @Column('jsonb')
  text!: LocalizedText;

  @Column('jsonb')
  criteria!: CustomerCriteria;

  /** By which it is used. */
  @Column('uuid', { name: 'promo_code_id' })
  promoCodeId!: string;

  @Column('integer', { nullable: true })
  cap!: number | null;

  @Column('integer', { name: 'hold_out_percent' })
  holdOutPercent!: number;

  /** To so many people. */
  @Column('integer')
  shown!: number;

  @Column('timestamptz', { name: 'from_at' })
  from!: Date;

  @Column('timestamptz', { name: 'until_at' })
  until!: Date;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'ended_at', nullable: true })
  endedAt!: Date | null;

  @Column('integer')
  revision!: number;
}
