import { Module } from '@nestjs/common';
import { DevicesModule } from '../devices/devices.module';
import { OwnAccessesModule } from '../own-accesses/own-accesses.module';
import { LinkCache } from './link-cache.service';
import { LinkFront } from './link-front.service';
import { LinkSession } from './link-session.service';
import { LinkSnapshots } from './link-snapshots.service';
import { LinkTokens } from './link-tokens';
import { LinksController } from './links.controller';
import { LinksJobs } from './links.jobs';
import { LinksService } from './links.service';
import { SharedLimits } from './shared-limits.service';

@Module({
  imports: [OwnAccessesModule, DevicesModule],
  controllers: [LinksController],
  providers: [LinkTokens, LinksService, LinkSession, LinkSnapshots, LinkCache, SharedLimits, LinkFront, LinksJobs],
  exports: [LinksService],
})
export class LinksModule {}
