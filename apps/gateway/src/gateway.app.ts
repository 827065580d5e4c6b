import { defineApp } from '@switchboard/service-kit';
import { CreateAccess1764300000000 } from '../migrations/1764300000000-create-access';
import { CreateAudit1796300000000 } from '../migrations/1796300000000-create-audit';
import { CreateWebhooks1796300100000 } from '../migrations/1796300100000-create-webhooks';
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
import { WebhookAttempt, WebhookDelivery } from './webhooks/webhook-delivery.entity';
import { WebhookEndpoint, WebhookHealth, WebhookSecret } from './webhooks/webhook-endpoint.entity';

const webhookEntities = [WebhookEndpoint, WebhookSecret, WebhookHealth, WebhookDelivery, WebhookAttempt];

export const gatewayApp = defineApp({
  name: 'gateway',
  module: GatewayModule,
  config: gatewayConfig,
  entities: [Grant, Role, Session, AuditEntryRow, AuditVerification, ...webhookEntities],
  encrypted: ['webhook_secrets.secret'],
  migrations: [CreateAccess1764300000000, CreateAudit1796300000000, CreateWebhooks1796300100000],
  dataMap: gatewayDataMap,
  tasks: [CountReplicas],
  publicFront: EdgeService,
  port: 4100,
});
