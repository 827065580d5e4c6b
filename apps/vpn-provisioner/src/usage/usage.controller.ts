import { Controller } from '@nestjs/common';
import { ListMyUsage, ListUsageAnomalies } from '@switchboard/contracts';
import { type AnswerOf, asActor, Implements, type RequestOf } from '@switchboard/service-kit';
import { DataSource } from 'typeorm';
import { ownAccess } from '../devices/own-access';
import { UsageAnomalies } from './usage-anomalies.service';
import { UsageService } from './usage.service';

@Controller()
export class UsageController {
  constructor(
    private readonly db: DataSource,
    private readonly usage: UsageService,
    private readonly anomalies: UsageAnomalies,
  ) {}

  @Implements(ListMyUsage)
  listMine({ actor, params, query }: RequestOf<typeof ListMyUsage>): Promise<AnswerOf<typeof ListMyUsage>> {
    return asActor(this.db, actor, async (tx) => {
      const { id } = await ownAccess(tx, actor.id, params.accessId);
      return { days: await this.usage.days(tx, id, query) };
    });
  }

  @Implements(ListUsageAnomalies)
  list(request: RequestOf<typeof ListUsageAnomalies>): Promise<AnswerOf<typeof ListUsageAnomalies>> {
    return this.anomalies.list(request);
  }
}
