import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One version of a bot's system prompt. Versions are never changed: turns refer to them. */
@Entity({ name: 'prompts' })
export class Prompt {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text', { name: 'bot_id' })
  botId!: string;

  @Column('integer')
  version!: number;

  @Column('text')
  text!: string;

  @Column('text')
  hash!: string;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;
}
