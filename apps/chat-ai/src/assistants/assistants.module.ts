import { Module } from '@nestjs/common';
import { ModelsModule } from '../models/models.module';
import { AssistantsService } from './assistants.service';
import { ModelListingsJobs } from './model-listings.jobs';

@Module({
  imports: [ModelsModule],
  providers: [AssistantsService, ModelListingsJobs],
  exports: [AssistantsService],
})
export class AssistantsModule {}
