import { Module } from '@nestjs/common';
import { AccountingModule } from '../accounting/accounting.module';
import { AssistantsModule } from '../assistants/assistants.module';
import { AttachmentsModule } from '../attachments/attachments.module';
import { KnowledgeModule } from '../knowledge/knowledge.module';
import { ModelsModule } from '../models/models.module';
import { ConversationChanges } from './conversation-changes';
import { ConversationFactsService } from './conversation-facts.service';
import { ConversationsController } from './conversations.controller';
import { ConversationsService } from './conversations.service';
import { HandoversService } from './handovers.service';
import { MessageCipher } from './message-cipher';
import { SummariesJobs } from './summaries.jobs';
import { SummariesService } from './summaries.service';
import { TranscriptsService } from './transcripts.service';

/** What is said: conversations and their messages, summaries, transcripts. */
@Module({
  imports: [AccountingModule, AssistantsModule, AttachmentsModule, KnowledgeModule, ModelsModule],
  controllers: [ConversationsController],
  providers: [
    ConversationChanges,
    ConversationFactsService,
    ConversationsService,
    HandoversService,
    MessageCipher,
    SummariesJobs,
    SummariesService,
    TranscriptsService,
  ],
  exports: [
    ConversationChanges,
    ConversationFactsService,
    ConversationsService,
    HandoversService,
    MessageCipher,
    SummariesJobs,
  ],
})
export class ConversationsModule {}
