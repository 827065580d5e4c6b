import { Module } from '@nestjs/common';
import { AccountingModule } from '../accounting/accounting.module';
import { AssistantsModule } from '../assistants/assistants.module';
import { KnowledgeModule } from '../knowledge/knowledge.module';
import { ModelsModule } from '../models/models.module';
import { PromptsModule } from '../prompts/prompts.module';
import { TryOutsController } from './try-outs.controller';
import { TryOutsService } from './try-outs.service';

/** Prompts are tried out before people meet them. */
@Module({
  imports: [AccountingModule, AssistantsModule, KnowledgeModule, ModelsModule, PromptsModule],
  controllers: [TryOutsController],
  providers: [TryOutsService],
})
export class TryOutsModule {}
