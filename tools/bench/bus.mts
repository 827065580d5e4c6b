import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { run } from '../local/processes.mts';
import { root } from '../local/workspace.mts';
import type { Candidate, Drain, Latency, Setup } from './bus.candidate.mts';
import { median, optionsFrom, rounded, table } from './bus.report.mts';
import { Stage } from './bus.stage.mts';

export const usage =
  '[--events 50000] [--repetitions 3] [--only raw,batch] [--rate 200] [--seconds 20] [--profile <folder>]';
export const about =
  'the backbone against the broker alone and against other outboxes and queues: events/s, latency, CPU';

/** `share`: of the events; for a fast one more and for a slow one fewer, as they are measured per second. */
const SETUPS: (Setup & { share?: number })[] = [
  { name: 'raw', candidate: 'raw', handler: 'batch', receivers: 1, share: 2 },
  { name: 'per-event', candidate: 'ours', handler: 'event', receivers: 1 },
  { name: 'batch', candidate: 'ours', handler: 'batch', receivers: 1 },
  { name: 'per-event-personal', candidate: 'ours', handler: 'event', receivers: 1, personal: true },
  { name: 'batch-personal', candidate: 'ours', handler: 'batch', receivers: 1, personal: true },
  { name: 'per-event-memory', candidate: 'ours', handler: 'event', receivers: 0 },
  { name: 'batch-memory', candidate: 'ours', handler: 'batch', receivers: 0 },
  {
    name: 'pg-transactional-outbox',
    candidate: 'pg-transactional-outbox',
    handler: 'event',
    receivers: 1,
    share: 0.05,
  },
  { name: 'graphile-worker', candidate: 'graphile-worker', handler: 'event', receivers: 0, share: 0.2 },
  { name: 'pg-boss', candidate: 'pg-boss', handler: 'event', receivers: 0, share: 0.2 },
];

const Options = z.strictObject({
  events: z.coerce.number().int().min(1000).default(50_000),
  repetitions: z.coerce.number().int().min(1).max(20).default(3),
  only: z
    .string()
    .transform((names) => names.split(','))
    .pipe(z.array(z.enum(SETUPS.map(({ name }) => name))))
    .optional(),
  rate: z.coerce.number().positive().default(200),
  seconds: z.coerce.number().positive().default(20),
  profile: z.string().optional(),
});
type Options = z.output<typeof Options>;

/** Candidates whose packages are installed by the benchmark alone. */
const RIVALS = ['pg-boss', 'pg-transactional-outbox'];
const isRival = ({ candidate }: Setup) => RIVALS.includes(candidate);
const isPeer = ({ candidate }: Setup) => candidate !== 'raw' && candidate !== 'ours';
/** Measured in the other ways, too. */
const SUSTAINED = ['per-event', 'batch', 'per-event-memory', 'batch-memory'];
const AIMS = { perEventRatio: 0.5, batchRatio: 0.8, perEventToOutbox: 4, batchToOutbox: 8, p50Ms: 5, p99Ms: 20 };

/** `npm run bench -- bus`; see `usage`. */
export async function main(args: string[]): Promise<number> {
  const options = optionsFrom(Options, args);
  const setups = SETUPS.filter(({ name }) => options.only?.includes(name) ?? true);
  await Stage.set(async (stage) => {
    if (setups.some(isRival)) await prepareRivals();
    const candidates = new Map<string, Candidate>();
    for (const setup of setups) candidates.set(setup.name, await stage.start(setup));
    for (const { name, candidate } of setups.filter(isPeer)) {
      // Of the compiled module, which the process runs too.
      const folder = RIVALS.includes(candidate) ? 'rivals' : 'service';
      const { SETTINGS } = (await import(`./dist/${folder}/${candidate}.mjs`)) as { SETTINGS: object };
      console.log(`${name} is set up with ${JSON.stringify(SETTINGS)}`);
    }
    console.log(JSON.stringify(await measure(setups, candidates, options)));
  }, options);
  return 0;
}

/** Installs and compiles what stands in `rivals`: nobody else needs those packages. */
async function prepareRivals(): Promise<void> {
  const folder = join(root, 'tools/bench/rivals');
  const steps: [string, string[]][] = [['tsc', ['-p', folder]]];
  if (!existsSync(join(folder, 'node_modules')))
    steps.unshift(['npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']]);
  for (const [command, args] of steps) {
    const { code, output } = await run(command, args, { cwd: folder });
    if (code !== 0) throw new Error(`What the backbone is compared with could not be prepared:\n${output.trim()}`);
  }
}

