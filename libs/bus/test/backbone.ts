import { Module, type INestMicroservice, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { defineEvent } from '@switchboard/contracts';
import { createTestDatabase, type TestDatabase } from '@switchboard/testing';
import { Registry } from 'prom-client';
import { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { Bus } from '../src/bus';
import { BusExceptionFilter } from '../src/bus-exception.filter';
import { busMigrations } from '../src/bus-migrations';
import type { EventCipher } from '../src/event-cipher';
import type { Transport } from '../src/transport';

/** Specs share a broker and run side by side: each file has events of its own. */
const own = uuidv7();
export const OrderPlaced = defineEvent(`shop.order-${own}.placed.v1`, z.object({ orderId: z.string(), n: z.int() }), {
  subject: 'orderId',
  summary: 'Somebody bought something.',
});
export const OrderCancelled = defineEvent(`shop.order-${own}.cancelled.v1`, z.object({ orderId: z.string() }), {
  subject: 'orderId',
  summary: 'Somebody changed their mind.',
});

/** A database with the tables of the backbone and one table of facts that handlers write. */
export async function openBackboneDatabase(): Promise<{ database: TestDatabase; open(): Promise<DataSource> }> {
  const database = await createTestDatabase();
  const open = () =>
    new DataSource({
      type: 'postgres',
      url: database.url,
      migrations: busMigrations,
      poolSize: 8,
      poolErrorHandler: () => undefined,
    }).initialize();
  const db = await open();
  await db.runMigrations();
  await db.query('CREATE TABLE applied (id bigint GENERATED ALWAYS AS IDENTITY, order_id text, n int, what text)');
  await db.destroy();
  return { database, open };
}

export interface Running {
  bus: Bus;
  db: DataSource;
  registry: Registry;
  nest: INestMicroservice;
  warnings: string[];
  stop(): Promise<void>;
}

export interface RunOptions {
  consumers?: { controller: Type; providers?: unknown[] }[];
  now?: () => Date;
  /** False leaves the relay off, as if the process had been killed before it came to run. */
  relay?: boolean;
  service?: string;
  cipher?: EventCipher;
  releaseOverlapMs?: number;
  asRecorded?: (error: unknown) => unknown;
}

/** Starts bus and consumers on the database, as service-kit does. */
export async function run(
  db: DataSource,
  url: string,
  transport: Transport,
  options: RunOptions = {},
): Promise<Running> {
  const registry = new Registry();
  const warnings: string[] = [];
  const bus = new Bus({
    service: options.service ?? 'shop',
    schema: 'public',
    db,
    connection: { connectionString: url },
    transport,
    ...(options.cipher && { cipher: options.cipher }),
    ...(options.asRecorded && { asRecorded: options.asRecorded }),
    registry,
    now: options.now,
    releaseOverlapMs: options.releaseOverlapMs,
    retryAfterSeconds: [0.05, 0.1],
    warn: (message, error) => warnings.push(`${message}: ${error instanceof Error ? error.message : String(error)}`),
  });
  await bus.prepare();
  class Root {}
  Module({
    controllers: (options.consumers ?? []).map((consumer) => consumer.controller),
    providers: (options.consumers ?? []).flatMap((consumer) => (consumer.providers ?? []) as never[]),
  })(Root);
  const nest = await NestFactory.createMicroservice(Root, { strategy: bus.server, logger: false });
  nest.useGlobalFilters(new BusExceptionFilter());
  await nest.listen();
  if (options.relay !== false) bus.start();
  return {
    bus,
    db,
    registry,
    nest,
    warnings,
    stop: async () => {
      await bus.stop();
      await nest.close();
      await db.destroy();
    },
  };
}
