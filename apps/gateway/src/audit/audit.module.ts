import { Module } from '@nestjs/common';
import { AuditLog } from './audit-log';
import { AuditNames } from './audit-names';
import { AuditedRequests } from './audited-requests';
import { AuditCopiesService } from './audit-copies.service';
import { AuditRootsService } from './audit-roots.service';
import { AuditVerificationsService } from './audit-verifications.service';
import { AuditController } from './audit.controller';
import { AuditHandlers } from './audit.handlers';
import { AuditJobs } from './audit.jobs';
import { AuditService } from './audit.service';

@Module({
  controllers: [AuditController, AuditHandlers],
  providers: [
    AuditLog,
    AuditNames,
    AuditedRequests,
    AuditService,
    AuditRootsService,
    AuditCopiesService,
    AuditVerificationsService,
    AuditJobs,
  ],
  exports: [AuditLog, AuditNames, AuditedRequests],
})
export class AuditModule {}
