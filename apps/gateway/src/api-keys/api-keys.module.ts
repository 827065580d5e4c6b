import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module';
import { ApiKeysController } from './api-keys.controller';
import { ApiKeysJobs } from './api-keys.jobs';
import { ApiKeysService } from './api-keys.service';
import { KeyNames } from './key-names';

@Module({
  imports: [AuditModule],
  controllers: [ApiKeysController],
  providers: [ApiKeysService, ApiKeysJobs, KeyNames],
  exports: [ApiKeysService],
})
export class ApiKeysModule {}
