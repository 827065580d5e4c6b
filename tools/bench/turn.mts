import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { percentile, rssMb } from '../local/figures.mts';
import { type Installation, startInstallation } from '../local/installation.mts';
import { startRabbitMq } from '../local/rabbitmq.mts';
import { connectSandbox } from '../local/sandbox-client.mts';
import { onShutdown } from '../local/shutdown.mts';
import { build } from '../verbs/build.mts';
import { BOTS, companyIn } from './turn.company.mts';
import { cpuTimes, perTurn } from './turn.cpu.mts';
import { growthRatio } from './turn.growth.mts';
import { Load } from './turn.load.mts';
import { ANSWER, BenchModel, REMEMBERED_REQUESTS } from './turn.model.mts';
import { StatementLog, statementsPerTurn } from './turn.statements.mts';
import { TelegramSide } from './turn.telegram.mts';
import { type Asked, type Outcome, outcomeOf, type TurnTimes } from './turn.times.mts';

export const usage =
  '[--rate 20] [--seconds 15] [--repetitions 3] [--concurrency 48] [--transport memory|rabbit] [--profile <folder>] [--chats 20000]';
export const about =
  'from an update to its answer: latency at a fixed rate, turns/s at full speed, statements, CPU, memory, growth';

const Options = z
  .strictObject({
    rate: z.coerce.number().positive().max(200).default(20),
    seconds: z.coerce.number().positive().max(60).default(15),
    repetitions: z.coerce.number().int().min(1).max(20).default(3),
    concurrency: z.coerce.number().int().min(1).max(200).default(48),
    transport: z.enum(['memory', 'rabbit']).default('memory'),
    profile: z.string().optional(),
    /** Measures as well how much more a turn takes when so many chats are known. */
    chats: z.coerce.number().int().min(200).max(1_000_000).optional(),
  })
  .refine(({ rate, seconds, concurrency }) => {
    const people = rate * seconds;
    return people <= REMEMBERED_REQUESTS && people >= concurrency;
  }, `rate × seconds is how many people ask: at least as many as the concurrency and at most ${REMEMBERED_REQUESTS}`);
type Options = z.output<typeof Options>;

/** Duplicates would come right after their original; this is how long they are given. */
const LATE_MS = 2000;
const GREETED_WITHIN_MS = 30_000;
const IDLE_MS = 5000;
const COUNTED_TURNS = 40;

/** On two cores, at 20 turns/s. */
const AT_MOST = {
  statementsPerTurn: 45,
  ownMsP50: 25,
  ownMsP99: 80,
  rssMb: 350,
  secondStartMs: 6000,
  growthRatio: 1.1,
};
const AT_LEAST = { saturationTurnsPerS: 120 };

/**
 * `npm run bench -- turn`; see `usage`. The folder of `--profile` gets a .cpuprofile of the services. Exit code 1 when an
 * answer was lost or came twice.
 */
export async function main(args: string[]): Promise<number> {
  const options = optionsFrom(args);
  await build();
  const stateDir = mkdtempSync(join(tmpdir(), 'switchboard-bench-'));
  const started: { stop(): Promise<void> }[] = [];
  const stopAll = async () => {
    for (const part of started.reverse()) await part.stop();
    rmSync(stateDir, { recursive: true, force: true });
  };
  let stopping: Promise<void> | undefined;
  // Once: Ctrl-C makes the load fail as well, and both ends of the run wait for the same.
  const clear = () => (stopping ??= stopAll());
  onShutdown((exitCode) => void clear().finally(() => process.exit(exitCode)));
  try {
    const env = companyIn(join(stateDir, 'company'));
    if (options.transport === 'rabbit') {
      const broker = await startRabbitMq({ dataDir: join(stateDir, 'rabbitmq') });
      started.push(broker);
      env.AMQP_URL = broker.url;
    }
    const nodeArgs = options.profile ? ['--cpu-prof', `--cpu-prof-dir=${resolve(options.profile)}`] : [];
    const installation = await startInstallation({ stateDir, ports: 'free', env, nodeArgs });
    started.push(installation);
    const measured = await measure(installation, stateDir, options);
    await installation.stop();

    const began = performance.now();
    await build();
    const buildMs = Math.round(performance.now() - began);
    started.push(await startInstallation({ stateDir, ports: 'free', env }));
    const secondStartMs = Math.round(performance.now() - began);
    console.log(`Second start: ${secondStartMs} ms, of which the look for what to build took ${buildMs} ms.`);

    const growth = options.chats ? { growthRatio: await growthRatio(options.chats) } : {};
    const report = { ...measured, secondStartMs, ...growth };
    sayWhatWasMissed(report);
    console.log(JSON.stringify(report));
    return report.lost + report.doubled > 0 ? 1 : 0;
  } finally {
    await clear();
  }
}

function optionsFrom(args: string[]): Options {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args,
    options: {
      rate: text,
      seconds: text,
      repetitions: text,
      concurrency: text,
      transport: text,
      profile: text,
      chats: text,
    },
  });
  const { data, error } = Options.safeParse(values);
  if (error) throw new Error(z.prettifyError(error));
  return data;
}

