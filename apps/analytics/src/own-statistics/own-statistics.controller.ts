import { Controller } from '@nestjs/common';
import { ReadMyStatistics } from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { OwnStatisticsService } from './own-statistics.service';

@Controller()
export class OwnStatisticsController {
  constructor(private readonly statistics: OwnStatisticsService) {}

  @Implements(ReadMyStatistics)
  month({ query, actor }: RequestOf<typeof ReadMyStatistics>): Promise<AnswerOf<typeof ReadMyStatistics>> {
    return this.statistics.month(query, actor);
  }
}
