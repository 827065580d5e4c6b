import { defineEvent } from '@switchboard/contracts';
import { z } from 'zod';

/** The events of one run; on a shared broker the run's name keeps them from the queues of others. */
export function eventsOf(run: string) {
  return {
    /** An `unsteady` one fails a few times before it succeeds. */
    OrderPlaced: defineEvent(
      `${run}.order.placed.v1`,
      z.object({ key: z.string(), n: z.int(), unsteady: z.boolean() }),
      { subject: 'key', summary: 'An order, which every group can apply.' },
    ),
    /** A `lethal` one kills the process that tries. */
    OrderDisputed: defineEvent(
      `${run}.order.disputed.v1`,
      z.object({ key: z.string(), n: z.int(), lethal: z.boolean() }),
      { subject: 'key', summary: 'Poison: no group can apply it before its dispute is settled.' },
    ),
  };
}

export type DrillEvents = ReturnType<typeof eventsOf>;
