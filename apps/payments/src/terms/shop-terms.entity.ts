import type { GiftTerms, ReferralTerms, SellerDetails } from '@switchboard/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { z } from 'zod';

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

  /** Who sells, on invoices. */
  @Column('jsonb', { nullable: true })
  seller!: z.output<typeof SellerDetails> | null;

  @Column('integer')
  revision!: number;

  @Column('timestamptz', { name: 'changed_at' })
  changedAt!: Date;
}
