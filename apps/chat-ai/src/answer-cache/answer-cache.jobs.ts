import { Injectable } from '@nestjs/common';
import { defineJob, Scheduled, Slot } from '@switchboard/service-kit';
import { AnswerCacheService } from './answer-cache.service';

const ForgetCachedAnswers = defineJob('forget-cached-answers', Slot);

@Injectable()
export class AnswerCacheJobs {
  constructor(private readonly cache: AnswerCacheService) {}

  @Scheduled('53 2 * * *', ForgetCachedAnswers, {
    purpose: 'Deletes answers to frequent questions seven days after they were given by a model last.',
    timeoutMs: 10 * 60_000,
  })
  forget(): Promise<void> {
    return this.cache.forgetOld();
  }
}
