import { defineApp } from '@switchboard/service-kit';
import { CreateAccess1764300000000 } from '../migrations/1764300000000-create-access';
import { CreateAudit1796300000000 } from '../migrations/1796300000000-create-audit';
import { Grant } from './access/grant.entity';
import { Role } from './access/role.entity';
import { AuditEntryRow } from './audit/audit-entry.entity';
import { AuditVerification } from './audit/audit-verification.entity';
import { EdgeService } from './edge/edge.service';
import { gatewayConfig } from './gateway.config';
import { gatewayDataMap } from './gateway.data-map';
import { GatewayModule } from './gateway.module';
import { CountReplicas } from './limits/limits.service';
import { Session } from './sessions/session.entity';

export const gatewayApp = defineApp({
  name: 'gateway',
  module: GatewayModule,
  config: gatewayConfig,
  entities: [Grant, Role, Session, AuditEntryRow, AuditVerification],
  migrations: [CreateAccess1764300000000, CreateAudit1796300000000],
  dataMap: gatewayDataMap,
  tasks: [CountReplicas],
  publicFront: EdgeService,
  port: 4100,
});
