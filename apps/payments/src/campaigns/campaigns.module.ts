import { Module } from '@nestjs/common';
import { CampaignsController } from './campaigns.controller';
import { CampaignsHandlers } from './campaigns.handlers';
import { CampaignsService } from './campaigns.service';

@Module({
  controllers: [CampaignsController, CampaignsHandlers],
  providers: [CampaignsService],
  exports: [CampaignsService],
})
export class CampaignsModule {}
