import { Module } from '@nestjs/common';
import { ChurnJobs } from './churn.jobs';
import { ChurnModelsService } from './churn-models.service';

@Module({ providers: [ChurnJobs, ChurnModelsService], exports: [ChurnModelsService] })
export class ChurnModule {}
