import { Module } from '@nestjs/common';
import { AccessModule } from '../access/access.module';
import { AuditModule } from '../audit/audit.module';
import { StaffModule } from '../staff/staff.module';
import { ApprovalsController } from './approvals.controller';
import { ApprovalsJobs } from './approvals.jobs';
import { ApprovalsService } from './approvals.service';

@Module({
  imports: [AccessModule, AuditModule, StaffModule],
  controllers: [ApprovalsController],
  providers: [ApprovalsService, ApprovalsJobs],
})
export class ApprovalsModule {}
