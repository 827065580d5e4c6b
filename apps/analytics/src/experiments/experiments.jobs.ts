import { Inject, Injectable } from '@nestjs/common';
import { Clock, CONFIG, defineJob, type JobRun, type PayloadOf, Scheduled, Slot } from '@switchboard/service-kit';
import { DateTime } from 'luxon';
import type { AnalyticsConfig } from '../analytics.config';
import { ExperimentAnalysisService } from './experiment-analysis.service';
import { ExposuresService } from './exposures.service';

const AnalyseExperiments = defineJob('analyse-experiments', Slot);
const ReweighBandits = defineJob('reweigh-bandits', Slot);
const ForgetOldExposures = defineJob('forget-old-exposures', Slot);

@Injectable()
export class ExperimentsJobs {
  constructor(
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: AnalyticsConfig,
    private readonly analysis: ExperimentAnalysisService,
    private readonly exposures: ExposuresService,
  ) {}

  @Scheduled('*/10 * * * *', AnalyseExperiments, {
    purpose: 'Computes what running experiments show, and takes back those that surely harm.',
    timeoutMs: 9 * 60_000,
  })
  analyse(_slot: PayloadOf<typeof AnalyseExperiments>, { signal }: JobRun): Promise<void> {
    return this.ofEach((id) => this.analysis.analyse(id), signal);
  }

  @Scheduled('47 3 * * *', ReweighBandits, {
    purpose: 'Gives more people what has worked better in the last week, in experiments that follow it.',
    timeoutMs: 10 * 60_000,
  })
  reweigh(_slot: PayloadOf<typeof ReweighBandits>, { signal }: JobRun): Promise<void> {
    return this.ofEach((id) => this.analysis.reweighBandit(id), signal);
  }

  @Scheduled('27 4 * * *', ForgetOldExposures, {
    purpose: 'Deletes who took part in experiments that ended ANALYTICS_KEEP_EVENTS_MONTHS ago; their results stay.',
    timeoutMs: 10 * 60_000,
  })
  async forgetOld(): Promise<void> {
    const before = DateTime.fromJSDate(this.clock.now()).minus({ months: this.config.ANALYTICS_KEEP_EVENTS_MONTHS });
    await this.exposures.forgetEnded(before.toJSDate());
  }

  /** One that cannot be computed does not keep the guardrails of the others from being looked at. */
  private async ofEach(work: (experimentId: string) => Promise<void>, signal: AbortSignal): Promise<void> {
    const failures: unknown[] = [];
    for (const id of await this.analysis.runningIds()) {
      if (signal.aborted) break;
      await work(id).catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw new AggregateError(failures, 'experiments could not be computed');
  }
}
