import { Module } from '@nestjs/common';
import { AssistantsModule } from '../assistants/assistants.module';
import { KnowledgeController } from './knowledge.controller';
import { KnowledgeLoader } from './knowledge-loader';
import { KnowledgeService } from './knowledge.service';

@Module({
  imports: [AssistantsModule],
  controllers: [KnowledgeController],
  providers: [KnowledgeLoader, KnowledgeService],
  exports: [KnowledgeService],
})
export class KnowledgeModule {}
