import { Injectable } from '@nestjs/common';
import { defineJob, Scheduled, Slot } from '@switchboard/service-kit';
import { SurveysService } from './surveys.service';

const AskPeople = defineJob('ask-people', Slot);

@Injectable()
export class SurveysJobs {
  constructor(private readonly surveys: SurveysService) {}

  @Scheduled('23 * * * *', AskPeople, {
    purpose: 'Has people asked how likely they are to recommend the bot, each once in 90 days at most.',
    timeoutMs: 10 * 60_000,
    missed: 'skip',
  })
  ask(): Promise<void> {
    return this.surveys.ask();
  }
}
