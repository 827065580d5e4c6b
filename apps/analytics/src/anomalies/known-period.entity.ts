import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A time that is out of the ordinary for a known reason; it may lie ahead. */
@Entity({ name: 'known_periods' })
export class KnownPeriodRow {
  @PrimaryColumn('uuid')
  id!: string;

  /** Null of the whole installation. */
  @Column('text', { name: 'bot_id', nullable: true })
  botId!: string | null;

  @Column('timestamptz', { name: 'begins_at' })
  from!: Date;

  @Column('timestamptz', { name: 'ends_at' })
  to!: Date;

  @Column('text')
  label!: string;

  /** `staff:…` */
  @Column('text', { name: 'created_by' })
  createdBy!: string;
}
