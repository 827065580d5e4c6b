import { Module } from '@nestjs/common';
import { AssistantsModule } from '../assistants/assistants.module';
import { LabelsService } from './labels.service';
import { ScenariosController } from './scenarios.controller';
import { ScenariosService } from './scenarios.service';

/** How messages sound and what they are about. */
@Module({
  imports: [AssistantsModule],
  controllers: [ScenariosController],
  providers: [LabelsService, ScenariosService],
  exports: [LabelsService],
})
export class LabelsModule {}
