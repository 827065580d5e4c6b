import { z } from 'zod';

export const CANDIDATES = ['raw', 'ours', 'pg-transactional-outbox', 'graphile-worker', 'pg-boss'] as const;

/** What a process of the benchmark is told at its start, as JSON in the variable BENCH_PROCESS. */
export const Settings = z.object({
  candidate: z.enum(CANDIDATES),
  /** Its queues and event types carry this name. */
  name: z.string(),
  /** `both`: one process that sends and receives. */
  role: z.enum(['sender', 'receiver', 'both']),
  /** One business statement per event, or one for all events at hand. */
  handler: z.enum(['event', 'batch']),
  /** Shards of an ordered group; 0 for an unordered one. */
  shards: z.int().min(0),
  personal: z.boolean(),
  databaseUrl: z.url(),
  amqpUrl: z.url(),
});
export type Settings = z.infer<typeof Settings>;

export const Order = z.discriminatedUnion('kind', [
  /** Commit so many events, which are not to be carried before `carry`. */
  z.object({ kind: z.literal('fill'), events: z.int() }),
  z.object({ kind: z.literal('carry'), events: z.int() }),
  z.object({ kind: z.literal('halt') }),
  /** Commit events one by one for a time: at a rate, or as fast as can be. */
  z.object({ kind: z.literal('write'), perSecond: z.number().optional(), seconds: z.number() }),
]);
export type Order = z.infer<typeof Order>;

export type Report =
  | { kind: 'ready' }
  /** The order was carried out; for `write`: how many were committed. */
  | { kind: 'done'; events?: number }
  /** Events this process has handled since it began. */
  | { kind: 'applied'; count: number };

/** Size of an event on its way, the envelope included. */
export const EVENT_BYTES = 500;

const REPORT_EVERY_MS = 10;
let count = 0;
let reported = 0;

/** Counts what a handler was called with. */
export function applied(events: number): void {
  count += events;
}

/** What a candidate can do; the keys are the kinds of orders. */
export type Part = {
  [Kind in Order['kind']]?: (order: Extract<Order, { kind: Kind }>) => Promise<number | void>;
};

export function settings(): Settings {
  return Settings.parse(JSON.parse(process.env['BENCH_PROCESS'] ?? '{}'));
}

/** Obeys the benchmark until it lets go. */
export function serve(part: Part): void {
  const report = (what: Report) => void process.send?.(what);
  setInterval(() => {
    if (count === reported) return;
    reported = count;
    report({ kind: 'applied', count });
  }, REPORT_EVERY_MS);
  process.on('message', (message) => {
    const order = Order.parse(message);
    const work = part[order.kind] as ((order: Order) => Promise<number | void>) | undefined;
    void Promise.resolve(work?.(order)).then(
      (events) => report({ kind: 'done', ...(typeof events === 'number' && { events }) }),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  });
  process.once('SIGTERM', () => process.exit());
  report({ kind: 'ready' });
}

/** Calls `write` for a time: at a rate whatever it takes (open loop), or in lanes one after the other. */
export async function writing(
  { perSecond, seconds }: Extract<Order, { kind: 'write' }>,
  write: () => Promise<unknown>,
): Promise<number> {
  const end = performance.now() + seconds * 1000;
  let written = 0;
  if (!perSecond) {
    const lane = async () => {
      for (; performance.now() < end; written++) await write();
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    return written;
  }
  const begun = performance.now();
  const running: Promise<unknown>[] = [];
  for (; performance.now() < end; await new Promise((resolve) => setTimeout(resolve, 1))) {
    const due = ((performance.now() - begun) * perSecond) / 1000;
    for (; written < due; written++) running.push(write());
  }
  await Promise.all(running);
  return written;
}

const LANES = 8;
