import { Column, Entity, PrimaryColumn } from 'typeorm';

/** An order that was placed without an account. */
@Entity({ name: 'guest_orders' })
export class GuestOrder {
  @PrimaryColumn('uuid', { name: 'order_id' })
  orderId!: string;

  /** Made for this order; from the claim on the person who has taken it over. */
  @Column('uuid', { name: 'user_id' })
  userId!: string;

  @Column('text', { name: 'bot_id' })
  botId!: string;

  /** Whoever has it can take over what was bought; encrypted with the key of the guest, and gone with the claim. */
  @Column('text', { nullable: true })
  token!: string | null;

  /** By which it is found. */
  @Column('text', { name: 'token_hash' })
  tokenHash!: string;

  /** By which several orders of one address are told. */
  @Column('text', { name: 'email_hash' })
  emailHash!: string;

  @Column('uuid', { name: 'visit_id', nullable: true })
  visitId!: string | null;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'mailed_at', nullable: true })
  mailedAt!: Date | null;

  @Column('timestamptz', { name: 'claimed_at', nullable: true })
  claimedAt!: Date | null;
}
