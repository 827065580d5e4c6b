import { Module } from '@nestjs/common';
import { AccountingModule } from '../accounting/accounting.module';
import { ConversationsModule } from '../conversations/conversations.module';
import { TurnsModule } from '../turns/turns.module';
import { ErasureHandlers } from './erasure.handlers';
import { ErasureJobs } from './erasure.jobs';

@Module({
  imports: [AccountingModule, ConversationsModule, TurnsModule],
  controllers: [ErasureHandlers],
  providers: [ErasureJobs],
})
export class ErasureModule {}
