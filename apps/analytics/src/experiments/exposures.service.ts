import { Injectable } from '@nestjs/common';
import type { EventOf, ExposureRecorded, ReadArm } from '@switchboard/contracts';
import { type AnswerOf, armOf } from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { EventStore } from '../events/event-store.service';
import { Experiment } from './experiment.entity';
import { assignmentOf, ExperimentNotFound } from './experiments.service';
import { Exposure } from './exposure.entity';

/** So soon before they met the experiment a person has come because of what showed it to them, and was not there before. */
const SAME_VISIT = '10 minutes';

/** Who has met which arm of which experiment, and when first. */
@Injectable()
export class ExposuresService {
  constructor(
    private readonly db: DataSource,
    store: EventStore,
  ) {
    store.alsoForget((tx, userId) => tx.delete(Exposure, { userId }));
  }

  /** Of people who have consented to be counted, and of experiments that were running then. */
  async record(tx: EntityManager, events: readonly EventOf<typeof ExposureRecorded>[]): Promise<void> {
    const rows = events.map(({ time, data }) => ({ ...data, channel: data.channel ?? '', at: time }));
    await tx.query(RECORD, [JSON.stringify(rows), [...new Set(rows.map(({ userId }) => userId))]]);
  }

  async armOf(tx: EntityManager, key: string, userId: string): Promise<AnswerOf<typeof ReadArm>> {
    const experiment = await tx.findOneBy(Experiment, { key });
    if (!experiment || experiment.state === 'draft') throw new ExperimentNotFound({ key });
    const exposure = await tx.findOneBy(Exposure, { experimentId: experiment.id, userId });
    const { arms } = experiment.plan;
    const decided = experiment.state === 'running' ? undefined : experiment.decidedArm;
    const met = decided ?? exposure?.arm;
    const arm = met === undefined ? armOf(assignmentOf(experiment), userId) : arms.find((one) => one.key === met);
    return { arm: arm?.key ?? null, value: arm?.value ?? null, exposed: exposure !== null };
  }

  /** Of experiments that ended before. */
  async forgetEnded(before: Date): Promise<void> {
    await this.db.query(
      'DELETE FROM exposures USING experiments WHERE experiments.id = experiment_id AND ended_at < $1',
      [before],
    );
  }
}

const RECORD = `
  INSERT INTO exposures (experiment_id, user_id, arm, channel, first_at, newcomer, in_two_arms)
  SELECT seen."experimentId", seen."userId", (array_agg(seen.arm ORDER BY seen.at))[1],
    (array_agg(seen.channel ORDER BY seen.at))[1], min(seen.at),
    NOT EXISTS (
      SELECT FROM people WHERE people.user_id = seen."userId" AND first_active_at < min(seen.at) - interval '${SAME_VISIT}'
    ),
    count(DISTINCT seen.arm) > 1
  FROM jsonb_to_recordset($1::jsonb) AS seen ("experimentId" uuid, "userId" uuid, arm text, channel text, at timestamptz)
  JOIN experiments ON experiments.id = seen."experimentId" AND seen.at >= started_at AND seen.at <= coalesce(ended_at, 'infinity')
  WHERE seen."userId" IN (SELECT consenting($2::uuid[]))
  GROUP BY 1, 2 ORDER BY 1, 2
  ON CONFLICT (experiment_id, user_id) DO UPDATE SET
    arm = CASE WHEN excluded.first_at < exposures.first_at THEN excluded.arm ELSE exposures.arm END,
    first_at = least(exposures.first_at, excluded.first_at),
    newcomer = exposures.newcomer AND excluded.newcomer,
    in_two_arms = exposures.in_two_arms OR excluded.in_two_arms OR exposures.arm <> excluded.arm`;
