import { Module } from '@nestjs/common';
import { AccessModule } from '../access/access.module';
import { AuditModule } from '../audit/audit.module';
import { LimitsModule } from '../limits/limits.module';
import { PagesModule } from '../pages/pages.module';
import { SessionsModule } from '../sessions/sessions.module';
import { AuditTrail } from './audit-trail';
import { ClientAddress } from './client-address';
import { CrossOriginPolicy } from './cross-origin-policy';
import { EdgeService } from './edge.service';
import { OpenStreams } from './open-streams';
import { RequestLog } from './request-log';
import { Upstreams } from './upstreams';

@Module({
  imports: [AccessModule, AuditModule, LimitsModule, PagesModule, SessionsModule],
  providers: [AuditTrail, ClientAddress, CrossOriginPolicy, EdgeService, OpenStreams, RequestLog, Upstreams],
})
export class EdgeModule {}
