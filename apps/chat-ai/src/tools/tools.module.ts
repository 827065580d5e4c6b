import { Module } from '@nestjs/common';
import { AssistantsModule } from '../assistants/assistants.module';
import { DeskModule } from '../desk/desk.module';
import { ConfirmationsHandlers } from './confirmations.handlers';
import { ConfirmationsJobs } from './confirmations.jobs';
import { ConfirmationsService } from './confirmations.service';
import { ToolsService } from './tools.service';

/** What models can call, and what people have agreed to. */
@Module({
  imports: [AssistantsModule, DeskModule],
  controllers: [ConfirmationsHandlers],
  providers: [ConfirmationsJobs, ConfirmationsService, ToolsService],
  exports: [ConfirmationsService, ToolsService],
})
export class ToolsModule {}
