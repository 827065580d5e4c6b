import { Column, Entity, PrimaryColumn } from 'typeorm';

/** `making`: the cloud makes it; `starting`: its panel comes up; `removed`: it was retired, and costs nothing any more. */
export type ServerOrderState = 'asked' | 'making' | 'starting' | 'added' | 'failed' | 'removed';

/** A server that is made by a cloud, because the forecast has proposed it. */
@Entity({ name: 'server_orders' })
export class ServerOrder {
  /** Of the proposal. */
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text')
  region!: string;

  /** By which the cloud knows it, for ever. */
  @Column('text', { name: 'cloud_name' })
  cloudName!: string;

  @Column('text')
  state!: ServerOrderState;

  /** `staff:<id>`, or the service itself. */
  @Column('text', { name: 'asked_by' })
  askedBy!: string;

  @Column('timestamptz', { name: 'asked_at' })
  askedAt!: Date;

  @Column('text', { nullable: true })
  address!: string | null;

  /** In the words of the cloud or the panel. */
  @Column('text', { nullable: true })
  failure!: string | null;

  @Column('uuid', { name: 'server_id', nullable: true })
  serverId!: string | null;
}
