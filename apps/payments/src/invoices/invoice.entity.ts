import type { PaymentFailure } from '@switchboard/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { z } from 'zod';
import { INVOICE_TRANSITIONS, type InvoiceState } from './invoice.states';

const bigint = { from: Number, to: String };
const bigintOrNull = {
  from: (value: string | null) => (value === null ? null : Number(value)),
  to: (value: number | null) => (value === null ? null : String(value)),
};

/** One attempt to have an order paid by a provider. */
@Entity({ name: 'invoices' })
export class Invoice {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'order_id' })
  orderId!: string;

  @Column('uuid', { name: 'user_id' })
  userId!: string;

  @Column('text', { name: 'bot_id' })
  botId!: string;

  @Column('text')
  provider!: string;

  /** From 1. Another one only when the one before has failed for certain. */
  @Column('integer')
  attempt!: number;

  @Column('text')
  state!: InvoiceState;

  @Column('bigint', { name: 'amount_minor', transformer: bigint })
  amountMinor!: number;

  @Column('text')
  currency!: string;

  /** By which the provider knows it. */
  @Column('text', { name: 'external_id', nullable: true })
  externalId!: string | null;

  /** By which the provider knows the money that it took. */
  @Column('text', { name: 'taking_id', nullable: true })
  takingId!: string | null;

  /** Where the person pays. */
  @Column('text', { nullable: true })
  url!: string | null;

  /** What is charged without asking the person. */
  @Column('uuid', { name: 'method_id', nullable: true })
  methodId!: string | null;

  @Column('text', { nullable: true })
  failure!: z.output<typeof PaymentFailure> | null;

  /** What came in fact, where that is something else. */
  @Column('bigint', { name: 'received_minor', nullable: true, transformer: bigintOrNull })
  receivedMinor!: number | null;

  @Column('bigint', { name: 'refunded_minor', transformer: bigint })
  refundedMinor!: number;

  @Column('bigint', { name: 'fee_minor', nullable: true, transformer: bigintOrNull })
  feeMinor!: number | null;

  /** Keyed hash of what tells by whose hand it was paid. */
  @Column('text', { name: 'payer_hash', nullable: true })
  payerHash!: string | null;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'expires_at' })
  expiresAt!: Date;

  @Column('timestamptz', { name: 'paid_at', nullable: true })
  paidAt!: Date | null;

  /** When the provider is asked next; null when there is nothing more to learn. */
  @Column('timestamptz', { name: 'poll_at', nullable: true })
  pollAt!: Date | null;

  @Column('integer')
  polls!: number;

  /** In which it was asked for; W3C. */
  @Column('text', { nullable: true })
  traceparent!: string | null;

  @Column('integer')
  revision!: number;

  /** Of every call about it: the same call is the same key, however often it is made. */
  get key(): string {
    return `${this.orderId}:${this.attempt}`;
  }

  become(state: InvoiceState): void {
    if (!INVOICE_TRANSITIONS[this.state].includes(state))
      throw new Error(`an invoice that is ${this.state} cannot become ${state}`);
    this.state = state;
    this.revision += 1;
  }
}
