import { Module } from '@nestjs/common';
import { AnswerCacheHandlers } from './answer-cache.handlers';
import { AnswerCacheJobs } from './answer-cache.jobs';
import { AnswerCacheService } from './answer-cache.service';

/** Answers to frequent questions, which need no model. */
@Module({
  controllers: [AnswerCacheHandlers],
  providers: [AnswerCacheJobs, AnswerCacheService],
  exports: [AnswerCacheService],
})
export class AnswerCacheModule {}
