import type { ServerTemplate } from './server-template.entity';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** `making`: the cloud makes it; `starting`: its panel comes up; `removed`: it was retired, and costs nothing any more. */
export type ServerOrderState = 'asked' | 'making' | 'starting' | 'added' | 'failed' | 'removed';

/** What of a template is needed to make a server, and to remove it again. */
export type OrderedTemplate = Omit<ServerTemplate, 'region' | 'maxServers' | 'automatic' | 'secrets' | 'changedAt'>;

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

  /** As it was when the server was ordered: the account that it is with stays the same. */
  @Column('jsonb')
  template!: OrderedTemplate;

  /** Those of the template; encrypted with a key of the installation, and gone once it is removed. */
  @Column('text', { nullable: true })
  secrets!: string | null;

  @Column('text', { nullable: true })
  address!: string | null;

  /** In the words of the cloud or the panel. */
  @Column('text', { nullable: true })
  failure!: string | null;

  @Column('uuid', { name: 'server_id', nullable: true })
  serverId!: string | null;
}
