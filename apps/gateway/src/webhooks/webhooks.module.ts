import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module';
import { WantedTypesService } from './wanted-types.service';
import { WebhookDeliveriesService } from './webhook-deliveries.service';
import { WebhookEndpointsService } from './webhook-endpoints.service';
import { WebhookOutcomesService } from './webhook-outcomes.service';
import { WebhookQueueService } from './webhook-queue.service';
import { WebhookSecretsService } from './webhook-secrets.service';
import { WebhookSender } from './webhook-sender';
import { WebhooksHealthService } from './webhooks-health.service';
import { WebhooksController } from './webhooks.controller';
import { WebhooksHandlers } from './webhooks.handlers';
import { WebhooksJobs } from './webhooks.jobs';
import { WebhooksMetrics } from './webhooks.metrics';

@Module({
  imports: [AuditModule],
  controllers: [WebhooksController, WebhooksHandlers],
  providers: [
    ...[WebhookEndpointsService, WebhookSecretsService, WebhookDeliveriesService, WebhookQueueService],
    WantedTypesService,
    ...[WebhookSender, WebhookOutcomesService, WebhooksHealthService, WebhooksJobs, WebhooksMetrics],
  ],
})
export class WebhooksModule {}
