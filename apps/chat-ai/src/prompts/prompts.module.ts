import { Module } from '@nestjs/common';
import { AssistantsModule } from '../assistants/assistants.module';
import { PromptDraftsService } from './prompt-drafts.service';
import { PromptReleasesService } from './prompt-releases.service';
import { PromptsController } from './prompts.controller';
import { PromptsHandlers } from './prompts.handlers';
import { PromptsService } from './prompts.service';

/** What assistants are told: versions, drafts, and what is in force. */
@Module({
  imports: [AssistantsModule],
  controllers: [PromptsController, PromptsHandlers],
  providers: [PromptDraftsService, PromptReleasesService, PromptsService],
  exports: [PromptDraftsService, PromptsService],
})
export class PromptsModule {}
