import { Module } from '@nestjs/common';
import { AccountingModule } from '../accounting/accounting.module';
import { AssistantsModule } from '../assistants/assistants.module';
import { ModelsModule } from '../models/models.module';
import { KnowledgeController } from './knowledge.controller';
import { KnowledgeJobs } from './knowledge.jobs';
import { KnowledgeLoader } from './knowledge.loader';
import { KnowledgeService } from './knowledge.service';
import { KnowledgeWriter } from './knowledge.writer';
import { PassageIndex } from './passage-index';
import { PassageVectors } from './passage-vectors';

@Module({
  imports: [AccountingModule, AssistantsModule, ModelsModule],
  controllers: [KnowledgeController],
  providers: [KnowledgeJobs, KnowledgeLoader, KnowledgeService, KnowledgeWriter, PassageIndex, PassageVectors],
  exports: [KnowledgeService],
})
export class KnowledgeModule {}
