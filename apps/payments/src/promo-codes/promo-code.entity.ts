import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Prices } from '../catalogue/plan.entity';

/** A word that makes something cheaper, or longer. */
@Entity({ name: 'promo_codes' })
export class PromoCode {
  @PrimaryColumn('uuid')
  id!: string;

  /** Works for those alone whom somebody above says it is for. */
  @Column('boolean')
  personal!: boolean;

  @Column('text', { name: 'bot_id' })
  botId!: string;

  @Column('text')
  code!: string;

  @Column('text')
  kind!: 'percent' | 'fixed' | 'days';

  @Column('integer', { nullable: true })
  percent!: number | null;

  /** By currency. */
  @Column('jsonb', { nullable: true })
  amounts!: Prices | null;

  @Column('integer', { nullable: true })
  days!: number | null;

  /** Null: for all. */
  @Column('uuid', { name: 'plan_ids', array: true, nullable: true })
  planIds!: string[] | null;

  @Column('integer', { name: 'max_uses', nullable: true })
  maxUses!: number | null;

  @Column('integer', { name: 'max_per_person' })
  maxPerPerson!: number;

  /** For people who have bought nothing before. */
  @Column('boolean', { name: 'first_only' })
  firstOnly!: boolean;

  /** Those that are reserved included. */
  @Column('integer')
  uses!: number;

  @Column('timestamptz', { name: 'valid_from' })
  validFrom!: Date;

  @Column('timestamptz', { name: 'valid_until', nullable: true })
  validUntil!: Date | null;

  @Column('integer')
  revision!: number;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'ended_at', nullable: true })
  endedAt!: Date | null;
}
