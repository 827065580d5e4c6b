import type { GiftState } from '@switchboard/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { GIFT_TRANSITIONS } from './gift.states';

/** What one person has bought, and another one is to have. */
@Entity({ name: 'gifts' })
export class Gift {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'order_id' })
  orderId!: string;

  /** Who has bought it. */
  @Column('uuid', { name: 'user_id' })
  userId!: string;

  @Column('text', { name: 'bot_id' })
  botId!: string;

  @Column('uuid', { name: 'plan_id' })
  planId!: string;

  /** Whoever has it can open the gift; encrypted with the key of the giver. */
  @Column('text')
  code!: string;

  /** By which it is found. */
  @Column('text', { name: 'code_hash' })
  codeHash!: string;

  @Column('text')
  state!: GiftState;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'expires_at' })
  expiresAt!: Date;

  @Column('uuid', { name: 'opened_by', nullable: true })
  openedBy!: string | null;

  @Column('timestamptz', { name: 'opened_at', nullable: true })
  openedAt!: Date | null;

  /** That it began or went on with. */
  @Column('uuid', { name: 'subscription_id', nullable: true })
  subscriptionId!: string | null;

  become(state: GiftState): void {
    if (!GIFT_TRANSITIONS[this.state].includes(state))
      throw new Error(`a gift that is ${this.state} cannot become ${state}`);
    this.state = state;
  }
}
