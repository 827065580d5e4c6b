import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { quantile } from '../stats/samples';
import { SESSION_GAP, SESSION_TYPES } from './activity';
import { rowsOf } from '../events/cursor';
import { type Funnel, type FunnelEvent, runFunnel } from './funnel';
import { END_MOMENT, FIRST_MOMENT, OF_BOTS, parametersOf, queryInScope, SCOPE, type Scope } from './scope';

export interface FunnelQuestion extends Pick<Funnel, 'steps' | 'exclude' | 'order' | 'windowMs'> {
  readonly per: 'person' | 'session';
  /** Starts whose window has not passed yet are left out. */
  readonly completeWindows: boolean;
}

export interface FunnelStep {
  readonly event: string;
  readonly count: number;
  /** From the step before; null where nobody came. */
  readonly medianMs: number | null;
  readonly p90Ms: number | null;
}

export interface FunnelResult {
  readonly steps: readonly FunnelStep[];
  readonly excluded: number;
  readonly incomplete: number;
}

/** How far people go along steps. */
@Injectable()
export class FunnelsService {
  /** @param tx of its own, see `rowsOf` */
  async run(tx: EntityManager, scope: Scope, question: FunnelQuestion): Promise<FunnelResult> {
    const { steps, exclude, windowMs, per, completeWindows } = question;
    const types = [...new Set([...steps, ...exclude])];
    const [bounds] = await queryInScope<{ from: number; to: number }>(tx, scope, BOUNDS);
    const funnel: Funnel = { ...question, ...bounds!, windowsEndBy: completeWindows ? scope.now.getTime() : Infinity };

    const tookMs = steps.map((): number[] => []);
    const counts = steps.map(() => 0);
    let [excluded, incomplete] = [0, 0];
    const [statement, more] = per === 'person' ? [OF_PERSONS, []] : [OF_SESSIONS, [SESSION_TYPES]];
    const parameters = [...parametersOf(scope), types, windowMs, ...more];
    for await (const { events } of rowsOf<{ events: string }>(tx, statement, parameters)) {
      const run = runFunnel(decode(events, types), funnel);
      if (run?.kind === 'excluded') excluded++;
      if (run?.kind === 'incomplete') incomplete++;
      if (run?.kind !== 'counted') continue;
      run.times.forEach((time, step) => {
        counts[step]!++;
        if (step > 0) tookMs[step]!.push(time - run.times[step - 1]!);
      });
    }
    const atQuantile = (step: number, p: number) => (tookMs[step]!.length > 0 ? quantile(tookMs[step]!, p) : null);
    return {
      steps: steps.map((event, step) => ({
        event,
        count: counts[step]!,
        medianMs: atQuantile(step, 0.5),
        p90Ms: atQuantile(step, 0.9),
      })),
      excluded,
      incomplete,
    };
  }
}

/** `2:1764201600000 1:1764201605000` → events; a number stands for each type, because names would be most of what travels. */
function decode(events: string, types: readonly string[]): FunnelEvent[] {
  return events.split(' ').map((event) => {
    const [type, at] = event.split(':');
    return { type: types[Number(type) - 1]!, at: Number(at) };
  });
}

const epochMs = (moment: string) => `(extract(epoch FROM ${moment}) * 1000)::float8`;

const BOUNDS = `
  WITH ${SCOPE} SELECT ${epochMs(FIRST_MOMENT)} AS from, ${epochMs(END_MOMENT)} AS to, bots FROM scope`;

/** Later steps may come as long after the period as a window is. */
const UNTIL = `${END_MOMENT} + $7::float8 * interval '1 millisecond'`;
const IN_ORDER = 'ORDER BY occurred_at, received_at, event_id';
const ENCODED = `string_agg(array_position($6::text[], type) || ':' || (extract(epoch FROM occurred_at) * 1000)::bigint, ' ' ${IN_ORDER})`;

const OF_PERSONS = `
  WITH ${SCOPE}
  SELECT ${ENCODED} AS events FROM events, scope
  WHERE user_id IS NOT NULL AND type = ANY ($6::text[]) AND occurred_at >= ${FIRST_MOMENT} AND occurred_at < ${UNTIL} AND ${OF_BOTS}
  GROUP BY user_id`;

/** What was done up to a day before the period tells which session is under way when it begins. */
const OF_SESSIONS = `
  WITH ${SCOPE}, step AS (
    SELECT user_id, type, occurred_at, received_at, event_id,
      occurred_at - lag(occurred_at) OVER (PARTITION BY user_id ${IN_ORDER}) > ${SESSION_GAP} AS begins_session
    FROM events, scope
    WHERE user_id IS NOT NULL AND type = ANY ($6::text[] || $8::text[])
      AND occurred_at >= ${FIRST_MOMENT} - interval '1 day' AND occurred_at < ${UNTIL} AND ${OF_BOTS}
  ), numbered AS (
    SELECT *, count(*) FILTER (WHERE begins_session) OVER (PARTITION BY user_id ${IN_ORDER}) AS session FROM step
  )
  SELECT ${ENCODED} AS events FROM numbered
  WHERE type = ANY ($6::text[]) AND occurred_at >= ${FIRST_MOMENT}
  GROUP BY user_id, session`;
