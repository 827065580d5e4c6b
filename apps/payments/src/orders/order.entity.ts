import type { LocalizedText, OrderKind, Wanted } from '@switchboard/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { z } from 'zod';
import { ORDER_TRANSITIONS, type OrderState } from './order.states';

const bigint = { from: Number, to: String };
const numberIn = (kept: string | null) => (kept === null ? null : Number(kept));

/** What somebody wants to have and is to pay for, as it was offered to them. */
@Entity({ name: 'orders' })
export class Order {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'user_id' })
  userId!: string;

  @Column('text', { name: 'bot_id' })
  botId!: string;

  @Column('text')
  kind!: z.output<typeof OrderKind>;

  @Column('jsonb')
  wanted!: Wanted;

  @Column('jsonb')
  title!: LocalizedText;

  @Column('text')
  state!: OrderState;

  @Column('text')
  currency!: string;

  @Column('bigint', { name: 'list_minor', transformer: bigint })
  listMinor!: number;

  @Column('bigint', { name: 'discount_minor', transformer: bigint })
  discountMinor!: number;

  /** For time of another plan that was left. */
  @Column('bigint', { name: 'credit_minor', transformer: bigint })
  creditMinor!: number;

  /** For what was used beyond the plan. */
  @Column('bigint', { name: 'use_minor', transformer: bigint })
  useMinor!: number;

  /** Of which bill that is, and how much of it; null where nothing is paid by use. */
  @Column('integer', { name: 'use_bill', nullable: true })
  useBill!: number | null;

  @Column('bigint', {
    name: 'use_micros',
    nullable: true,
    transformer: { from: numberIn, to: (given: unknown) => given },
  })
  useMicros!: number | null;

  @Column('bigint', { name: 'total_minor', transformer: bigint })
  totalMinor!: number;

  /** Set aside from the balance of the person. */
  @Column('bigint', { name: 'held_minor', transformer: bigint })
  heldMinor!: number;

  @Column('integer', { name: 'extra_days' })
  extraDays!: number;

  @Column('text', { name: 'promo_code', nullable: true })
  promoCode!: string | null;

  /** In which the person is told of it. */
  @Column('text')
  locale!: string;

  @Column('text', { nullable: true })
  campaign!: string | null;

  @Column('uuid', { name: 'subscription_id', nullable: true })
  subscriptionId!: string | null;

  /** Bought without an account: it is handed out once somebody has taken it over. */
  @Column('boolean', { name: 'waits_for_claim' })
  waitsForClaim!: boolean;

  /** Made because a subscription goes on by itself: nobody has ordered it. */
  @Column('boolean', { default: false })
  automatic!: boolean;

  @Column('boolean', { name: 'saves_method' })
  savesMethod!: boolean;

  /** For the receipt; encrypted with the key of the person. */
  @Column('text', { nullable: true })
  email!: string | null;

  @Column('bigint', { name: 'refunded_minor', transformer: bigint })
  refundedMinor!: number;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  /** Until then what was offered holds; later it is served all the same when its money comes. */
  @Column('timestamptz', { name: 'expires_at' })
  expiresAt!: Date;

  @Column('timestamptz', { name: 'paid_at', nullable: true })
  paidAt!: Date | null;

  @Column('integer')
  revision!: number;

  /** @throws where the table does not allow it, which is a fault of ours */
  become(state: OrderState): void {
    if (!ORDER_TRANSITIONS[this.state].includes(state))
      throw new Error(`an order that is ${this.state} cannot become ${state}`);
    this.state = state;
    this.revision += 1;
  }
}
