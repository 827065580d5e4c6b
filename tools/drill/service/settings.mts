import { z } from 'zod';

/** Mistakes that each would look right in a review; the drill must catch every one of them. */
export const BROKEN_BUILDS = ['inbox-off', 'delete-before-confirm', 'no-look-back'] as const;

/** What a process of the drill is told at its start, as JSON in the variable DRILL_PROCESS. */
export const Settings = z.object({
  name: z.string(),
  role: z.enum(['writer', 'relay', 'consumer']),
  /** Each server is reached through a link of this process alone. */
  databaseUrl: z.url(),
  amqpUrl: z.url(),
  /** Prefix of this run's queues and event types, because a broker may be shared. */
  run: z.string(),
  seed: z.int(),
  /** Mean pause of each of a writer's lanes between two transactions. */
  pauseMs: z.number(),
  brokenBuild: z.enum(BROKEN_BUILDS).optional(),
});
export type Settings = z.infer<typeof Settings>;
export type Role = Settings['role'];

/** From the drill to a process. */
export const Order = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('write') }),
  z.object({ kind: z.literal('rest') }),
  /** One event among the next ones kills whoever handles it. */
  z.object({ kind: z.literal('write-lethal') }),
  z.object({ kind: z.literal('clock'), offsetMs: z.number() }),
]);
export type Order = z.infer<typeof Order>;

/** From a process to the drill. */
export type Report =
  | { kind: 'ready' }
  | { kind: 'resting' }
  /** Repeated events that the inbox has absorbed since this process began. */
  | { kind: 'duplicates'; count: number };

/** Whose tables lie where: writers and relays are one service, the consumers another. */
export const SCHEMA_OF: Record<Role, string> = { writer: 'shop', relay: 'shop', consumer: 'warehouse' };
