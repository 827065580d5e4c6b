import type { BotState } from '@switchboard/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Description } from './bot.entity';

export type BotChangeKind =
  | 'created'
  | 'taken_over'
  | 'edited'
  | 'rolled_back'
  | 'secrets_changed'
  | 'paused'
  | 'resumed'
  | 'archived'
  | 'restored';

/** What a change has made of a bot. Written once. */
@Entity({ name: 'bot_revisions' })
export class BotRevisionRow {
  @PrimaryColumn({ name: 'bot_id', type: 'text' })
  botId!: string;

  @PrimaryColumn({ type: 'integer' })
  revision!: number;

  @Column({ type: 'text' })
  change!: BotChangeKind;

  @Column({ type: 'text' })
  state!: BotState;

  @Column({ type: 'json' })
  description!: Description;

  @Column({ name: 'rolled_back_to', type: 'integer', nullable: true })
  rolledBackTo!: number | null;

  @Column({ name: 'secrets_set', type: 'text', array: true })
  secretsSet!: string[];

  @Column({ name: 'secrets_removed', type: 'text', array: true })
  secretsRemoved!: string[];

  @Column({ type: 'text', nullable: true })
  why!: string | null;

  @Column({ name: 'by_kind', type: 'text' })
  byKind!: string;

  @Column({ name: 'by_id', type: 'text' })
  byId!: string;

  @Column({ type: 'timestamptz' })
  at!: Date;
}
