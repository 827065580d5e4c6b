import type { ReplyOutcome } from '@switchboard/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What became of every part of a context, by its id: each is in exactly one of kept, summarised and dropped. */
export interface ContextReport {
  readonly limit: number;
  readonly tokens: number;
  readonly kept: string[];
  readonly summarised: string[];
  readonly dropped: string[];
  /** Of those kept, what is there in part only. */
  readonly shortened: string[];
}

/** What was called for an answer; neither what it was asked nor what it said. */
export interface TurnToolCall {
  readonly tool: string;
  readonly outcome: 'done' | 'offered' | 'refused' | 'timed_out' | 'failed';
  readonly durationMs: number;
}

/** One answer that was given, and how it came about. Its id is the reply's. */
@Entity({ name: 'turns' })
export class Turn {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'conversation_id' })
  conversationId!: string;

  @Column('text')
  outcome!: ReplyOutcome;

  /** Null when no model was asked. */
  @Column('text', { nullable: true })
  model!: string | null;

  @Column('uuid', { name: 'prompt_id', nullable: true })
  promptId!: string | null;

  @Column('jsonb', { name: 'context_report', nullable: true })
  contextReport!: ContextReport | null;

  @Column('jsonb', { name: 'tool_calls' })
  toolCalls!: TurnToolCall[];

  @Column('timestamptz', { name: 'started_at' })
  startedAt!: Date;

  @Column('integer', { name: 'duration_ms' })
  durationMs!: number;

  /** From the start of the turn to the first visible text; null when nothing was streamed. */
  @Column('integer', { name: 'first_text_ms', nullable: true })
  firstTextMs!: number | null;
}
