import { Injectable } from '@nestjs/common';
import { EXPERIMENTS_STALE_MS } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import type { Trials } from '../stats/bandit';
import type { Experiment, Metric } from './experiment.entity';
import type { ArmMoments, ExperimentData, Group, SegmentBy, SegmentMoments } from './experiment-data';

type Measure = Metric['measure'];
/** What was known of a person before: the sheet of the field says two weeks, which hold each weekday twice. */
const BEFORE = '14 days';
/**
 * A service says what it did and the exposure in one transaction, in any order: what is so little older was done in the arm.
 */
const SAME_MOMENT = '10 seconds';

/** Reads of an experiment what its results are computed from. */
@Injectable()
export class ExperimentDataService {
  async read(tx: EntityManager, experiment: Experiment, now: Date): Promise<ExperimentData> {
    const { plan } = experiment;
    const counted = await tx.query<CountRow[]>(COUNT, [experiment.id]);
    const metrics = [plan.primary, ...plan.secondary, ...plan.guardrails].filter((metric) => metric !== null);
    const moments = new Map<string, ArmMoments[]>();
    for (const metric of metrics) moments.set(metric.key, await this.moments(tx, experiment, metric, now));
    const { primary } = plan;
    const segments: ExperimentData['segments'][number][] = [];
    for (const by of primary ? plan.segments : [])
      segments.push({ by, moments: await this.moments(tx, experiment, primary!, now, by) });
    const isCounted = ({ inTwoArms }: CountRow) => !inTwoArms || mayChangeArms(plan.kind);
    return {
      persons: sums(counted.filter(isCounted), ({ arm }) => arm),
      inTwoArms: counted.filter((row) => !isCounted(row)).reduce((sum, { persons }) => sum + persons, 0),
      byDay: groups(counted.filter(isCounted), ({ day }) => day),
      byChannel: groups(counted.filter(isCounted), ({ channel }) => channel),
      metrics: moments,
      segments,
    };
  }

  /** Whether what is hoped for happened, of those who met each arm of a bandit since `since`. */
  async trials(tx: EntityManager, experiment: Experiment, since: Date, now: Date): Promise<Trials[]> {
    const recent = { ...experiment, startedAt: since };
    const moments = await this.moments(tx, recent, experiment.plan.primary!, now);
    return experiment.plan.arms.map(({ key }) => {
      const { n, value } = moments.find(({ arm }) => arm === key) ?? { n: 0, value: { mean: 0 } };
      const happened = Math.round(value.mean * n);
      return { n, successes: experiment.plan.primary!.goal === 'up' ? happened : n - happened };
    });
  }

  /** The moments of one metric, by arm; with `by`, of each part of the people. */
  private async moments(
    tx: EntityManager,
    experiment: Experiment,
    metric: Metric,
    now: Date,
    by?: SegmentBy,
  ): Promise<SegmentMoments[]> {
    const { startedAt, endedAt, plan } = experiment;
    const { sql, parameters } = momentsQuery(metric, by, plan.kind);
    const rows = await tx.query<MomentsRow[]>(sql, [
      experiment.id,
      startedAt,
      endedAt ?? now,
      metric.winsorise,
      ...parameters,
    ]);
    return rows.map((row) => momentsOf(metric, row));
  }
}

/**
 * When weights change people come into other arms. They are counted in the first, for what they did in it: until the weights changed,
 * whether they were seen again or not, so that the people of all arms have equal time.
 */
const mayChangeArms = (kind: Experiment['plan']['kind']) => kind === 'bandit';

const UNTIL_NEXT_WEIGHTS = `coalesce(
  (SELECT min(valid_from) FROM experiment_weights w WHERE w.experiment_id = x.experiment_id AND w.valid_from > x.first_at), 'infinity')`;

/** Who came just after weights changed, while services may still have gone by those of before, tells nothing of either. */
const ARM_IS_CERTAIN = `NOT EXISTS (
  SELECT FROM experiment_weights w WHERE w.experiment_id = x.experiment_id AND w.valid_from <= x.first_at
    AND w.valid_from + interval '${EXPERIMENTS_STALE_MS} milliseconds' > x.first_at)`;

interface CountRow {
  readonly arm: string;
  readonly day: string;
  readonly channel: string;
  readonly inTwoArms: boolean;
  readonly persons: number;
}

const COUNT = `
  SELECT arm, to_char(first_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day, channel, in_two_arms AS "inTwoArms",
    count(*)::integer AS persons
  FROM exposures x WHERE experiment_id = $1 AND ${ARM_IS_CERTAIN} GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4`;

function sums(rows: readonly CountRow[], key: (row: CountRow) => string): Map<string, number> {
  const found = new Map<string, number>();
  for (const row of rows) found.set(key(row), (found.get(key(row)) ?? 0) + row.persons);
  return found;
}

const groups = (rows: readonly CountRow[], name: (row: CountRow) => string): Group[] =>
  [...new Set(rows.map(name))].map((each) => ({
    name: each,
    persons: sums(
      rows.filter((row) => name(row) === each),
      ({ arm }) => arm,
    ),
  }));

interface MomentsRow {
  readonly arm: string;
  readonly segment: string;
  readonly n: number;
  readonly raw: number;
  /** Means, variances and covariances of the value, of what it is divided by, of the value before, and of being new. */
  readonly means: readonly [y: number, d: number, x: number, newcomer: number];
  readonly variances: readonly [y: number, d: number, x: number, newcomer: number];
  readonly yd: number;
  readonly yx: number;
  readonly yn: number;
  readonly xn: number;
}

