import { Module } from '@nestjs/common';
import { AssistantsModule } from '../assistants/assistants.module';
import { BudgetsModule } from '../budgets/budgets.module';
import { ConversationsModule } from '../conversations/conversations.module';
import { KnowledgeModule } from '../knowledge/knowledge.module';
import { ModelsModule } from '../models/models.module';
import { PromptsModule } from '../prompts/prompts.module';
import { UsageModule } from '../usage/usage.module';
import { ModelTurns } from './model-turn';
import { OpenTurns } from './open-turn';
import { TurnLedger } from './turn-ledger';
import { TurnsService } from './turns.service';

@Module({
  imports: [
    AssistantsModule,
    BudgetsModule,
    ConversationsModule,
    KnowledgeModule,
    ModelsModule,
    PromptsModule,
    UsageModule,
  ],
  providers: [ModelTurns, OpenTurns, TurnLedger, TurnsService],
})
export class TurnsModule {}
