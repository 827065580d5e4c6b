import { Module } from '@nestjs/common';
import { AssistantsModule } from './assistants/assistants.module';
import { BudgetsModule } from './budgets/budgets.module';
import { ConversationsModule } from './conversations/conversations.module';
import { KnowledgeModule } from './knowledge/knowledge.module';
import { ModelsModule } from './models/models.module';
import { PromptsModule } from './prompts/prompts.module';
import { RetentionModule } from './retention/retention.module';
import { SummariesModule } from './summaries/summaries.module';
import { TurnsModule } from './turns/turns.module';
import { UsageModule } from './usage/usage.module';

@Module({
  imports: [
    AssistantsModule,
    BudgetsModule,
    ConversationsModule,
    KnowledgeModule,
    ModelsModule,
    PromptsModule,
    RetentionModule,
    SummariesModule,
    TurnsModule,
    UsageModule,
  ],
})
export class ChatAiModule {}
