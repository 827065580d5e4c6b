import { Consumer, HandlesAll, SelectsEvents } from '@switchboard/bus';
import type { CloudEvent } from '@switchboard/contracts';
import type { EntityManager } from 'typeorm';
import { WantedTypesService } from './wanted-types.service';
import { WebhookDeliveriesService } from './webhook-deliveries.service';
import { webhookTypeOf } from './webhook-types';

@Consumer('webhooks')
export class WebhooksHandlers {
  constructor(
    private readonly wanted: WantedTypesService,
    private readonly deliveries: WebhookDeliveriesService,
  ) {}

  /** Most events are of no interest to anybody outside. */
  @SelectsEvents()
  async select(events: CloudEvent[]): Promise<boolean[]> {
    const types = await this.wanted.types();
    return events.map((event) => types.has(webhookTypeOf(event)?.type ?? ''));
  }

  @HandlesAll()
  record(events: CloudEvent[], tx: EntityManager): Promise<void> {
    return this.deliveries.record(tx, events);
  }
}
