import { Module } from '@nestjs/common';
import { ConsentsModule } from '../consents/consents.module';
import { RetentionModule } from '../retention/retention.module';
import { OwnStatisticsController } from './own-statistics.controller';
import { OwnStatisticsService } from './own-statistics.service';

@Module({
  imports: [ConsentsModule, RetentionModule],
  controllers: [OwnStatisticsController],
  providers: [OwnStatisticsService],
})
export class OwnStatisticsModule {}
