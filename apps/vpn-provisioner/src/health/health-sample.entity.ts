import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The probes of a server within a minute; kept for some days. */
@Entity({ name: 'health_samples' })
export class HealthSample {
  @PrimaryColumn('uuid', { name: 'server_id' })
  serverId!: string;

  /** The beginning of the minute. */
  @PrimaryColumn('timestamptz')
  at!: Date;

  @Column('integer')
  probes!: number;

  @Column('integer')
  failures!: number;

  /** Of the last good one, as is what follows. */
  @Column('integer', { name: 'latency_ms', nullable: true })
  latencyMs!: number | null;

  @Column('integer', { name: 'online_users', nullable: true })
  onlineUsers!: number | null;

  /** 0 to 1. */
  @Column('real', { nullable: true })
  cpu!: number | null;

  @Column('real', { nullable: true })
  memory!: number | null;
}
