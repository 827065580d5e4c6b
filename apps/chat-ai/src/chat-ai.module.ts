import { Module } from '@nestjs/common';
import { AccountingModule } from './accounting/accounting.module';
import { AssistantsModule } from './assistants/assistants.module';
import { AttachmentsModule } from './attachments/attachments.module';
import { ConversationsModule } from './conversations/conversations.module';
import { DemoModule } from './demo/demo.module';
import { ErasureModule } from './erasure/erasure.module';
import { KnowledgeModule } from './knowledge/knowledge.module';
import { ModelsModule } from './models/models.module';
import { PromptsModule } from './prompts/prompts.module';
import { RetentionModule } from './retention/retention.module';
import { ToolsModule } from './tools/tools.module';
import { TryOutsModule } from './try-outs/try-outs.module';
import { TurnsModule } from './turns/turns.module';
import { UnansweredModule } from './unanswered/unanswered.module';

@Module({
  imports: [
    AccountingModule,
    AssistantsModule,
    AttachmentsModule,
    ConversationsModule,
    DemoModule,
    ErasureModule,
    KnowledgeModule,
    ModelsModule,
    PromptsModule,
    RetentionModule,
    ToolsModule,
    TryOutsModule,
    TurnsModule,
    UnansweredModule,
  ],
})
export class ChatAiModule {}
