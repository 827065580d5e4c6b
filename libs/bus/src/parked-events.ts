import type { EntityManager } from 'typeorm';
import { NotHeardHere, PermanentError, RetryLater, UnreadableEvent } from './errors';
import type { BusMessage } from './transport';

/** Waiting times between tries, in seconds; after the last one the event is dead. */
export const RETRY_AFTER_SECONDS = [1, 5, 30, 300] as const;
/** An event that is "not yet" for longer than this is dead, however often it asks for more time. */
const PATIENCE_HOURS = 24;
/**
 * How long two versions of a service may run beside each other. For so long an event that one of them does not hear waits
 * for the other, and for so long the queues keep what no running process hears any more.
 */
export const RELEASE_OVERLAP_MINUTES = 10;
const LONGEST_ERROR = 4000;

/** Why an event is dead, as a short label to group by. */
export type DeadReason =
  'permanent' | 'exhausted' | 'invalid' | 'too_old' | 'from_the_future' | 'crash_loop' | 'not_heard';

export type Fate = { dueInSeconds: number } | { dead: DeadReason };

/** What becomes of an event whose handling failed: tried again at a time, or dead. */
export function fateOf(
  error: unknown,
  { attempts, parkedAt, now, waits }: { attempts: number; parkedAt: Date; now: Date; waits: readonly number[] },
): Fate {
  if (error instanceof UnreadableEvent) return { dead: 'invalid' };
  if (error instanceof PermanentError) return { dead: 'permanent' };
  // Known from the first try on: others may take it at once, this process only when their time is over.
  if (error instanceof NotHeardHere) return attempts > 1 ? { dead: 'not_heard' } : { dueInSeconds: 0 };
  if (now.getTime() - parkedAt.getTime() > PATIENCE_HOURS * 3_600_000) return { dead: 'exhausted' };
  if (error instanceof RetryLater) return { dueInSeconds: error.seconds };
  const wait = waits[attempts - 1];
  // Jitter of a tenth, so that what failed together does not come back together.
  return wait === undefined ? { dead: 'exhausted' } : { dueInSeconds: wait * (0.95 + Math.random() / 10) };
}

/** Takes events out of the flow, in their order; known already (a redelivery) changes nothing. */
export async function park(
  tx: EntityManager,
  consumer: string,
  messages: readonly BusMessage[],
  { error, attempts, fate }: { error: unknown; attempts: number; fate: Fate },
): Promise<void> {
  if (messages.length === 0) return;
  await tx.query(
    `INSERT INTO parked_events (consumer, event_id, type, subject, envelope, state, attempts, due_at, error, reason)
     SELECT $1, event_id, type, subject, envelope, $6, $7, now() + make_interval(secs => $8), $9, $10
     FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[]) WITH ORDINALITY
       AS events (event_id, type, subject, envelope, place)
     ORDER BY place
     ON CONFLICT (consumer, event_id) DO NOTHING`,
    [
      consumer,
      messages.map(({ id }) => id),
      messages.map(({ type }) => type),
      messages.map(({ subject }) => subject),
      messages.map(({ body }) => body),
      'dead' in fate ? 'dead' : 'retrying',
      attempts,
      'dead' in fate ? null : fate.dueInSeconds,
      describe(error),
      'dead' in fate ? fate.dead : 'retrying',
    ],
  );
}

export function describe(error: unknown): string {
  // NUL cannot be stored in a Postgres text.
  return (error instanceof Error ? `${error.name}: ${error.message}` : String(error))
    .replaceAll('\0', '')
    .slice(0, LONGEST_ERROR);
}
