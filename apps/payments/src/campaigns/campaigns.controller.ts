import { Controller } from '@nestjs/common';
import { CreateCampaign, EndCampaign, ListCampaigns } from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { DataSource, EntityManager } from 'typeorm';
import { CampaignsService } from './campaigns.service';

@Controller()
export class CampaignsController {
  constructor(
    private readonly db: DataSource,
    private readonly campaigns: CampaignsService,
  ) {}

  @Implements(ListCampaigns)
  list(request: RequestOf<typeof ListCampaigns>): Promise<AnswerOf<typeof ListCampaigns>> {
    return this.campaigns.list(request);
  }

  @Implements(CreateCampaign)
  create(request: RequestOf<typeof CreateCampaign>, tx: EntityManager): Promise<AnswerOf<typeof CreateCampaign>> {
    return this.campaigns.create(tx, request);
  }

  @Implements(EndCampaign)
  end(request: RequestOf<typeof EndCampaign>): Promise<AnswerOf<typeof EndCampaign>> {
    return this.db.transaction((tx) => this.campaigns.end(tx, request));
  }
}
