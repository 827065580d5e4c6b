import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What is believed of a server. There is a row for each. */
@Entity({ name: 'server_health' })
export class ServerHealth {
  @PrimaryColumn('uuid', { name: 'server_id' })
  serverId!: string;

  /** `returning`: it answers again, and what it still holds of people who were moved meanwhile is put right first. */
  @Column('text')
  state!: 'up' | 'down' | 'returning';

  /** Probes in a row that contradict it. */
  @Column('integer')
  against!: number;

  /** How often it went down lately. */
  @Column('integer')
  falls!: number;

  @Column('timestamptz', { name: 'fell_at', nullable: true })
  fellAt!: Date | null;

  /** Of the state. */
  @Column('timestamptz')
  since!: Date;

  /** How often it ever went down. It is up for people when it was put right since: `cleanedEpoch` is the same. */
  @Column('integer')
  epoch!: number;

  @Column('integer', { name: 'cleaned_epoch' })
  cleanedEpoch!: number;

  @Column('timestamptz', { name: 'probed_at', nullable: true })
  probedAt!: Date | null;

  /** Of the last good probe, as is what follows. */
  @Column('integer', { name: 'latency_ms', nullable: true })
  latencyMs!: number | null;

  @Column('integer', { name: 'online_users', nullable: true })
  onlineUsers!: number | null;

  /** 0 to 1. */
  @Column('real', { nullable: true })
  cpu!: number | null;

  @Column('real', { nullable: true })
  memory!: number | null;

  @Column('text', { nullable: true })
  version!: string | null;

  /** Of the last probe, where it was bad. */
  @Column('text', { nullable: true })
  error!: string | null;
}
