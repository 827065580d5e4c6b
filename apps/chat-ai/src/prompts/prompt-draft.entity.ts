import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A prompt that is being written; when it is published it becomes a version. */
@Entity({ name: 'prompt_drafts' })
export class PromptDraft {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text', { name: 'bot_id' })
  botId!: string;

  /** As of a version. */
  @Column('text')
  scenario!: string;

  @Column('uuid', { name: 'based_on', nullable: true })
  basedOn!: string | null;

  @Column('text')
  text!: string;

  @Column('text')
  note!: string;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('text', { name: 'created_by' })
  createdBy!: string;

  @Column('timestamptz', { name: 'changed_at' })
  changedAt!: Date;

  @Column('text', { name: 'changed_by' })
  changedBy!: string;

  /** Grows with each change: the ETag. */
  @Column('integer')
  revision!: number;
}
