import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Questions that are much alike and have found no answer. */
@Entity({ name: 'unanswered_groups' })
export class UnansweredGroup {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text', { name: 'bot_id' })
  botId!: string;

  @Column('text')
  state!: 'open' | 'answered' | 'dismissed';

  /** Keyed hashes of the words of the first one. */
  @Column('text', { array: true })
  words!: string[];

  /** The entry of the FAQ that was made of it. */
  @Column('uuid', { name: 'document_id', nullable: true })
  documentId!: string | null;

  @Column('text', { name: 'resolved_by', nullable: true })
  resolvedBy!: string | null;

  @Column('timestamptz', { name: 'last_asked_at' })
  lastAskedAt!: Date;

  @Column('integer')
  revision!: number;
}
