import { Module } from '@nestjs/common';
import { AssistantsModule } from '../assistants/assistants.module';
import { BudgetsModule } from '../budgets/budgets.module';
import { ConversationsModule } from '../conversations/conversations.module';
import { ModelsModule } from '../models/models.module';
import { UsageModule } from '../usage/usage.module';
import { SummariesService } from './summaries.service';

@Module({
  imports: [AssistantsModule, BudgetsModule, ConversationsModule, ModelsModule, UsageModule],
  providers: [SummariesService],
})
export class SummariesModule {}
