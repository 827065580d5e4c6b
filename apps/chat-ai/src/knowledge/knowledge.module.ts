import { Module } from '@nestjs/common';
import { AccountingModule } from '../accounting/accounting.module';
import { AssistantsModule } from '../assistants/assistants.module';
import { ModelsModule } from '../models/models.module';
import { DocumentWriter } from './document-writer';
import { FaqController } from './faq.controller';
import { FaqService } from './faq.service';
import { KnowledgeDocumentsService } from './knowledge-documents.service';
import { KnowledgeEntriesJobs } from './knowledge-entries.jobs';
import { KnowledgeEntriesService } from './knowledge-entries.service';
import { KnowledgeFilesController } from './knowledge-files.controller';
import { KnowledgeFilesService } from './knowledge-files.service';
import { KnowledgePagesController } from './knowledge-pages.controller';
import { KnowledgePagesService } from './knowledge-pages.service';
import { KnowledgeReadingService } from './knowledge-reading.service';
import { KnowledgeController } from './knowledge.controller';
import { KnowledgeJobs } from './knowledge.jobs';
import { KnowledgeLoader } from './knowledge.loader';
import { KnowledgeService } from './knowledge.service';
import { KnowledgeWriter } from './knowledge.writer';
import { PageFetcher } from './page-fetcher';
import { PassageIndex } from './passage-index';
import { PassageVectors } from './passage-vectors';

/** What the company has written down: in the bot's folder, and what staff add to it. */
@Module({
  imports: [AccountingModule, AssistantsModule, ModelsModule],
  controllers: [KnowledgeController, KnowledgeFilesController, KnowledgePagesController, FaqController],
  providers: [
    DocumentWriter,
    FaqService,
    KnowledgeDocumentsService,
    KnowledgeEntriesJobs,
    KnowledgeEntriesService,
    KnowledgeFilesService,
    KnowledgeJobs,
    KnowledgeLoader,
    KnowledgePagesService,
    KnowledgeReadingService,
    KnowledgeService,
    KnowledgeWriter,
    PageFetcher,
    PassageIndex,
    PassageVectors,
  ],
  exports: [FaqService, KnowledgeService, PassageIndex],
})
export class KnowledgeModule {}
