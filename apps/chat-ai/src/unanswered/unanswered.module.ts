import { Module } from '@nestjs/common';
import { ConversationsModule } from '../conversations/conversations.module';
import { KnowledgeModule } from '../knowledge/knowledge.module';
import { UnansweredController } from './unanswered.controller';
import { UnansweredJobs } from './unanswered.jobs';
import { UnansweredService } from './unanswered.service';

/** Questions that have found no answer. */
@Module({
  imports: [ConversationsModule, KnowledgeModule],
  controllers: [UnansweredController],
  providers: [UnansweredJobs, UnansweredService],
  exports: [UnansweredJobs, UnansweredService],
})
export class UnansweredModule {}
