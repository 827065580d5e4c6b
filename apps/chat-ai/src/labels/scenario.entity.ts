import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What messages to a bot may be about, in the words of its owner. */
@Entity({ name: 'scenarios' })
export class OwnScenario {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text', { name: 'bot_id' })
  botId!: string;

  @Column('text')
  key!: string;

  @Column('text')
  title!: string;

  @Column('jsonb')
  examples!: string[];

  @Column('timestamptz', { name: 'changed_at' })
  changedAt!: Date;

  @Column('text', { name: 'changed_by' })
  changedBy!: string;
}
