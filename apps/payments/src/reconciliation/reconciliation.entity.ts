import { Column, Entity, PrimaryColumn } from 'typeorm';

export type ReconciliationState = 'running' | 'fits' | 'differs' | 'failed';

/** A day's payments of one bot by one provider, compared. */
@Entity({ name: 'reconciliations' })
export class Reconciliation {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text', { name: 'bot_id' })
  botId!: string;

  @Column('text')
  provider!: string;

  /** Of UTC. */
  @Column('date')
  day!: string;

  @Column('text')
  state!: ReconciliationState;

  /** Payments that the provider told of. */
  @Column('integer')
  compared!: number;

  /** What the provider says it has taken, by currency. */
  @Column('jsonb', { name: 'there_minor' })
  thereMinor!: Record<string, number>;

  /** What the ledger says. */
  @Column('jsonb', { name: 'here_minor' })
  hereMinor!: Record<string, number>;

  @Column('timestamptz', { name: 'finished_at', nullable: true })
  finishedAt!: Date | null;

  @Column('integer')
  revision!: number;
}
