import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Candidate, Setup } from './bus.candidate.mts';
import { median, optionsFrom, rounded, table } from './bus.report.mts';
import { Stage } from './bus.stage.mts';

export const usage =
  '[--events 50000] [--repetitions 3] [--backlog 2000000] [--seconds 20] [--only consumers|idle|backlog]';
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
  candidate: 'ours',
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
/** Of the writers behind a backlog and of those without one. */
const TURNS = 10;

/** `npm run bench -- bus-scale`; see `usage`. */
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
  const candidates: Candidate[] = [];
  for (const setup of SETUPS) candidates.push(await stage.start(setup));
  for (let repetition = 0; repetition <= repetitions; repetition++) {
    for (const candidate of candidates) {
      const { perSecond } = await candidate.drain(events);
      const { name } = candidate.setup;
      if (repetition > 0) drained.set(name, [...(drained.get(name) ?? []), perSecond]);
    }
  }
  for (const candidate of candidates) await candidate.stop();
  const medians = Object.fromEntries([...drained].map(([name, all]) => [name, rounded(median(all))]));
  console.log(`Draining ${events} events by consumer processes and shards, medians of ${repetitions}`);
  table(['', 'events/s'], Object.entries(medians));
  return medians;
}

/** One sending and one receiving process with nothing to do. */
async function atRest(candidate: Candidate, { seconds }: Options) {
  await candidate.carry();
  await sleep(3000); // what is done once at a start
  const cpuBefore = candidate.cpu();
  const before = await candidate.transactions();
  await sleep(seconds * 1000);
  const after = await candidate.transactions();
  const cpuAfter = candidate.cpu();
  await candidate.halt();
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

/**
 * The broker is away until so many events wait; then it comes back. Whether that slows writers is asked by turns of them and of
 * writers in a database of the same server in which nothing waits: a disk that has just taken millions of rows is slower for both.
 */
async function behindBacklog(stage: Stage, candidate: Candidate, { events, backlog, seconds }: Options) {
  const drainPerSBefore = (await candidate.drain(events)).perSecond;
  const control = await stage.start(ours('small', { handler: 'batch' }));
  const written = new Map([
    [candidate, 0],
    [control, 0],
  ]);
  for (const each of written.keys()) {
    await each.clear();
    await each.carry();
  }
  const inTurns = async () => {
    const rates = new Map<Candidate, number[]>([...written.keys()].map((each) => [each, []]));
    for (const each of written.keys()) await each.cleanUp();
    for (let turn = 0; turn < TURNS; turn++)
      for (const each of turn % 2 ? [control, candidate] : [candidate, control]) {
        const count = await each.write({ seconds: seconds / TURNS });
        rates.get(each)!.push((count * TURNS) / seconds);
        written.set(each, written.get(each)! + count);
      }
    const perS = median(rates.get(candidate))!;
    const controlPerS = median(rates.get(control))!;
    return { perS: rounded(perS), controlPerS: rounded(controlPerS), ratio: rounded(perS / controlPerS, 2) };
  };

  const memory: number[] = [];
  const writers = await stage.withoutBroker(async () => {
    const before = await inTurns();
    for (let look = 0; look < LOOKS; look++) {
      await candidate.fill(backlog / LOOKS);
      memory.push(candidate.memory().sender);
    }
    const behind = await inTurns();
    memory.push(candidate.memory().sender);
    return { before, behind };
  });
  const began = performance.now();
  await candidate.arrival(written.get(candidate)! + (backlog / LOOKS) * LOOKS);
  const drainSeconds = (performance.now() - began) / 1000;
  await control.arrival(written.get(control)!);
  for (const each of written.keys()) await each.halt();
  await control.stop();

  const report = {
    events: backlog,
    writers,
    senderMb: memory,
    drainPerS: rounded(backlog / drainSeconds),
    drainPerSBefore: rounded(drainPerSBefore),
    senderMbAfter: candidate.memory().sender,
  };
  console.log(`\nThe broker away until ${backlog} events waited`);
  table(
    ['commits/s', 'with the backlog', 'without, in turns', 'ratio'],
    Object.entries(writers).map(([when, { perS, controlPerS, ratio }]) => [when, perS, controlPerS, ratio]),
  );
  console.log(
    `  drained ${report.drainPerS} events/s of it, ${report.drainPerSBefore} of ${events} just before\n` +
      `  resident MB of the sender while it grew: ${memory.join(', ')}; afterwards ${report.senderMbAfter}`,
  );
  return report;
}
