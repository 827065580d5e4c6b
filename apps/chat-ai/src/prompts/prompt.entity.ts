import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One version of a bot's system prompt. Versions are never changed: turns refer to them. */
@Entity({ name: 'prompts' })
export class Prompt {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text', { name: 'bot_id' })
  botId!: string;

  /** "all", or what messages are about to which it is told besides. */
  @Column('text')
  scenario!: string;

  @Column('integer')
  version!: number;

  /** Where the text was first seen. */
  @Column('text')
  origin!: 'description' | 'console';

  @Column('text')
  text!: string;

  @Column('text')
  hash!: string;

  /** What is new in it, in the words of who wrote it. */
  @Column('text', { nullable: true })
  note!: string | null;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('text', { name: 'created_by', nullable: true })
  createdBy!: string | null;
}
