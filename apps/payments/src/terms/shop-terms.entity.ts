import type { GiftTerms, ReferralTerms } from '@switchboard/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** On what terms a bot rewards whoever brings people, and sells gifts. */
@Entity({ name: 'shop_terms' })
export class ShopTerms {
  @PrimaryColumn('text', { name: 'bot_id' })
  botId!: string;

  /** Null where nobody is rewarded. */
  @Column('jsonb', { nullable: true })
  referrals!: ReferralTerms | null;

  @Column('jsonb')
  gifts!: GiftTerms;

  @Column('integer')
  revision!: number;

  @Column('timestamptz', { name: 'changed_at' })
  changedAt!: Date;
}
