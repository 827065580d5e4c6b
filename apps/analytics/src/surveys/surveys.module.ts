import { Module } from '@nestjs/common';
import { SurveysHandlers } from './surveys.handlers';
import { SurveysJobs } from './surveys.jobs';
import { SurveysService } from './surveys.service';

@Module({ controllers: [SurveysHandlers], providers: [SurveysJobs, SurveysService], exports: [SurveysService] })
export class SurveysModule {}
