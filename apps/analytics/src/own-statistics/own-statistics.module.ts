import { Module } from '@nestjs/common';
import { OwnStatisticsController } from './own-statistics.controller';
import { OwnStatisticsService } from './own-statistics.service';

@Module({ controllers: [OwnStatisticsController], providers: [OwnStatisticsService] })
export class OwnStatisticsModule {}
