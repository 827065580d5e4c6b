import { type ExposureRecorded, ListRunningExperiments, RunningExperiment } from '@switchboard/contracts';
import type { DataSource } from 'typeorm';
import { z } from 'zod';
import type { Clock } from './clock';
import type { ServiceClient } from './http/service-client';
import type { Log } from './log';

export type Experiment = z.output<typeof RunningExperiment>;
export type Arm = Experiment['arms'][number];

/** The arm of a person in the experiment of a place. */
export interface Assignment {
  readonly arm: string;
  /** What the service does for this arm. */
  readonly value: string;
  /** To be said, as `ExposureRecorded(exposure)`, in the transaction in which the person meets the arm, each time. */
  readonly exposure: Parameters<typeof ExposureRecorded>[0];
}

const BUCKETS = 10_000;

const { imul } = Math;

/** FNV-1a, 32 bits, over the UTF-16 units of a text; for ids these are its bytes. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return hash >>> 0;
}

/**
 * From 0 to 9999, spread evenly over ids and independently for each salt. Hashed twice, because a single FNV-1a of texts that
 * differ in their last characters only is not even. As version 2 of GrowthBook's SDKs.
 */
export const bucketOf = (salt: string, unit: string): number => fnv1a(String(fnv1a(salt + unit))) % BUCKETS;

/**
 * The arm that a person belongs to; undefined for whoever takes no part. It depends on nothing but the experiment and the
 * person: so each process and channel puts a person into the same one. An arm has its range of buckets, of which coverage opens
 * the beginning: when it grows nobody changes arms.
 */
export function armOf({ salt, arms, coverage, namespace }: Omit<Experiment, 'id' | 'key' | 'place'>, userId: string) {
  if (namespace) {
    const bucket = bucketOf(`namespace:${namespace.name}:`, userId);
    if (bucket < namespace.from || bucket >= namespace.to) return undefined;
  }
  const bucket = bucketOf(salt, userId);
  let begin = 0;
  for (const arm of arms) {
    if (bucket >= begin && bucket < begin + Math.floor((arm.weight * coverage) / BUCKETS)) return arm;
    begin += arm.weight;
  }
  return undefined;
}

/** Within it a decision of analytics, such as a rollback, is in force everywhere. */
const FRESH_MS = 30_000;
/**
 * Older than this, an answer is waited for rather than asked for meanwhile: so long after a change people may still be put into arms as
 * before it.
 */
export const EXPERIMENTS_STALE_MS = 120_000;
/** Somebody waits for an answer of a bot. */
const TIMEOUT_MS = 500;

/**
 * The experiments that run, for a service that does something differently for some people. It asks analytics for them every
 * half a minute while it is used, and puts people into arms by itself; what was answered last is kept in the service's own
 * database, so that nobody changes arms while analytics is away, whoever restarts.
 *
 * ```ts
 * const assigned = await this.experiments.assign(`chat-ai.prompt:${botId}`, userId);
 * const prompt = assigned ? versionOf(assigned.value) : current;
 * …
 * await this.outbox.add(tx, …, ...(assigned ? [ExposureRecorded(assigned.exposure)] : []));
 * ```
 */
export class Experiments {
  private known: { experiments: readonly Experiment[]; askedAt: number } | undefined;
  private asking: Promise<void> | undefined;
  private isAway = false;

  constructor(
    private readonly services: ServiceClient,
    private readonly db: DataSource,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /** Undefined where no experiment runs, for whoever takes no part, and as long as it is not known whether one runs. */
  async assign(place: string, userId: string, about: { channel?: string } = {}): Promise<Assignment | undefined> {
    const experiment = (await this.running()).find((one) => one.place === place);
    const arm = experiment && armOf(experiment, userId);
    if (!arm) return undefined;
    const { id: experimentId, key } = experiment;
    const exposure = { experimentId, experiment: key, arm: arm.key, userId, reason: 'assigned', ...about } as const;
    return { arm: arm.key, value: arm.value, exposure };
  }

  private async running(): Promise<readonly Experiment[]> {
    const passed = this.known ? this.clock.now().getTime() - this.known.askedAt : Infinity;
    // Asked for later than now: the clock has gone back.
    const age = passed < 0 ? Infinity : passed;
    if (age >= FRESH_MS) {
      this.asking ??= this.ask().finally(() => (this.asking = undefined));
      if (age >= EXPERIMENTS_STALE_MS) await this.asking;
    }
    return this.known?.experiments ?? [];
  }

  private async ask(): Promise<void> {
    const askedAt = this.clock.now().getTime();
    try {
      const { experiments } = await this.services.call(ListRunningExperiments, {}, { timeoutMs: TIMEOUT_MS });
      const isNew = JSON.stringify(experiments) !== JSON.stringify(this.known?.experiments);
      this.known = { experiments, askedAt };
      if (this.isAway) this.log.info('analytics tells again which experiments run');
      this.isAway = false;
      if (isNew) await this.keep(experiments, askedAt);
    } catch (error) {
      this.known = { experiments: this.known?.experiments ?? (await this.kept()), askedAt };
      if (!this.isAway)
        this.log.warn({ err: error }, 'analytics does not tell which experiments run; the last known go on');
      this.isAway = true;
    }
  }

  /** Another process may have asked later and been answered sooner: what it was told stays. */
  private async keep(experiments: readonly Experiment[], askedAt: number): Promise<void> {
    await this.db
      .query(
        `INSERT INTO known_experiments (id, experiments, known_at) VALUES (1, $1, $2)
         ON CONFLICT (id) DO UPDATE SET experiments = excluded.experiments, known_at = excluded.known_at
         WHERE known_experiments.known_at <= excluded.known_at`,
        [JSON.stringify(experiments), new Date(askedAt)],
      )
      .catch((error: unknown) => this.log.warn({ err: error }, 'the running experiments could not be kept'));
  }

  /** Of an earlier process; none when they cannot be read. */
  private async kept(): Promise<readonly Experiment[]> {
    const rows = await this.db
      .query<{ experiments: unknown }[]>('SELECT experiments FROM known_experiments')
      .catch(() => []);
    return z.array(RunningExperiment).safeParse(rows[0]?.experiments).data ?? [];
  }
}