/** Shares and ratios are compared as they are; sums and counts less what people did before. */
const isAdjusted = ({ measure, per, within }: Metric) => measure.aggregate !== 'any' && !per && !within;

function momentsOf(metric: Metric, row: MomentsRow): SegmentMoments {
  const { arm, segment, n, raw, means, variances, yd, yx, yn, xn } = row;
  return {
    arm,
    segment,
    n,
    raw,
    value: { mean: means[0], variance: variances[0] },
    per: metric.per && { mean: means[1], variance: variances[1], covariance: yd },
    before: isAdjusted(metric)
      ? {
          means: [means[2], means[3]],
          covariances: [
            [variances[0], yx, yn],
            [yx, variances[2], xn],
            [yn, xn, variances[3]],
          ],
        }
      : undefined,
  };
}

/**
 * Sums over persons, made in the database: each person counts once, with nothing for who has done nothing. $1 the experiment,
 * $2 its start, $3 until when, $4 the quantile to winsorise by.
 */
function momentsQuery(
  metric: Metric,
  by: SegmentBy | undefined,
  kind: Experiment['plan']['kind'],
): { sql: string; parameters: unknown[] } {
  const parameters: unknown[] = [];
  const add = (value: unknown) => `$${4 + parameters.push(value)}`;
  const { within, per } = metric;
  const after = within
    ? `e.occurred_at >= x.first_at + interval '${within.fromHours} hours' AND e.occurred_at < x.first_at + interval '${within.toHours} hours'`
    : `e.occurred_at >= x.first_at - interval '${SAME_MOMENT}'`;
  const before = `e.occurred_at < x.first_at - interval '${SAME_MOMENT}' AND e.occurred_at >= x.first_at - interval '${BEFORE}'`;
  const inTheArm = mayChangeArms(kind) ? `${after} AND e.occurred_at < ${UNTIL_NEXT_WEIGHTS}` : after;
  const value = (measure: Measure, when: string) => `
    (SELECT ${aggregateOf(measure, add)} FROM events e WHERE e.user_id = x.user_id AND e.type = ${add(measure.event)}
       AND e.occurred_at >= $2::timestamptz - interval '${BEFORE}' AND e.occurred_at < $3 AND ${when} ${conditionOf(measure, add)})`;
  const segment =
    by === 'channel' ? 'x.channel' : by === 'newcomer' ? `CASE WHEN x.newcomer THEN 'new' ELSE 'known' END` : `''`;
  const sql = `
    WITH value AS MATERIALIZED (
      SELECT x.arm, ${segment} AS segment, x.newcomer::integer::float8 AS newcomer,
        ${value(metric.measure, inTheArm)} AS y,
        ${per ? value(per, inTheArm) : '0::float8'} AS d,
        ${isAdjusted(metric) ? value(metric.measure, before) : '0::float8'} AS x
      FROM exposures x
      WHERE x.experiment_id = $1 AND x.first_at >= $2 AND x.first_at < $3 AND ${ARM_IS_CERTAIN} ${mayChangeArms(kind) ? '' : 'AND NOT x.in_two_arms'}
        ${within ? `AND x.first_at + interval '${within.toHours} hours' <= $3` : ''}
    ), cap AS (
      SELECT percentile_cont($4::float8) WITHIN GROUP (ORDER BY y) AS y,
        percentile_cont($4::float8) WITHIN GROUP (ORDER BY x) AS x FROM value
    ), capped AS (
      SELECT arm, segment, newcomer, value.y AS raw, d,
        ${metric.measure.aggregate === 'any' ? 'value.y' : 'least(value.y, cap.y)'} AS y,
        ${metric.measure.aggregate === 'any' ? 'value.x' : 'least(value.x, cap.x)'} AS x
      FROM value CROSS JOIN cap
    )
    SELECT arm, segment, count(*)::integer AS n, avg(raw) AS raw,
      ARRAY[avg(y), avg(d), avg(x), avg(newcomer)] AS means,
      ARRAY[coalesce(var_samp(y), 0), coalesce(var_samp(d), 0), coalesce(var_samp(x), 0), coalesce(var_samp(newcomer), 0)]
        AS variances,
      coalesce(covar_samp(y, d), 0) AS yd, coalesce(covar_samp(y, x), 0) AS yx,
      coalesce(covar_samp(y, newcomer), 0) AS yn, coalesce(covar_samp(x, newcomer), 0) AS xn
    FROM capped GROUP BY arm, segment ORDER BY arm, segment`;
  return { sql, parameters };
}

type AddParameter = (value: unknown) => string;

const fieldOf = (field: string, add: AddParameter) => `(e.props #>> ${add(field.split('.'))}::text[])`;

function aggregateOf({ aggregate, field }: Measure, add: AddParameter): string {
  if (aggregate === 'any') return '(count(*) > 0)::integer::float8';
  if (aggregate === 'count') return 'count(*)::float8';
  return `coalesce(sum(${fieldOf(field!, add)}::numeric), 0)::float8`;
}

const conditionOf = ({ where = {} }: Measure, add: AddParameter): string =>
  Object.entries(where)
    .map(([field, values]) => `AND ${fieldOf(field, add)} = ANY (${add(values)}::text[])`)
    .join(' ');
