import { Module } from '@nestjs/common';
import { EventsModule } from '../events/events.module';
import { SurveysJobs } from './surveys.jobs';
import { SurveysService } from './surveys.service';

@Module({ imports: [EventsModule], providers: [SurveysJobs, SurveysService], exports: [SurveysService] })
export class SurveysModule {}
