import type { ExperimentPlan } from './experiment.entity';

/** Sums over the persons of one arm. */
export interface ArmMoments {
  readonly arm: string;
  readonly n: number;
  /** The mean of what people did, neither winsorised nor adjusted. */
  readonly raw: number;
  readonly value: { readonly mean: number; readonly variance: number };
  /** Of what the value is divided by, of a ratio. */
  readonly per?: { readonly mean: number; readonly variance: number; readonly covariance: number } | undefined;
  /**
   * The same metric before the person met the experiment, and 1 for those who were not there before: means, and covariances of
   * (value, before, newcomer).
   */
  readonly before?:
    { readonly means: readonly [number, number]; readonly covariances: readonly (readonly number[])[] } | undefined;
}

export type SegmentBy = ExperimentPlan['segments'][number];

/** What people in an experiment did. Those who were seen in two arms are counted and left out. */
export interface ExperimentData {
  readonly persons: ReadonlyMap<string, number>;
  readonly inTwoArms: number;
  readonly byDay: readonly Group[];
  readonly byChannel: readonly Group[];
  readonly metrics: ReadonlyMap<string, readonly ArmMoments[]>;
  /** The primary metric in parts of the people, such as channels. */
  readonly segments: readonly { readonly by: SegmentBy; readonly moments: readonly SegmentMoments[] }[];
}

export interface SegmentMoments extends ArmMoments {
  readonly segment: string;
}

/** Persons by arm on one day, or in one channel. */
export interface Group {
  readonly name: string;
  readonly persons: ReadonlyMap<string, number>;
}