async function measure(setups: typeof SETUPS, candidates: Map<string, Candidate>, options: Options) {
  const { events, repetitions, rate, seconds } = options;
  const drains = new Map<string, Drain[]>(setups.map(({ name }) => [name, []]));
  for (let repetition = 0; repetition <= repetitions; repetition++) {
    console.log(repetition === 0 ? 'Warming up' : `Repetition ${repetition} of ${repetitions}`);
    // Everybody goes first once, because the first one meets what the last one has left.
    const first = repetition % setups.length;
    for (const { name, share = 1 } of [...setups.slice(first), ...setups.slice(0, first)]) {
      const drain = await candidates.get(name)!.drain(Math.round(events * share));
      console.log(`  ${name.padEnd(24)} ${Math.round(drain.perSecond)} events/s`);
      if (repetition > 0) drains.get(name)!.push(drain);
    }
  }
  const perSecond = (name: string) => median(drains.get(name)?.map((drain) => drain.perSecond));
  const ratio = (name: string, to: string) => rounded((perSecond(name) ?? NaN) / (perSecond(to) ?? NaN), 2);

  console.log('\nDraining a backlog, medians');
  table(
    ['', 'events/s', 'of raw', 'CPU µs/event: sender', 'receiver', 'Postgres', 'RabbitMQ', 'MB: sender', 'receiver'],
    setups.map(({ name }) => {
      const all = drains.get(name)!;
      const cpu = (who: keyof Drain['cpuUs']) => rounded(median(all.map(({ cpuUs }) => cpuUs[who])));
      const { sender, receivers } = all.at(-1)!.rssMb;
      return [
        name,
        rounded(perSecond(name)),
        ratio(name, 'raw'),
        cpu('sender'),
        cpu('receivers'),
        cpu('postgres'),
        cpu('rabbitmq'),
        sender,
        receivers,
      ];
    }),
  );

  // The others go on looking for work, which costs processor time.
  for (const [name, candidate] of candidates) if (!SUSTAINED.includes(name)) await candidate.stop();
  const sustained: Record<string, number | null> = {};
  for (const name of SUSTAINED.filter((known) => candidates.has(known)))
    sustained[name] = rounded(await candidates.get(name)!.sustain(Math.min(seconds, 10)));
  console.log('\nCommitted one by one, as fast as 8 writers can, while they are carried and applied: events/s');
  table(['', 'events/s'], Object.entries(sustained));

  const rounds = new Map<string, Latency[]>(Object.keys(sustained).map((name) => [name, []]));
  for (let repetition = 0; repetition < repetitions; repetition++)
    for (const [name, found] of rounds) found.push(await candidates.get(name)!.latency(rate, seconds));
  const latencies = [...rounds].map(([name, found]) => ({
    name,
    p50Ms: rounded(median(found.map(({ p50Ms }) => p50Ms)), 1),
    p99Ms: rounded(median(found.map(({ p99Ms }) => p99Ms)), 1),
    maxMs: rounded(Math.max(...found.map(({ maxMs }) => maxMs)), 1),
  }));
  console.log(
    `\nFrom commit to applied at ${rate} events/s, ${repetitions} times ${seconds} s: medians and longest, ms`,
  );
  table(
    ['', 'p50', 'p99', 'max'],
    latencies.map((found) => Object.values(found)),
  );

  const report = {
    rawPerS: rounded(perSecond('raw')),
    perEventPerS: rounded(perSecond('per-event')),
    batchPerS: rounded(perSecond('batch')),
    perEventRatio: ratio('per-event', 'raw'),
    batchRatio: ratio('batch', 'raw'),
    p50Ms: latencies.find(({ name }) => name === 'per-event')?.p50Ms ?? null,
    p99Ms: latencies.find(({ name }) => name === 'per-event')?.p99Ms ?? null,
    maxMs: latencies.find(({ name }) => name === 'per-event')?.maxMs ?? null,
    sustainedPerS: sustained,
    peers: Object.fromEntries(setups.filter(isPeer).map(({ name }) => [name, rounded(perSecond(name))])),
    perEventToOutbox: ratio('per-event', 'pg-transactional-outbox'),
    batchToOutbox: ratio('batch', 'pg-transactional-outbox'),
    perEventPersonalRatio: ratio('per-event-personal', 'per-event'),
    batchPersonalRatio: ratio('batch-personal', 'batch'),
  };
  for (const [what, aim] of Object.entries(AIMS)) {
    const found = report[what as keyof typeof AIMS];
    if (found === null) continue;
    const met = what.endsWith('Ms') ? found <= aim : found >= aim;
    console.log(`${met ? 'met   ' : 'missed'} ${what} ${found}, aim ${aim}`);
  }
  return report;
}
