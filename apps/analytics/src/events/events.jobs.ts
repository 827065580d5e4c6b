import { Inject, Injectable } from '@nestjs/common';
import { DeadLetters } from '@switchboard/bus';
import { defineJob, Scheduled, Slot } from '@switchboard/service-kit';
import { EventPartitions } from './event-partitions';

const MakeEventPartitions = defineJob('make-event-partitions', Slot);
const QuarantineMisdatedEvents = defineJob('quarantine-misdated-events', Slot);

/** The group of EventsHandlers. */
const CONSUMER = 'events';
const PER_SECOND = 500;

@Injectable()
export class EventsJobs {
  constructor(
    private readonly partitions: EventPartitions,
    @Inject(DeadLetters) private readonly deadLetters: DeadLetters,
  ) {}

  @Scheduled('40 * * * *', MakeEventPartitions, {
    purpose: 'Makes the partitions of the event store for this month and the two after it.',
    timeoutMs: 60_000,
  })
  makePartitions(): Promise<void> {
    return this.partitions.makeAhead();
  }

  /**
   * The bus does not deliver what is older than it remembers ids for: it could come twice. The store knows its events by itself, and a
   * dead letter holds the whole event, also of who has not consented.
   */
  @Scheduled('*/10 * * * *', QuarantineMisdatedEvents, {
    purpose: 'Takes events whose ids are too old or from the future out of the dead letters, into the quarantine.',
    timeoutMs: 60_000,
  })
  async quarantineMisdated(): Promise<void> {
    for (const reason of ['too_old', 'from_the_future'])
      await this.deadLetters.replay({ consumer: CONSUMER, reason }, { perSecond: PER_SECOND });
  }
}
