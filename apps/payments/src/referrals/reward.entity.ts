import { Column, Entity, PrimaryColumn } from 'typeorm';
import { REWARD_TRANSITIONS, type RewardState } from './reward.states';

const bigint = { from: Number, to: String };

/** What somebody gets of an order of a person whom they have brought. */
@Entity({ name: 'rewards' })
export class Reward {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'order_id' })
  orderId!: string;

  /** 1: they have brought the person themselves; 2: they have brought whoever has. */
  @Column('integer')
  level!: number;

  /** Who gets it. */
  @Column('uuid', { name: 'user_id' })
  userId!: string;

  /** Who has paid. */
  @Column('uuid', { name: 'invitee_id' })
  inviteeId!: string;

  @Column('text', { name: 'bot_id' })
  botId!: string;

  @Column('uuid', { name: 'link_id', nullable: true })
  linkId!: string | null;

  @Column('integer')
  percent!: number;

  /** Of what: the money that came from outside for the order, and has not gone back. */
  @Column('bigint', { name: 'paid_minor', transformer: bigint })
  paidMinor!: number;

  @Column('bigint', { name: 'amount_minor', transformer: bigint })
  amountMinor!: number;

  /** That was to be taken back, and was spent already: it is kept from later rewards. */
  @Column('bigint', { name: 'owed_minor', transformer: bigint })
  owedMinor!: number;

  @Column('text')
  currency!: string;

  @Column('text')
  state!: RewardState;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'release_at' })
  releaseAt!: Date;

  @Column('integer')
  revision!: number;

  become(state: RewardState): void {
    if (!REWARD_TRANSITIONS[this.state].includes(state))
      throw new Error(`a reward that is ${this.state} cannot become ${state}`);
    this.state = state;
  }
}
