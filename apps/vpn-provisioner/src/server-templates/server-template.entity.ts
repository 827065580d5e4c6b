import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Endpoint } from '../panels/panel';

/** What a new server of a region is made of, and where. */
@Entity({ name: 'server_templates' })
export class ServerTemplate {
  @PrimaryColumn('text')
  region!: string;

  @Column('text', { name: 'cloud_kind' })
  cloudKind!: string;

  @Column('jsonb', { name: 'cloud_settings' })
  cloudSettings!: Record<string, unknown>;

  @Column('text')
  plan!: string;

  @Column('text')
  location!: string;

  @Column('integer', { name: 'max_servers' })
  maxServers!: number;

  @Column('boolean')
  automatic!: boolean;

  @Column('text', { name: 'server_name' })
  serverName!: string;

  @Column('integer')
  capacity!: number;

  @Column('bigint', { name: 'monthly_cost_minor', transformer: { from: Number, to: String } })
  monthlyCostMinor!: number;

  @Column('text')
  currency!: string;

  @Column('text', { name: 'panel_kind' })
  panelKind!: string;

  @Column('text', { name: 'panel_url' })
  panelUrl!: string;

  @Column('jsonb', { name: 'panel_settings' })
  panelSettings!: Record<string, unknown>;

  @Column('jsonb')
  endpoints!: Endpoint[];

  /** Those of the account and of the panel and what cloud-init is told, as JSON; encrypted with a key of the installation. */
  @Column('text', { nullable: true })
  secrets!: string | null;

  @Column('timestamptz', { name: 'changed_at' })
  changedAt!: Date;
}
