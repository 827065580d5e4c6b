import { Module } from '@nestjs/common';
import { AccountingModule } from './accounting/accounting.module';
import { AnswerCacheModule } from './answer-cache/answer-cache.module';
import { AssistantsModule } from './assistants/assistants.module';
import { AttachmentsModule } from './attachments/attachments.module';
import { ConversationsModule } from './conversations/conversations.module';
import { DemoModule } from './demo/demo.module';
import { DeskModule } from './desk/desk.module';
import { ErasureModule } from './erasure/erasure.module';
import { KnowledgeModule } from './knowledge/knowledge.module';
import { LabelsModule } from './labels/labels.module';
import { ModelsModule } from './models/models.module';
import { PromptsModule } from './prompts/prompts.module';
import { RetentionModule } from './retention/retention.module';
import { SuggestionsModule } from './suggestions/suggestions.module';
import { ToolsModule } from './tools/tools.module';
import { TryOutsModule } from './try-outs/try-outs.module';
import { TurnsModule } from './turns/turns.module';
import { UnansweredModule } from './unanswered/unanswered.module';

@Module({
  imports: [
    AccountingModule,
    AnswerCacheModule,
    AssistantsModule,
    AttachmentsModule,
    ConversationsModule,
    DemoModule,
    DeskModule,
    ErasureModule,
    KnowledgeModule,
    LabelsModule,
    ModelsModule,
    PromptsModule,
    RetentionModule,
    SuggestionsModule,
    ToolsModule,
    TryOutsModule,
    TurnsModule,
    UnansweredModule,
  ],
})
export class ChatAiModule {}
