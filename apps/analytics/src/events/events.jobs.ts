import { Injectable } from '@nestjs/common';
import { defineJob, Scheduled, Slot } from '@switchboard/service-kit';
import { EventPartitions } from './event-partitions';

const MakeEventPartitions = defineJob('make-event-partitions', Slot);

@Injectable()
export class EventsJobs {
  constructor(private readonly partitions: EventPartitions) {}

  @Scheduled('40 * * * *', MakeEventPartitions, {
    purpose: 'Makes the partitions of the event store for this month and the two after it.',
    timeoutMs: 60_000,
  })
  makePartitions(): Promise<void> {
    return this.partitions.makeAhead();
  }
}
