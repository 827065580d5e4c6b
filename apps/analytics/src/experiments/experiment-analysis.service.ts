import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import { NoticeSendRequested } from '@switchboard/contracts';
import { Clock } from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { chancesToBeBest, weightsOf } from '../stats/bandit';
import { Experiment } from './experiment.entity';
import { ExperimentDataService } from './experiment-data.service';
import { resultsOf } from './experiment-results';
import type { ExperimentResults } from './metric-comparison';
import { ExperimentsService } from './experiments.service';

const BANDIT_MEMORY_MS = 7 * 86_400_000;
/** Of the people, so many go on meeting the arm that works worst. */
const BANDIT_FLOOR = 0.01;

/** Computes what experiments show, takes back what surely harms, and tells staff when there is something to decide. */
@Injectable()
export class ExperimentAnalysisService {
  constructor(
    private readonly db: DataSource,
    private readonly experiments: ExperimentsService,
    private readonly data: ExperimentDataService,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  async runningIds(): Promise<string[]> {
    const rows = await this.db.manager.find(Experiment, {
      where: { state: 'running' },
      order: { id: 'ASC' },
      select: { id: true },
    });
    return rows.map(({ id }) => id);
  }

  /** Computed without a lock, because it takes long; what comes of it only counts if the experiment still runs then. */
  async analyse(experimentId: string): Promise<void> {
    const now = this.clock.now();
    const { manager } = this.db;
    const experiment = await this.experiments.find(manager, experimentId);
    const results = resultsOf(analysed(experiment), await this.data.read(manager, experiment, now), now);
    await this.db.transaction(async (tx) => {
      const running = await this.experiments.lockRunning(tx, experimentId);
      if (!running) return;
      await tx.query(
        `INSERT INTO experiment_results (experiment_id, computed_at, results) VALUES ($1, $2, $3)
         ON CONFLICT (experiment_id) DO UPDATE SET computed_at = excluded.computed_at, results = excluded.results`,
        [experimentId, now, JSON.stringify(results)],
      );
      await this.act(tx, running, results.advice);
    });
  }

  /**
   * Gives more people what has worked better for those who came in the last week: what was true before that may be no longer. Of an
   * arm that few have met little is known, so it is tried more: there is no least number of people below which nothing would move.
   */
  async reweighBandit(experimentId: string): Promise<void> {
    const now = this.clock.now();
    const experiment = await this.experiments.find(this.db.manager, experimentId);
    if (experiment.plan.kind !== 'bandit') return;
    const since = new Date(Math.max(experiment.startedAt!.getTime(), now.getTime() - BANDIT_MEMORY_MS));
    const trials = await this.data.trials(this.db.manager, experiment, since, now);
    if (trials.every(({ n }) => n === 0)) return;
    const weights = weightsOf(chancesToBeBest(trials), BANDIT_FLOOR);
    await this.db.transaction((tx) => this.experiments.reweigh(tx, experimentId, weights));
  }

  /** As of the last analysis; before the first one without numbers. */
  async results(experiment: Experiment): Promise<ExperimentResults> {
    const [kept] = await this.db.query<{ computedAt: Date; results: Omit<ExperimentResults, 'computedAt'> }[]>(
      `SELECT computed_at AS "computedAt", results FROM experiment_results WHERE experiment_id = $1`,
      [experiment.id],
    );
    if (kept) return { ...kept.results, computedAt: kept.computedAt };
    const nothing = { persons: new Map(), inTwoArms: 0, byDay: [], byChannel: [], metrics: new Map(), segments: [] };
    return { ...resultsOf(analysed(experiment), nothing, this.clock.now()), computedAt: null };
  }

  private async act(tx: EntityManager, experiment: Experiment, advice: ExperimentResults['advice']): Promise<void> {
    const { decision, arm, text } = advice;
    const takesBack = decision === 'harmful' && experiment.plan.automaticRollback;
    if (takesBack) {
      await this.experiments.end(tx, experiment, { decision: 'harmful', arm: arm!, why: text.en });
    }
    if (decision === 'keep_running' || experiment.toldAdvice === decision) return;
    await tx.update(Experiment, { id: experiment.id }, { toldAdvice: decision });
    const { key } = experiment;
    await this.outbox.add(
      tx,
      NoticeSendRequested({
        noticeId: uuidv7(),
        audience: 'staff',
        texts: {
          en: `**Experiment ${key}${takesBack ? ' was taken back' : ''}**\n\n${text.en}`,
          ru: `**Эксперимент ${key}${takesBack ? ' отменён' : ''}**\n\n${text.ru}`,
        },
      }),
    );
  }
}

/** Of a draft the end is not known; nothing is computed of it. */
const analysed = ({ id, plan, plannedEnd, createdAt }: Experiment) => ({
  id,
  plan,
  plannedEnd: plannedEnd ?? createdAt,
});
