import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { MigrationState } from './migration.states';

/** `failover`: begun by itself when a server is down. */
export type MigrationKind = 'failover' | 'planned';

/** Many people of one server are moved to others. Who and how far stands in `access_moves`. */
@Entity({ name: 'server_migrations' })
export class ServerMigration {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text')
  kind!: MigrationKind;

  @Column('uuid', { name: 'from_server_id' })
  fromServerId!: string;

  /** Null: wherever placement says. */
  @Column('uuid', { name: 'to_server_ids', array: true, nullable: true })
  toServerIds!: string[] | null;

  /** How many at most; null: all. */
  @Column('integer', { nullable: true })
  people!: number | null;

  @Column('text')
  state!: MigrationState;

  /** `staff:<id>`, or `service`. */
  @Column('text', { name: 'created_by' })
  createdBy!: string;

  @Column('text', { nullable: true })
  reason!: string | null;

  @Column('integer')
  total!: number;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'ended_at', nullable: true })
  endedAt!: Date | null;

  @Column('integer')
  revision!: number;
}
