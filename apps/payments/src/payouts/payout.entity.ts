import type { PayoutState } from '@switchboard/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { PAYOUT_TRANSITIONS } from './payout.states';

/** Earnings that a person wants to have outside of here. */
@Entity({ name: 'payouts' })
export class Payout {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'user_id' })
  userId!: string;

  /** By bringing people to which it was earned. */
  @Column('text', { name: 'bot_id' })
  botId!: string;

  @Column('bigint', { name: 'amount_minor', transformer: { from: Number, to: String } })
  amountMinor!: number;

  @Column('text')
  currency!: string;

  /** Where it is to be sent; encrypted with the key of the person, and gone once it is decided. */
  @Column('text', { nullable: true })
  details!: string | null;

  @Column('text')
  state!: PayoutState;

  @Column('timestamptz', { name: 'asked_at' })
  askedAt!: Date;

  @Column('text', { name: 'approved_by', nullable: true })
  approvedBy!: string | null;

  @Column('text', { name: 'decided_by', nullable: true })
  decidedBy!: string | null;

  @Column('timestamptz', { name: 'decided_at', nullable: true })
  decidedAt!: Date | null;

  @Column('text', { nullable: true })
  refusal!: string | null;

  /** Of the transfer. */
  @Column('text', { nullable: true })
  reference!: string | null;

  @Column('integer')
  revision!: number;

  become(state: PayoutState): void {
    if (!PAYOUT_TRANSITIONS[this.state].includes(state))
      throw new Error(`a payout that is ${this.state} cannot become ${state}`);
    this.state = state;
    this.revision += 1;
  }
}
