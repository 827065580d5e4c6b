import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What was put in force, when, by whom and why. The last one of a bot counts. */
@Entity({ name: 'prompt_releases' })
export class PromptRelease {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text', { name: 'bot_id' })
  botId!: string;

  /** As of a version. */
  @Column('text')
  scenario!: string;

  @Column('integer')
  number!: number;

  @Column('text')
  action!: 'published' | 'rolled_back' | 'withdrawn';

  /** Null when it was withdrawn: then the bot's description counts. */
  @Column('uuid', { name: 'prompt_id', nullable: true })
  promptId!: string | null;

  @Column('text')
  why!: string;

  @Column('timestamptz', { name: 'released_at' })
  releasedAt!: Date;

  @Column('text', { name: 'released_by' })
  releasedBy!: string;
}
