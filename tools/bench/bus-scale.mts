import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Contender, Setup } from './bus.contender.mts';
import { median, optionsFrom, rounded, table } from './bus.report.mts';
import { Stage } from './bus.stage.mts';

export const about =
  'the backbone with more consumers, in shards, behind a backlog of millions, and with nothing to do';

const Options = z.strictObject({
  events: z.coerce.number().int().min(1000).default(50_000),
  repetitions: z.coerce.number().int().min(1).max(20).default(3),
  backlog: z.coerce.number().int().min(10_000).default(2_000_000),
  seconds: z.coerce.number().positive().default(20),
  only: z.enum(['consumers', 'idle', 'backlog']).optional(),
});
type Options = z.output<typeof Options>;

const ours = (name: string, rest: Partial<Setup>): Setup => ({
  name,
  contender: 'ours',
  handler: 'event',
  receivers: 1,
  ...rest,
});
const SETUPS = [
  ours('per-event-1', {}),
  ours('per-event-2', { receivers: 2 }),
  ours('per-event-4', { receivers: 4 }),
  ours('batch-1', { handler: 'batch' }),
  ours('batch-2', { handler: 'batch', receivers: 2 }),
  ours('batch-4', { handler: 'batch', receivers: 4 }),
  ours('ordered', { shards: 1 }),
  ours('ordered-4-shards', { shards: 4 }),
];
const LOOKS = 8;

/** `npm run bench -- bus-scale [--events 50000] [--repetitions 3] [--backlog 2000000] [--seconds 20] [--only consumers|idle|backlog]`. */
export async function main(args: string[]): Promise<number> {
  const options = optionsFrom(Options, args);
  await Stage.set(async (stage) => {
    const wanted = (part: Options['only']) => options.only === undefined || options.only === part;
    const perSecond = wanted('consumers') ? await consumers(stage, options) : undefined;
    const batch = await stage.start(ours('large', { handler: 'batch' }));
    const idle = wanted('idle') ? await atRest(batch, options) : undefined;
    const backlog = wanted('backlog') ? await behindBacklog(stage, batch, options) : undefined;
    console.log(JSON.stringify({ perSecond, idle, backlog }));
  });
  return 0;
}

async function consumers(stage: Stage, { events, repetitions }: Options) {
  const drained = new Map<string, number[]>();
  const contenders: Contender[] = [];
  for (const setup of SETUPS) contenders.push(await stage.start(setup));
  for (let repetition = 0; repetition <= repetitions; repetition++) {
    for (const contender of contenders) {
      const { perSecond } = await contender.drain(events);
      const { name } = contender.setup;
      if (repetition > 0) drained.set(name, [...(drained.get(name) ?? []), perSecond]);
    }
  }
  for (const contender of contenders) await contender.stop();
  const medians = Object.fromEntries([...drained].map(([name, all]) => [name, rounded(median(all))]));
  console.log(`Draining ${events} events by consumer processes and shards, medians of ${repetitions}`);
  table(['', 'events/s'], Object.entries(medians));
  return medians;
}

/** One sending and one receiving process with nothing to do. */
async function atRest(contender: Contender, { seconds }: Options) {
  await contender.carry();
  await sleep(3000); // what is done once at a start
  const cpuBefore = contender.cpu();
  const before = await contender.transactions();
  await sleep(seconds * 1000);
  const after = await contender.transactions();
  const cpuAfter = contender.cpu();
  await contender.halt();
  const perMille = (who: keyof typeof cpuAfter) => rounded((cpuAfter[who] - cpuBefore[who]) / seconds, 1);
  const idle = {
    transactionsPerS: rounded((after - before) / seconds, 1),
    cpuMsPerS: {
      sender: perMille('sender'),
      receiver: perMille('receivers'),
      postgres: perMille('postgres'),
      rabbitmq: perMille('rabbitmq'),
    },
  };
  console.log(`\nNothing to do for ${seconds} s`);
  table(
    ['transactions/s', 'CPU ms/s: sender', 'receiver', 'Postgres', 'RabbitMQ'],
    [[idle.transactionsPerS, ...Object.values(idle.cpuMsPerS)]],
  );
  return idle;
}

/** The broker is away until so many events wait; then it comes back. */
async function behindBacklog(stage: Stage, contender: Contender, { events, backlog, seconds }: Options) {
  const before = (await contender.drain(events)).perSecond;
  await contender.clear();
  await contender.carry();
  let written = await contender.write({ seconds });
  const withBroker = written / seconds;
  let withoutBacklog = 0;
  let behind = 0;
  const memory: number[] = [];
  await stage.withoutBroker(async () => {
    await contender.cleanUp();
    const first = await contender.write({ seconds });
    withoutBacklog = first / seconds;
    for (let look = 0; look < LOOKS; look++) {
      await contender.fill(backlog / LOOKS);
      memory.push(contender.memory().sender);
    }
    await contender.cleanUp();
    const last = await contender.write({ seconds });
    behind = last / seconds;
    memory.push(contender.memory().sender);
    written += first + last + (backlog / LOOKS) * LOOKS;
  });
  const began = performance.now();
  await contender.arrival(written);
  const drainSeconds = (performance.now() - began) / 1000;
  // As before the backlog: the disk itself is slower after millions of rows.
  let afterwards = 0;
  await stage.withoutBroker(async () => {
    await contender.cleanUp();
    const more = await contender.write({ seconds });
    afterwards = more / seconds;
    written += more;
  });
  await contender.arrival(written);
  await contender.halt();
  const report = {
    events: backlog,
    writersPerS: {
      withBroker: rounded(withBroker),
      brokerJustGone: rounded(withoutBacklog),
      behindBacklog: rounded(behind),
      backlogGone: rounded(afterwards),
    },
    senderMb: memory,
    drainPerS: rounded(backlog / drainSeconds),
    drainPerSBefore: rounded(before),
    senderMbAfter: contender.memory().sender,
  };
  console.log(`\nThe broker away until ${backlog} events waited`);
  table(
    [
      'commits/s: with the broker',
      'broker gone',
      'behind the backlog',
      'backlog gone',
      `drain of ${events}/s`,
      'of the backlog/s',
    ],
    [[...Object.values(report.writersPerS), report.drainPerSBefore, report.drainPerS]],
  );
  console.log(`  resident MB of the sender while it grew: ${memory.join(', ')}; afterwards ${report.senderMbAfter}`);
  return report;
}
