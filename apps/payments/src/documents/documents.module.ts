import { Module } from '@nestjs/common';
import { StoreOrdersModule } from '../store-orders/store-orders.module';
import { TermsModule } from '../terms/terms.module';
import { DocumentsController } from './documents.controller';
import { DocumentsJobs } from './documents.jobs';
import { DocumentsService } from './documents.service';

@Module({
  imports: [StoreOrdersModule, TermsModule],
  controllers: [DocumentsController],
  providers: [DocumentsService, DocumentsJobs],
})
export class DocumentsModule {}
