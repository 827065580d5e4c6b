import type { EntityManager } from 'typeorm';
import { validate as isUuid, v5 as uuidv5 } from 'uuid';
import { NotHeardHere, PermanentError, RetryLater, UnreadableEvent } from './errors';
import { LONGEST_NAME } from './read-event';
import type { BusMessage } from './transport';

/** Waiting times between tries, in seconds; after the last one the event is dead. */
export const RETRY_AFTER_SECONDS = [1, 5, 30, 300] as const;
/** An event that is "not yet" for longer than this is dead, however often it asks for more time. */
export const GIVE_UP_AFTER_HOURS = 24;
/**
 * How long two versions of a service may run beside each other. For so long an event that one of them does not hear waits
 * for the other, and for so long the queues keep what no running process hears any more.
 */
export const RELEASE_OVERLAP_MINUTES = 10;
/** However soon an event asks to be tried again: less would keep one processor busy with it. */
const SHORTEST_WAIT_SECONDS = 0.05;
const LONGEST_ERROR = 4000;

/** Why an event is dead, as a short label to group by. */
export type DeadReason =
  'permanent' | 'exhausted' | 'invalid' | 'too_old' | 'from_the_future' | 'crash_loop' | 'not_heard';

export type Disposition = { dueInSeconds: number } | { dead: DeadReason };

/** What becomes of an event whose handling failed: tried again at a time, or dead. */
export function dispositionOf(
  error: unknown,
  { attempts, expired, waits }: { attempts: number; expired: boolean; waits: readonly number[] },
): Disposition {
  if (error instanceof UnreadableEvent) return { dead: 'invalid' };
  if (error instanceof PermanentError) return { dead: 'permanent' };
  // Known from the first try on: others may take it at once, this process only when their time is over.
  if (error instanceof NotHeardHere) return attempts > 1 ? { dead: 'not_heard' } : { dueInSeconds: 0 };
  if (expired) return { dead: 'exhausted' };
  if (error instanceof RetryLater) return { dueInSeconds: Math.max(error.seconds, SHORTEST_WAIT_SECONDS) };
  const wait = waits[attempts - 1];
  // Jitter of a tenth, so that what failed together does not come back together.
  return wait === undefined ? { dead: 'exhausted' } : { dueInSeconds: wait * (0.95 + Math.random() / 10) };
}

/** Takes events out of the flow, in their order; known already (a redelivery) changes nothing. Returns how many were new. */
export async function park(
  tx: EntityManager,
  consumer: string,
  messages: readonly BusMessage[],
  { error, attempts, disposition }: { error: unknown; attempts: number; disposition: Disposition },
): Promise<number> {
  if (messages.length === 0) return 0;
  const parked: unknown[] = await tx.query(
    `INSERT INTO parked_events (consumer, event_id, type, subject, envelope, state, attempts, due_at, error, reason)
     SELECT $1, event_id, type, subject, envelope, $6, $7, now() + make_interval(secs => $8), $9, $10
     FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[]) WITH ORDINALITY
       AS events (event_id, type, subject, envelope, place)
     ORDER BY place
     ON CONFLICT (consumer, event_id) DO NOTHING RETURNING 1`,
    [
      consumer,
      messages.map(({ id }) => id),
      messages.map(({ type }) => type),
      messages.map(({ subject }) => subject),
      messages.map(({ body }) => body),
      'dead' in disposition ? 'dead' : 'retrying',
      attempts,
      'dead' in disposition ? null : disposition.dueInSeconds,
      describe(error),
      'dead' in disposition ? disposition.dead : 'retrying',
    ],
  );
  return parked.length;
}

/** Whatever has come, in a form that Postgres can keep: what cannot even be read may have any id, length and character. */
export function storable({ id, type, subject, body }: BusMessage): BusMessage {
  return {
    id: isUuid(id) ? id : uuidv5(body, NAMELESS),
    type: withoutNul(type).slice(0, LONGEST_NAME),
    subject: withoutNul(subject).slice(0, LONGEST_NAME),
    body: withoutNul(body),
  };
}

/** Namespace of the ids given to messages that have none: the same message gets the same id when it comes again. */
const NAMELESS = '4b0d2f3c-5a7e-4e0a-9a55-0c5f6a1b7d11';

const withoutNul = (text: string) => text.replaceAll('\0', '');

export function describe(error: unknown): string {
  return withoutNul(error instanceof Error ? `${error.name}: ${error.message}` : String(error)).slice(0, LONGEST_ERROR);
}
