import { Module } from '@nestjs/common';
import { AccountingModule } from '../accounting/accounting.module';
import { ConversationsModule } from '../conversations/conversations.module';
import { ErasureHandlers } from './erasure.handlers';
import { ErasureJobs } from './erasure.jobs';

@Module({ imports: [AccountingModule, ConversationsModule], controllers: [ErasureHandlers], providers: [ErasureJobs] })
export class ErasureModule {}
