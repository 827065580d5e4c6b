import { Consumer, Handles } from '@switchboard/bus';
import { type EventOf, ReplyRateRequested } from '@switchboard/contracts';
import type { EntityManager } from 'typeorm';
import { AnswerCacheService } from './answer-cache.service';

@Consumer('answer-cache')
export class AnswerCacheHandlers {
  constructor(private readonly cache: AnswerCacheService) {}

  @Handles(ReplyRateRequested)
  rated({ data }: EventOf<typeof ReplyRateRequested>, tx: EntityManager): Promise<void> {
    return this.cache.rated(tx, data.replyId, data.rating);
  }
}
