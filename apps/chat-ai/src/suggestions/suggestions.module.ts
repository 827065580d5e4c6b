import { Module } from '@nestjs/common';
import { AccountingModule } from '../accounting/accounting.module';
import { AssistantsModule } from '../assistants/assistants.module';
import { DeskModule } from '../desk/desk.module';
import { KnowledgeModule } from '../knowledge/knowledge.module';
import { ModelsModule } from '../models/models.module';
import { PromptsModule } from '../prompts/prompts.module';
import { TurnsModule } from '../turns/turns.module';
import { SuggestionsController } from './suggestions.controller';
import { SuggestionsService } from './suggestions.service';

/** Answers that the assistant drafts for staff. */
@Module({
  imports: [AccountingModule, AssistantsModule, DeskModule, KnowledgeModule, ModelsModule, PromptsModule, TurnsModule],
  controllers: [SuggestionsController],
  providers: [SuggestionsService],
})
export class SuggestionsModule {}
