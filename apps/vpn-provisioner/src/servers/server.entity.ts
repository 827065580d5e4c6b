import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Endpoint } from '../panels/panel';

/** `draining`: it takes nobody new; `retired`: it serves nobody, and its panel is not asked any more. */
export type ServerState = 'in-service' | 'draining' | 'retired';

/** A server of the installation with its panel. */
@Entity({ name: 'servers' })
export class Server {
  @PrimaryColumn('uuid')
  id!: string;

  /** As apps show it: `Frankfurt 1`. */
  @Column('text')
  name!: string;

  /** A RegionId. */
  @Column('text')
  region!: string;

  /** People that it may serve. */
  @Column('integer')
  capacity!: number;

  /** Of two that are otherwise alike, one with double the weight gets double the people. */
  @Column('double precision')
  weight!: number;

  @Column('bigint', { name: 'monthly_cost_minor', transformer: { from: Number, to: String } })
  monthlyCostMinor!: number;

  @Column('text')
  currency!: string;

  /** The PanelDefinition. */
  @Column('text', { name: 'panel_kind' })
  panelKind!: string;

  /** Of its panel. */
  @Column('text')
  url!: string;

  /** As the PanelDefinition has them. */
  @Column('jsonb')
  settings!: Record<string, unknown>;

  /** By name, as JSON; encrypted with a key of the installation. */
  @Column('text', { nullable: true })
  secrets!: string | null;

  /** By which apps of people connect. None of Outline, whose keys say it themselves. */
  @Column('jsonb')
  endpoints!: Endpoint[];

  /** So many calls are made to its panel side by side. */
  @Column('integer', { name: 'parallel_calls' })
  parallelCalls!: number;

  @Column('text')
  state!: ServerState;

  @Column('integer')
  revision!: number;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'changed_at' })
  changedAt!: Date;
}
