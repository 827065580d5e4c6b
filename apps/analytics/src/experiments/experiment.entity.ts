import type { ReadExperiment } from '@switchboard/contracts';
import type { AnswerOf } from '@switchboard/service-kit';
import { Column, Entity, PrimaryColumn } from 'typeorm';

type Answer = AnswerOf<typeof ReadExperiment>;

/** What is compared and how; fixed when the experiment starts, but for the coverage, which may grow. */
export type ExperimentPlan = Pick<
  Answer,
  | 'kind'
  | 'arms'
  | 'coverage'
  | 'namespace'
  | 'automaticRollback'
  | 'hypothesis'
  | 'primary'
  | 'secondary'
  | 'guardrails'
  | 'minimalEffect'
  | 'plannedPersons'
  | 'days'
  | 'alpha'
  | 'power'
  | 'segments'
>;

export type Metric = NonNullable<ExperimentPlan['primary']>;
export type Guardrail = ExperimentPlan['guardrails'][number];

@Entity({ name: 'experiments' })
export class Experiment {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text')
  key!: string;

  @Column('text')
  place!: string;

  @Column('text', { name: 'bot_id', nullable: true })
  botId!: string | null;

  @Column('jsonb')
  plan!: ExperimentPlan;

  @Column('text')
  state!: Answer['state'];

  @Column('text', { nullable: true })
  decision!: Answer['decision'];

  @Column('text', { name: 'decided_arm', nullable: true })
  decidedArm!: string | null;

  @Column('text', { name: 'decided_why', nullable: true })
  decidedWhy!: string | null;

  @Column('boolean', { name: 'decided_automatically' })
  decidedAutomatically!: boolean;

  /** `staff:0192…` */
  @Column('text', { name: 'decided_by', nullable: true })
  decidedBy!: string | null;

  /** The advice that staff were last told of. */
  @Column('text', { name: 'told_advice', nullable: true })
  toldAdvice!: string | null;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'started_at', nullable: true })
  startedAt!: Date | null;

  @Column('timestamptz', { name: 'planned_end', nullable: true })
  plannedEnd!: Date | null;

  @Column('timestamptz', { name: 'ended_at', nullable: true })
  endedAt!: Date | null;

  /** Grows with each change: the ETag. */
  @Column('integer')
  revision!: number;
}
