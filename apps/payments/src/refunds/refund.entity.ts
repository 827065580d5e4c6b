import { Column, Entity, PrimaryColumn } from 'typeorm';

export type RefundState = 'sending' | 'done' | 'failed';

/** Money of an order that goes back to whoever paid. */
@Entity({ name: 'refunds' })
export class Refund {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'order_id' })
  orderId!: string;

  /** By which it was paid; null of what goes to the balance. */
  @Column('uuid', { name: 'invoice_id', nullable: true })
  invoiceId!: string | null;

  @Column('uuid', { name: 'user_id' })
  userId!: string;

  @Column('text', { name: 'bot_id' })
  botId!: string;

  @Column('bigint', { name: 'amount_minor', transformer: { from: Number, to: String } })
  amountMinor!: number;

  @Column('text')
  currency!: string;

  @Column('text')
  cause!: string;

  @Column('boolean', { name: 'to_balance' })
  toBalance!: boolean;

  @Column('text')
  state!: RefundState;

  @Column('text', { name: 'external_id', nullable: true })
  externalId!: string | null;

  /** `staff:<id>`, or the provider that tells of it. */
  @Column('text', { name: 'asked_by' })
  askedBy!: string;

  /** In the words of whoever asked; encrypted with the key of the person. */
  @Column('text', { nullable: true })
  reason!: string | null;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'done_at', nullable: true })
  doneAt!: Date | null;

  @Column('integer')
  revision!: number;
}
