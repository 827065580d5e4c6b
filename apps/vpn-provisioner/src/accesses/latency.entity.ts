import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What a person's device has measured to a server, the last time. */
@Entity({ name: 'latencies' })
export class Latency {
  @PrimaryColumn('uuid', { name: 'access_id' })
  accessId!: string;

  @PrimaryColumn('uuid', { name: 'server_id' })
  serverId!: string;

  @Column('uuid', { name: 'user_id' })
  userId!: string;

  @Column('integer')
  ms!: number;

  @Column('timestamptz', { name: 'measured_at' })
  measuredAt!: Date;
}
