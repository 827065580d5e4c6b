import type { StoreOrderDelivery, StoreOrderLine } from '@switchboard/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { z } from 'zod';
import { STORE_ORDER_TRANSITIONS, type StoreOrderState } from './store-order.states';

export type OrderLine = z.output<typeof StoreOrderLine>;

/** The parcel of an order of goods. What is paid for it is the order of the same id. */
@Entity({ name: 'store_orders' })
export class StoreOrder {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text')
  number!: string;

  @Column('uuid', { name: 'user_id' })
  userId!: string;

  /** The home bot of the shop. */
  @Column('text', { name: 'brand_id' })
  brandId!: string;

  /** Of the account by which it was ordered. */
  @Column('text', { name: 'bot_id' })
  botId!: string;

  /** Where it was ordered; null: on a page. */
  @Column('uuid', { name: 'chat_id', nullable: true })
  chatId!: string | null;

  @Column('jsonb')
  lines!: OrderLine[];

  @Column('jsonb')
  delivery!: z.output<typeof StoreOrderDelivery>;

  /** This and the three that follow are encrypted with the key of the person. */
  @Column('text', { nullable: true })
  address!: string | null;

  /** A name and a phone, as JSON. */
  @Column('text', { nullable: true })
  recipient!: string | null;

  @Column('text', { nullable: true })
  note!: string | null;

  @Column('text', { nullable: true })
  tracking!: string | null;

  @Column('text')
  state!: StoreOrderState;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'paid_at', nullable: true })
  paidAt!: Date | null;

  @Column('timestamptz', { name: 'packed_at', nullable: true })
  packedAt!: Date | null;

  @Column('timestamptz', { name: 'sent_at', nullable: true })
  sentAt!: Date | null;

  @Column('timestamptz', { name: 'done_at', nullable: true })
  doneAt!: Date | null;

  /** Since then it is not kept to whom it went. */
  @Column('timestamptz', { name: 'forgotten_at', nullable: true })
  forgottenAt!: Date | null;

  @Column('integer')
  revision!: number;

  /** @throws where the table does not allow it, which is a fault of ours */
  become(state: StoreOrderState): void {
    if (!STORE_ORDER_TRANSITIONS[this.state].includes(state))
      throw new Error(`a store order that is ${this.state} cannot become ${state}`);
    this.state = state;
    this.revision += 1;
  }
}

@Entity({ name: 'store_order_changes' })
export class StoreOrderChange {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'order_id' })
  orderId!: string;

  @Column('text', { name: 'from_state', nullable: true })
  from!: StoreOrderState | null;

  @Column('text', { name: 'to_state' })
  to!: StoreOrderState;

  /** `staff:<id>`, or what did it by itself. */
  @Column('text')
  by!: string;

  /** In the words of staff; encrypted with the key of the person. */
  @Column('text', { nullable: true })
  reason!: string | null;

  @Column('timestamptz')
  at!: Date;
}
