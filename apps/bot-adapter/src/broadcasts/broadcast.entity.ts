import type { BroadcastButton, BroadcastState, LocalizedText, Segment } from '@switchboard/contracts';
import { DomainError } from '@switchboard/service-kit';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { BROADCAST_TRANSITIONS } from './broadcast.states';

/** What became of it, once it is over. */
export interface BroadcastResults {
  readonly total: number;
  readonly waiting: number;
  readonly sent: number;
  readonly failed: Readonly<Record<string, number>>;
  readonly skipped: Readonly<Record<string, number>>;
}

class BroadcastStateRefused extends DomainError {
  constructor(state: BroadcastState) {
    const texts = {
      en: 'In the state in which the broadcast is, this cannot be done.',
      ru: 'В нынешнем состоянии рассылки это сделать нельзя.',
    };
    super('bot-adapter.broadcast_state_refused', texts, 409, { state });
  }
}

/** A message to many people of a bot. */
@Entity({ name: 'broadcasts' })
export class Broadcast {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text', { name: 'bot_id' })
  botId!: string;

  @Column('text')
  title!: string;

  @Column('jsonb')
  text!: LocalizedText;

  @Column('jsonb')
  buttons!: BroadcastButton[];

  @Column('text', { nullable: true })
  campaign!: string | null;

  @Column('jsonb')
  segment!: Segment;

  @Column('text')
  state!: BroadcastState;

  @Column('timestamptz', { name: 'start_at', nullable: true })
  startAt!: Date | null;

  @Column('integer', { name: 'at_most', nullable: true })
  atMost!: number | null;

  @Column('integer')
  laid!: number;

  /** The person up to whom the segment was gone through. */
  @Column('uuid', { name: 'laid_after', nullable: true })
  laidAfter!: string | null;

  @Column('boolean', { name: 'is_laid' })
  isLaid!: boolean;

  @Column('boolean', { name: 'is_cut' })
  isCut!: boolean;

  @Column('text', { name: 'created_by' })
  createdBy!: string;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'started_at', nullable: true })
  startedAt!: Date | null;

  @Column('timestamptz', { name: 'ended_at', nullable: true })
  endedAt!: Date | null;

  /** Null until nobody waits any more. */
  @Column('jsonb', { nullable: true })
  results!: BroadcastResults | null;

  @Column('integer')
  revision!: number;

  /** @throws BroadcastStateRefused */
  become(state: BroadcastState): void {
    if (!BROADCAST_TRANSITIONS[this.state].includes(state)) throw new BroadcastStateRefused(this.state);
    this.state = state;
    this.revision += 1;
  }

  /** @throws BroadcastStateRefused of what is no draft any more */
  checkDraft(): void {
    if (this.state !== 'draft') throw new BroadcastStateRefused(this.state);
  }
}
