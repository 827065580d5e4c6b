import { Consumer, HandlesAll } from '@switchboard/bus';
import type { CloudEvent } from '@switchboard/contracts';
import type { EntityManager } from 'typeorm';
import { EventsService } from './events.service';

/** Nobody waits for statistics, and one statement for many events costs little more than for one. */
@Consumer('events', { batch: 500, gatherMs: 250 })
export class EventsHandlers {
  constructor(private readonly events: EventsService) {}

  @HandlesAll()
  said(events: CloudEvent[], tx: EntityManager): Promise<void> {
    return this.events.receive(tx, events);
  }
}
