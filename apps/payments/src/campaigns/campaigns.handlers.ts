import { Consumer, Handles } from '@switchboard/bus';
import { type EventOf, LinkFollowed } from '@switchboard/contracts';
import { EntityManager } from 'typeorm';
import { CampaignsService } from './campaigns.service';

@Consumer('campaigns')
export class CampaignsHandlers {
  constructor(private readonly campaigns: CampaignsService) {}

  @Handles(LinkFollowed, { decrypt: true })
  followed({ data }: EventOf<typeof LinkFollowed>, tx: EntityManager): Promise<void> {
    return this.campaigns.came(tx, data.botId, data.userId, data.deepLink, new Date(data.followedAt));
  }
}
