import { Module } from '@nestjs/common';
import { ModelsModule } from '../models/models.module';
import { AssistantsService } from './assistants.service';
import { ModelsInUseJobs } from './models-in-use.jobs';

@Module({
  imports: [ModelsModule],
  providers: [AssistantsService, ModelsInUseJobs],
  exports: [AssistantsService],
})
export class AssistantsModule {}
