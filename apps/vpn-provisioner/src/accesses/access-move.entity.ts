import type { MoveReason } from '@switchboard/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { z } from 'zod';

/** `waiting`: has no target yet; `preparing`: the target is; `dropped`: came to nothing, as when the server was back before. */
export type MoveState = 'waiting' | 'preparing' | 'moved' | 'rolled-back' | 'dropped';

/** An access on its way from one server to another. */
@Entity({ name: 'access_moves' })
export class AccessMove {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'access_id' })
  accessId!: string;

  @Column('uuid', { name: 'user_id' })
  userId!: string;

  /** Null: of one person alone, who chose or was placed anew. */
  @Column('uuid', { name: 'migration_id', nullable: true })
  migrationId!: string | null;

  @Column('uuid', { name: 'from_server_id' })
  fromServerId!: string;

  @Column('uuid', { name: 'to_server_id', nullable: true })
  toServerId!: string | null;

  @Column('text')
  state!: MoveState;

  @Column('text')
  reason!: z.output<typeof MoveReason>;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'ended_at', nullable: true })
  endedAt!: Date | null;
}
