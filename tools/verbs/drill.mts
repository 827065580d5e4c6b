import { parseArgs } from 'node:util';
import { z } from 'zod';
import type { DrillReport } from '../drill/bus-drill.mts';
import { ATTACKS_ON_SERVERS, FAULTS } from '../drill/faults.mts';
import { BROKEN_BUILDS as BROKEN_SHOPS, type BrokenBuild } from '../drill/money/broken-builds.mts';
import { BROKEN_BUILDS } from '../drill/service/settings.mts';
import { run } from '../local/processes.mts';
import { onShutdown } from '../local/shutdown.mts';
import { root, stateDir } from '../local/workspace.mts';
import { takeLock } from '../process-lock.mjs';
import { compile } from './build.mts';

const usage = `npm run drill -- bus [--rounds 100] [--events 200000] [--seed 1] [--patience 120]
  [--faults kill-relay,stall | none] [--broken ${BROKEN_BUILDS.join(' | ')}]
Kinds of faults: ${Object.keys(FAULTS).join(', ')}.
With both DATABASE_URL and AMQP_URL given, those servers are used and not attacked.

npm run drill -- money [--short] [--purchases 3000] [--seed 1] [--patience 180] [--broken ${Object.keys(BROKEN_SHOPS).join(' | ')}]`;

const seed = z.coerce
  .number()
  .int()
  .default(() => Date.now() % 1_000_000);

const BusOptions = z.strictObject({
  rounds: z.coerce.number().int().positive().default(100),
  events: z.coerce.number().int().positive().default(200_000),
  seed,
  patience: z.coerce.number().positive().default(120),
  faults: z
    .string()
    .transform((text) => (text === 'none' ? [] : text.split(',')))
    .pipe(z.array(z.enum(Object.keys(FAULTS))))
    .optional(),
  broken: z.enum(BROKEN_BUILDS).optional(),
});

const MoneyOptions = z
  .strictObject({
    short: z.boolean().default(false),
    purchases: z.coerce.number().int().positive().optional(),
    seed,
    patience: z.coerce.number().positive().optional(),
    broken: z.enum(Object.keys(BROKEN_SHOPS) as BrokenBuild[]).optional(),
  })
  .transform(({ purchases, patience, ...options }) => ({
    ...options,
    purchases: purchases ?? (options.short ? 100 : 3000),
    patienceSeconds: patience ?? (options.short ? 40 : 180),
  }));

/** The last line is the report as JSON. Exit code 1 means that a promise was broken, or that too little was done to say so. */
export async function main([subject, ...args]: string[]): Promise<number> {
  if (subject === 'bus') return drillBus(args);
  if (subject === 'money') return drillMoney(args);
  console.error(usage);
  return 2;
}

/** `npm run drill -- money`: people buy while everything fails around payments and the VPN, and all books are compared afterwards. */
async function drillMoney(args: string[]): Promise<number> {
  const options = parse(MoneyOptions, args);
  if (typeof options === 'string') {
    console.error(`${options}\n${usage}`);
    return 2;
  }
  await compile();
  const { MoneyDrill } = await import('../drill/money/money-drill.mts'); // needs the build
  const drill = new MoneyDrill(options);
  onShutdown((exitCode) => void drill.stop().finally(() => process.exit(exitCode)));
  try {
    const report = await drill.play();
    console.log(JSON.stringify(report));
    return report.ok ? 0 : 1;
  } finally {
    await drill.stop();
  }
}

/** `npm run drill -- bus`: breaks everything around the backbone, and compares what was committed with what was applied. */
async function drillBus(args: string[]): Promise<number> {
  const options = parse(BusOptions, args);
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
function parse<Schema extends z.ZodType>(schema: Schema, args: string[]): z.output<Schema> | string {
  try {
    const names = ['rounds', 'events', 'seed', 'patience', 'faults', 'broken', 'purchases'];
    const texts = names.map((name) => [name, { type: 'string' as const }] as const);
    const { values } = parseArgs({ args, options: { ...Object.fromEntries(texts), short: { type: 'boolean' } } });
    const parsed = schema.safeParse(values);
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
