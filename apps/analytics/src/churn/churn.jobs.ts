import { Injectable } from '@nestjs/common';
import { defineJob, Scheduled, Slot } from '@switchboard/service-kit';
import { ChurnModelsService } from './churn-models.service';

const LearnChurn = defineJob('learn-churn', Slot);

@Injectable()
export class ChurnJobs {
  constructor(private readonly models: ChurnModelsService) {}

  @Scheduled('17 3 * * 1', LearnChurn, {
    purpose: 'Learns from past weeks who leaves, and forecasts how many will.',
    timeoutMs: 20 * 60_000,
  })
  async learn(): Promise<void> {
    await this.models.train();
  }
}
