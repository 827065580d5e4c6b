import { Module } from '@nestjs/common';
import { RetentionModule } from '../retention/retention.module';
import { OwnStatisticsController } from './own-statistics.controller';
import { OwnStatisticsService } from './own-statistics.service';

@Module({ imports: [RetentionModule], controllers: [OwnStatisticsController], providers: [OwnStatisticsService] })
export class OwnStatisticsModule {}