async function measure(installation: Installation, stateDir: string, options: Options) {
  const { rate, seconds, repetitions, concurrency } = options;
  const sandbox = await connectSandbox(installation.sandboxUrl);
  const model = new BenchModel(sandbox);
  await model.prepare();
  const telegram = await TelegramSide.of(sandbox, {
    serviceUrl: installation.services['bot-adapter']!,
    bots: BOTS,
  });
  try {
    const people = await telegram.introduce(rate * seconds, GREETED_WITHIN_MS);
    const load = new Load(telegram, people);
    const pid = installation.apps.pid;
    const rss: (number | null)[] = [];

    /** Runs a load, gives late duplicates their time, and looks what became of it. */
    const run = async (asking: () => Promise<Asked[]>) => {
      await model.forgetRequests();
      const before = cpuTimes(installation, stateDir);
      const asked = await asking();
      const cpu = perTurn(before, cpuTimes(installation, stateDir), asked.length);
      rss.push(rssMb(pid));
      await pause(LATE_MS);
      const outcome = outcomeOf(asked, await telegram.callsSince(asked[0]!.saidAt), await model.requests(), ANSWER);
      return { asked, cpu, outcome };
    };

    // Until the compiler has seen everything often enough; on two busy cores this is what a first round shows most.
    const warmUp = await run(() => load.atRate(rate));
    console.log(`Warming up: ${inWords(warmUp.outcome)}`);
    const rounds: (typeof warmUp)[] = [];
    for (let i = 1; i <= repetitions; i++) {
      const round = await run(() => load.atRate(rate));
      rounds.push(round);
      console.log(`${rate} turns/s for ${seconds} s, ${i} of ${repetitions}: ${inWords(round.outcome)}`);
    }
    // One after the other: side by side, several turns share the statements of a batch.
    const statements = await countStatements(stateDir, () => run(() => load.once(people.slice(0, COUNTED_TURNS), 1)));
    const saturated = await run(() => load.atFullSpeed({ concurrency, seconds }));
    const end = saturated.asked[0]!.saidAt + seconds * 1000;
    const inTime = saturated.outcome.times.filter(({ finalAt }) => finalAt <= end).length;
    console.log(`${concurrency} people side by side for ${seconds} s: ${inWords(saturated.outcome)}`);

    const all = [warmUp, ...rounds, statements.round, saturated].map(({ outcome }) => outcome);
    const middle = (value: (round: (typeof rounds)[number]) => number | null) =>
      percentile(
        rounds.map(value).filter((found) => found !== null),
        0.5,
      );
    const at = (what: keyof TurnTimes, share: number) =>
      middle(({ outcome }) =>
        percentile(
          outcome.times.map((times) => times[what]),
          share,
        ),
      );
    return {
      rate,
      transport: options.transport,
      acceptedMsP50: at('acceptedMs', 0.5),
      firstVisibleMsP50: at('firstVisibleMs', 0.5),
      firstVisibleMsP99: at('firstVisibleMs', 0.99),
      finalMsP50: at('finalMs', 0.5),
      finalMsP99: at('finalMs', 0.99),
      ownMsP50: at('ownMs', 0.5),
      ownMsP99: at('ownMs', 0.99),
      toModelMsP50: at('toModelMs', 0.5),
      modelMsP50: at('modelMs', 0.5),
      afterModelMsP50: at('afterModelMs', 0.5),
      telegramMsP50: at('telegramMs', 0.5),
      saturationTurnsPerS: Math.round((inTime / seconds) * 10) / 10,
      saturatedFinalMsP50: percentile(
        saturated.outcome.times.map(({ finalMs }) => finalMs),
        0.5,
      ),
      statementsPerTurn: statements.perTurn,
      cpuMsPerTurn: middle(({ cpu }) => cpu.services),
      saturatedCpuMsPerTurn: saturated.cpu,
      rssMb: Math.max(...rss.filter((found) => found !== null)),
      lost: sum(all, ({ lost }) => lost),
      doubled: sum(all, ({ doubled }) => doubled),
    };
  } finally {
    await telegram.close();
  }
}

/** Says who makes the statements of a turn; each is a round trip, which is what a turn costs most. */
async function countStatements<Round extends { asked: Asked[] }>(stateDir: string, run: () => Promise<Round>) {
  const log = await StatementLog.of(stateDir);
  try {
    await log.begin();
    await pause(IDLE_MS);
    const idle = { counted: await log.end(), seconds: IDLE_MS / 1000 };
    await log.begin();
    const began = performance.now();
    const round = await run();
    const turns = { count: round.asked.length, seconds: (performance.now() - began) / 1000 };
    const byName = statementsPerTurn(await log.end(), turns, idle);
    const perTurn = Math.round(Object.values(byName).reduce((total, count) => total + count, 0) * 10) / 10;
    console.log(`Statements per turn: ${perTurn}, of these ${JSON.stringify(byName)}`);
    return { round, perTurn };
  } finally {
    await log.close();
  }
}

const sum = (outcomes: Outcome[], of: (outcome: Outcome) => number) =>
  outcomes.reduce((total, outcome) => total + of(outcome), 0);

function inWords({ times, lost, doubled }: Outcome): string {
  const both = (what: keyof TurnTimes) =>
    [0.5, 0.99]
      .map((share) =>
        percentile(
          times.map((turn) => turn[what]),
          share,
        ),
      )
      .join(' / ');
  return (
    `${times.length} answers; p50 / p99 in ms: accepted ${both('acceptedMs')}, first text ${both('firstVisibleMs')}, ` +
    `whole answer ${both('finalMs')}, our own part ${both('ownMs')}; lost ${lost}, doubled ${doubled}`
  );
}

function sayWhatWasMissed(report: Record<string, unknown>): void {
  const missed = (aims: Record<string, number>, isMissed: (found: number, aim: number) => boolean) => {
    for (const [figure, aim] of Object.entries(aims)) {
      const found = report[figure];
      if (typeof found === 'number' && isMissed(found, aim))
        console.log(`Missed: ${figure} is ${found}, the aim is ${aim}.`);
    }
  };
  missed(AT_MOST, (found, aim) => found > aim);
  missed(AT_LEAST, (found, aim) => found < aim);
}
