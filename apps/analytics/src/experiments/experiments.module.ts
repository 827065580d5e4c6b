import { Module } from '@nestjs/common';
import { EventsModule } from '../events/events.module';
import { ExperimentAnalysisService } from './experiment-analysis.service';
import { ExperimentDataService } from './experiment-data.service';
import { ExperimentsController } from './experiments.controller';
import { ExperimentsHandlers } from './experiments.handlers';
import { ExperimentsJobs } from './experiments.jobs';
import { ExperimentsService } from './experiments.service';
import { ExposuresService } from './exposures.service';

@Module({
  imports: [EventsModule],
  controllers: [ExperimentsController, ExperimentsHandlers],
  providers: [ExperimentAnalysisService, ExperimentDataService, ExperimentsJobs, ExperimentsService, ExposuresService],
  exports: [ExperimentsService, ExposuresService],
})
export class ExperimentsModule {}
