import { Consumer, HandlesAll } from '@switchboard/bus';
import type { CloudEvent } from '@switchboard/contracts';
import type { EntityManager } from 'typeorm';
import { WebhookDeliveriesService } from './webhook-deliveries.service';

@Consumer('webhooks')
export class WebhooksHandlers {
  constructor(private readonly deliveries: WebhookDeliveriesService) {}

  @HandlesAll()
  record(events: CloudEvent[], tx: EntityManager): Promise<void> {
    return this.deliveries.record(tx, events);
  }
}
