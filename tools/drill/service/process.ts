import 'reflect-metadata';
import { setTimeout as sleep } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Bus, BusExceptionFilter, databaseSocket, RabbitTransport } from '@switchboard/bus';
import { Registry } from 'prom-client';
import { DataSource } from 'typeorm';
import { breakOnPurpose } from './broken-builds';
import { eventsOf } from './events';
import { handlersOf } from './handlers';
import { Random } from './random.mjs';
import { Order, type Report, SCHEMA_OF, Settings } from './settings.mjs';
import { Writer } from './writer';

/** Enough tries for an event that fails twice in every process that is started in one round, lethal events included. */
const RETRY_AFTER_SECONDS = [0.1, 0.2, 0.5, ...Array.from({ length: 97 }, () => 1)];
const DATABASE_SILENCE_MS = 15_000;
const REPORT_EVERY_MS = 200;

const settings = Settings.parse(JSON.parse(process.env['DRILL_PROCESS'] ?? '{}'));
const { name, role, run, databaseUrl, amqpUrl } = settings;
const schema = SCHEMA_OF[role];
const searchPath = `-c search_path=${schema}`;
const warn = (message: string, error?: unknown) => console.log(new Date().toISOString(), message, error ?? '');
const report = (what: Report) => process.send?.(what);

let clockOffsetMs = 0;

async function main(): Promise<void> {
  const db = new DataSource({
    type: 'postgres',
    url: databaseUrl,
    schema,
    poolSize: 8,
    applicationName: name,
    connectTimeoutMS: 5000,
    poolErrorHandler: () => undefined,
    // The same deadlines as in service-kit, in a shorter form.
    extra: {
      options: `${searchPath} -c idle_in_transaction_session_timeout=10s`,
      stream: () => databaseSocket({ silenceMs: DATABASE_SILENCE_MS }),
    },
  });
  await untilItAnswers(() => db.initialize());
  const transport = new RabbitTransport({ url: amqpUrl, name, problem: warn });
  const registry = new Registry();
  const bus = new Bus({
    service: run,
    schema: `${run}_${schema}`.replaceAll('-', '_'),
    db,
    connection: { connectionString: databaseUrl, options: searchPath },
    transport,
    registry,
    now: () => new Date(Date.now() + clockOffsetMs),
    retryAfterSeconds: RETRY_AFTER_SECONDS,
    warn,
  });
  const events = eventsOf(run);

  await untilItAnswers(() => bus.prepare());

  let writer: Writer | undefined;
  if (role === 'writer') {
    const keys: { key: string }[] = await untilItAnswers(() => db.query('SELECT key FROM lanes ORDER BY key'));
    writer = new Writer(
      db,
      bus,
      events,
      new Random(settings.seed),
      keys.map(({ key }) => key),
      settings.pauseMs,
    );
  } else if (role === 'consumer') {
    class Root {}
    Module({ controllers: handlersOf(events) })(Root);
    const nest = await NestFactory.createMicroservice(Root, { strategy: bus.server, logger: false });
    nest.useGlobalFilters(new BusExceptionFilter());
    await nest.listen();
  }
  if (settings.brokenBuild) breakOnPurpose(bus, settings.brokenBuild);
  if (role !== 'writer') bus.start();

  process.on('message', (message) => {
    const order = Order.parse(message);
    if (order.kind === 'clock') clockOffsetMs = order.offsetMs;
    else if (order.kind === 'write') writer?.write();
    else if (order.kind === 'write-lethal') writer?.writeLethal();
    else void writer?.rest().then(() => report({ kind: 'resting' }));
  });
  const reporting = setInterval(() => void reportDuplicates(registry), REPORT_EVERY_MS);
  process.once('SIGTERM', () => {
    clearInterval(reporting);
    void (async () => {
      await writer?.rest();
      await bus.stop();
      await transport.close();
      await db.destroy();
      await reportDuplicates(registry);
      process.exit(0);
    })();
  });
  report({ kind: 'ready' });
}

async function reportDuplicates(registry: Registry): Promise<void> {
  const metric = await registry.getSingleMetric('bus_duplicates_absorbed_total')!.get();
  report({ kind: 'duplicates', count: metric.values.reduce((sum, { value }) => sum + value, 0) });
}

/** A process may be started while its database is away. */
async function untilItAnswers<T>(attempt: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      warn('the database does not answer', error);
      await sleep(200);
    }
  }
}

void main();
