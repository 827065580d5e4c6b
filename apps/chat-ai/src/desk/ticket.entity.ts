import type { Locale } from '@switchboard/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { TicketState } from './ticket.states';

/** That a human is to answer in a conversation. There is one open ticket of a conversation at most. */
@Entity({ name: 'desk_tickets' })
export class Ticket {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'conversation_id' })
  conversationId!: string;

  @Column('text', { name: 'brand_id' })
  brandId!: string;

  @Column('uuid', { name: 'user_id' })
  userId!: string;

  @Column('text')
  state!: TicketState;

  @Column('text')
  reason!: string;

  @Column('uuid', { nullable: true })
  assignee!: string | null;

  @Column('text', { nullable: true })
  team!: string | null;

  /** 3 before all others. */
  @Column('smallint')
  priority!: number;

  @Column('text')
  language!: Locale;

  @Column('timestamptz', { name: 'opened_at' })
  openedAt!: Date;

  /** Since when the person waits; null while it is the turn of somebody else. */
  @Column('timestamptz', { name: 'waiting_since', nullable: true })
  waitingSince!: Date | null;

  @Column('integer', { name: 'first_answer_ms', nullable: true })
  firstAnswerMs!: number | null;

  @Column('integer')
  answers!: number;

  @Column('timestamptz', { name: 'snoozed_until', nullable: true })
  snoozedUntil!: Date | null;

  @Column('timestamptz', { name: 'closed_at', nullable: true })
  closedAt!: Date | null;

  @Column('uuid', { name: 'closed_by', nullable: true })
  closedBy!: string | null;

  /** Then staff are told that nobody has taken it; null once they were, or somebody has. */
  @Column('timestamptz', { name: 'promised_at', nullable: true })
  promisedAt!: Date | null;

  /** Not before this the person is asked what it was worth to them. */
  @Column('timestamptz', { name: 'ask_at', nullable: true })
  askAt!: Date | null;

  @Column('uuid', { name: 'survey_id', nullable: true })
  surveyId!: string | null;

  @Column('smallint', { nullable: true })
  score!: number | null;

  @Column('integer')
  revision!: number;
}
