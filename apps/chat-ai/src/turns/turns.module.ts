import { Module } from '@nestjs/common';
import { AccountingModule } from '../accounting/accounting.module';
import { AnswerCacheModule } from '../answer-cache/answer-cache.module';
import { AssistantsModule } from '../assistants/assistants.module';
import { AttachmentsModule } from '../attachments/attachments.module';
import { ConversationsModule } from '../conversations/conversations.module';
import { DeskModule } from '../desk/desk.module';
import { GuardsModule } from '../guards/guards.module';
import { KnowledgeModule } from '../knowledge/knowledge.module';
import { LabelsModule } from '../labels/labels.module';
import { ModelsModule } from '../models/models.module';
import { PromptsModule } from '../prompts/prompts.module';
import { ToolsModule } from '../tools/tools.module';
import { UnansweredModule } from '../unanswered/unanswered.module';
import { NoticesService } from './notices.service';
import { OpenTurnsService } from './open-turns.service';
import { TurnFiles } from './turn-files';
import { TurnGuards } from './turn-guards';
import { TurnRecorder } from './turn-recorder';
import { TranscriptionsHandlers, TurnsHandlers } from './turns.handlers';
import { TurnsJobs } from './turns.jobs';
import { TurnsService } from './turns.service';

/** How people are answered. */
@Module({
  imports: [
    AccountingModule,
    AnswerCacheModule,
    AssistantsModule,
    AttachmentsModule,
    ConversationsModule,
    DeskModule,
    GuardsModule,
    KnowledgeModule,
    LabelsModule,
    ModelsModule,
    PromptsModule,
    ToolsModule,
    UnansweredModule,
  ],
  controllers: [TurnsHandlers, TranscriptionsHandlers],
  providers: [NoticesService, OpenTurnsService, TurnFiles, TurnGuards, TurnRecorder, TurnsJobs, TurnsService],
  exports: [OpenTurnsService, TurnsJobs],
})
export class TurnsModule {}
