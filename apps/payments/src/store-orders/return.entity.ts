import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Pieces } from '../stock/stock.service';
import { RETURN_TRANSITIONS, type ReturnState } from './store-order.states';

/** Goods that somebody wants to give back. The money for them is a refund of the order. */
@Entity({ name: 'returns' })
export class Return {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'order_id' })
  orderId!: string;

  @Column('uuid', { name: 'user_id' })
  userId!: string;

  /** That are asked for; once they came, that have come. */
  @Column('jsonb')
  lines!: Pieces[];

  @Column('text')
  state!: ReturnState;

  /** What was paid for these, less their part of the discount. */
  @Column('bigint', { name: 'goods_minor', transformer: { from: Number, to: String } })
  goodsMinor!: number;

  /** `person`, or `staff:<id>`. */
  @Column('text', { name: 'asked_by' })
  askedBy!: string;

  /** In the words of whoever asked; encrypted with the key of the person. */
  @Column('text', { nullable: true })
  reason!: string | null;

  /** What the person is told; encrypted likewise. */
  @Column('text', { nullable: true })
  decision!: string | null;

  @Column('boolean', { nullable: true })
  restock!: boolean | null;

  @Column('uuid', { name: 'refund_id', nullable: true })
  refundId!: string | null;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'decided_at', nullable: true })
  decidedAt!: Date | null;

  @Column('timestamptz', { name: 'received_at', nullable: true })
  receivedAt!: Date | null;

  /** They have to be back by then. */
  @Column('timestamptz', { name: 'lapses_at', nullable: true })
  lapsesAt!: Date | null;

  @Column('integer')
  revision!: number;

  /** @throws where the table does not allow it, which is a fault of ours */
  become(state: ReturnState): void {
    if (!RETURN_TRANSITIONS[this.state].includes(state))
      throw new Error(`a return that is ${this.state} cannot become ${state}`);
    this.state = state;
    this.revision += 1;
  }
}
