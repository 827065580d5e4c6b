import { parseArgs } from 'node:util';
import { z } from 'zod';
import type { DrillReport } from '../drill/bus-drill.mts';
import { ATTACKS_ON_SERVERS, FAULTS } from '../drill/faults.mts';
import { BROKEN_BUILDS } from '../drill/service/settings.mts';
import { run } from '../local/processes.mts';
import { onShutdown } from '../local/shutdown.mts';
import { root, stateDir } from '../local/workspace.mts';
import { takeLock } from '../process-lock.mjs';

const usage = `npm run drill -- bus [--rounds 100] [--events 200000] [--seed 1] [--patience 120]
  [--faults kill-relay,stall | none] [--broken ${BROKEN_BUILDS.join(' | ')}]
Kinds of faults: ${Object.keys(FAULTS).join(', ')}.
With both DATABASE_URL and AMQP_URL given, those servers are used and not attacked.`;

const Options = z.object({
  rounds: z.coerce.number().int().positive().default(100),
  events: z.coerce.number().int().positive().default(200_000),
  seed: z.coerce
    .number()
    .int()
    .default(() => Date.now() % 1_000_000),
  patience: z.coerce.number().positive().default(120),
  faults: z
    .string()
    .transform((text) => (text === 'none' ? [] : text.split(',')))
    .pipe(z.array(z.enum(Object.keys(FAULTS))))
    .optional(),
  broken: z.enum(BROKEN_BUILDS).optional(),
});

/**
 * `npm run drill -- bus`: breaks everything around the backbone, and compares what was committed with what was applied.
 * The last line is the report as JSON. Exit code 1 means that a promise was broken, or that not all events could be written.
 */
export async function main([subject, ...args]: string[]): Promise<number> {
  if (subject !== 'bus') {
    console.error(usage);
    return 2;
  }
  const options = parse(args);
  if (typeof options === 'string') {
    console.error(`${options}\n${usage}`);
    return 2;
  }
  const { DATABASE_URL: databaseUrl, AMQP_URL: amqpUrl } = process.env;
  if (!databaseUrl !== !amqpUrl) {
    console.error('Give DATABASE_URL and AMQP_URL both, or neither: then the drill starts servers that it may kill.');
    return 2;
  }
  if (databaseUrl) {
    const attacks = options.faults?.filter((name) => ATTACKS_ON_SERVERS.includes(name)) ?? [];
    if (attacks.length > 0) {
      console.error(`Given servers are not attacked: leave out ${attacks.join(', ')}, or DATABASE_URL and AMQP_URL.`);
      return 2;
    }
  }
  await buildProcesses();
  const { BusDrill } = await import('../drill/bus-drill.mts'); // needs the build of libs/bus
  const drill = new BusDrill({
    rounds: options.rounds,
    events: options.events,
    seed: options.seed,
    faults: options.faults,
    brokenBuild: options.broken,
    patienceSeconds: options.patience,
    given: databaseUrl && amqpUrl ? { databaseUrl, amqpUrl } : undefined,
  });
  onShutdown((exitCode) => void drill.stop().finally(() => process.exit(exitCode)));
  let report: DrillReport;
  try {
    report = await drill.play();
  } finally {
    await drill.stop();
  }
  console.log(JSON.stringify(report));
  const broken = report.lost + report.doubled + report.reordered + report.misplaced + report.crashed;
  return broken === 0 && report.events >= options.events ? 0 : 1;
}

/** @returns the options, or the sentence that says what is wrong */
function parse(args: string[]): z.infer<typeof Options> | string {
  try {
    const names = Object.keys(Options.shape).map((name) => [name, { type: 'string' as const }] as const);
    const { values } = parseArgs({ args, options: Object.fromEntries(names) });
    const parsed = Options.safeParse(values);
    return parsed.success ? parsed.data : z.prettifyError(parsed.error);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** The processes use decorators, which Node cannot run as they are. */
async function buildProcesses(): Promise<void> {
  const release = await takeLock(`${stateDir}/build.lock`);
  try {
    const { code, output } = await run('tsc', ['-b', 'tools/drill'], { cwd: root });
    if (code !== 0) throw new Error(`The processes of the drill could not be built:\n${output.trim()}`);
  } finally {
    release();
  }
}
