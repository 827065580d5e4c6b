import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { FileNote } from '../documents/read-result';
import type { EntryProblem } from './entry-problems';

/** A question with its answer in one language. */
export interface FaqText {
  readonly locale: string;
  readonly question: string;
  readonly answer: string;
}

/**
 * Something that staff have added to the knowledge base of a bot: a file, a page of the web, or a question with its answer.
 * What was read of it are rows of `knowledge_documents`, as of a file of the folder.
 */
@Entity({ name: 'knowledge_entries' })
export class KnowledgeEntry {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text', { name: 'bot_id' })
  botId!: string;

  @Column('text')
  origin!: 'file' | 'page' | 'faq';

  /** `receiving`: the bytes of a file are still on their way. `waiting`: is to be read. */
  @Column('text')
  state!: 'receiving' | 'waiting' | 'settled';

  /** The name of a file, the address of a page, the first question. */
  @Column('text')
  source!: string;

  /** That staff gave it. */
  @Column('text', { nullable: true })
  title!: string | null;

  /** What was read of a file or a page, as Markdown: by it a deleted one is restored. */
  @Column('text', { nullable: true, select: false })
  text!: string | null;

  /** Why it was not read the last time. */
  @Column('text', { nullable: true })
  problem!: EntryProblem | null;

  @Column('text', { array: true })
  notes!: FileNote[];

  /** Differs when the passages are to be made anew. */
  @Column('text', { name: 'indexed_as', nullable: true })
  indexedAs!: string | null;

  @Column('text', { name: 'storage_key', nullable: true })
  storageKey!: string | null;

  @Column('bigint', { nullable: true, transformer: { from: toNumber, to: (bytes: number | null) => bytes } })
  bytes!: number | null;

  @Column('text', { name: 'content_type', nullable: true })
  contentType!: string | null;

  /** SHA-256 of a file, by which it is known when it comes again. */
  @Column('bytea', { name: 'content_hash', nullable: true })
  contentHash!: Buffer | null;

  /** How often a page is read; null: when somebody asks for it. */
  @Column('integer', { name: 'every_hours', nullable: true })
  everyHours!: number | null;

  @Column('text', { nullable: true })
  etag!: string | null;

  @Column('text', { name: 'last_modified', nullable: true })
  lastModified!: string | null;

  @Column('timestamptz', { name: 'read_at', nullable: true })
  readAt!: Date | null;

  @Column('timestamptz', { name: 'next_read_at', nullable: true })
  nextReadAt!: Date | null;

  /** Of a question, one for each language. */
  @Column('jsonb', { nullable: true })
  texts!: FaqText[] | null;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'changed_at' })
  changedAt!: Date;

  @Column('text', { name: 'changed_by' })
  changedBy!: string;

  @Column('timestamptz', { name: 'deleted_at', nullable: true })
  deletedAt!: Date | null;

  /** Grows with each change by staff: the ETag. */
  @Column('integer')
  revision!: number;
}

function toNumber(bytes: string | null): number | null {
  return bytes === null ? null : Number(bytes);
}
