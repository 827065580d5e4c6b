import { Module } from '@nestjs/common';
import { ChurnModule } from '../churn/churn.module';
import { ConsentsModule } from '../consents/consents.module';
import { MetricsModule } from '../metrics/metrics.module';
import { RetentionModule } from '../retention/retention.module';
import { SurveysModule } from '../surveys/surveys.module';
import { BoardsController } from './boards.controller';
import { MoneyBoardsService } from './money-boards.service';
import { PeopleBoardsService } from './people-boards.service';
import { PersonBoardService } from './person-board.service';
import { ReportsService } from './reports.service';
import { UsageBoardsService } from './usage-boards.service';

const services = [MoneyBoardsService, PeopleBoardsService, PersonBoardService, ReportsService, UsageBoardsService];

@Module({
  imports: [ChurnModule, ConsentsModule, MetricsModule, RetentionModule, SurveysModule],
  controllers: [BoardsController],
  providers: services,
  exports: services,
})
export class BoardsModule {}
