import type { ReplyOutcome } from '@switchboard/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** `try-out`: staff have tried a prompt; `suggestion`: they have had an answer drafted. */
export type CallPurpose = 'turn' | 'summary' | 'embedding' | 'try-out' | 'suggestion';

/**
 * - `superseded`: given up because the person wrote more, or the service stopped, before there was an answer
 * - `lost`: the process died in the middle of the call; counted at the most it can have cost
 */
export type CallOutcome = ReplyOutcome | 'superseded' | 'lost';

/** One call of a model, whatever became of it. */
@Entity({ name: 'usages' })
export class Usage {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text')
  purpose!: CallPurpose;

  @Column('uuid', { name: 'turn_id', nullable: true })
  turnId!: string | null;

  @Column('text', { name: 'bot_id' })
  botId!: string;

  @Column('uuid', { name: 'user_id' })
  userId!: string;

  @Column('text')
  model!: string;

  @Column('integer', { name: 'input_tokens' })
  inputTokens!: number;

  @Column('integer', { name: 'cached_input_tokens' })
  cachedInputTokens!: number;

  @Column('integer', { name: 'output_tokens' })
  outputTokens!: number;

  @Column('bigint', { name: 'cost_micros', transformer: { from: Number, to: String } })
  costMicros!: number;

  /** False when no price of the model is known; its cost is then recorded as nothing. */
  @Column('boolean', { name: 'price_known' })
  priceKnown!: boolean;

  /** True when the model did not say what it used, and we counted. */
  @Column('boolean')
  estimated!: boolean;

  @Column('text')
  outcome!: CallOutcome;

  @Column('integer', { name: 'duration_ms' })
  durationMs!: number;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;
}
