import 'reflect-metadata';
import { Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  Bus,
  BusExceptionFilter,
  Consumer,
  databaseSocket,
  Handles,
  HandlesBatch,
  MemoryTransport,
  RabbitTransport,
} from '@switchboard/bus';
import { defineEvent, type EventOf, personal } from '@switchboard/contracts';
import { EventEncryption, KeyRing } from '@switchboard/service-kit';
import { Registry } from 'prom-client';
import { DataSource, type EntityManager } from 'typeorm';
import { z } from 'zod';
import { applied, EVENT_BYTES, serve, type Settings, writing } from './part.mjs';

/** What an envelope takes around the text, for names and numbers of usual length. */
const ENVELOPE_BYTES = 330;
const PER_TRANSACTION = 100;
/** More than a group has by itself: while one batch waits for its statement the others use the processor. */
const EVENT_CONCURRENCY = 4;
/** Subjects, as many as a shop has customers at one time. */
const SUBJECTS = 1000;

/** The bus as services have it: Nest, TypeORM, the decorators. */
export async function ours({
  name,
  role,
  handler,
  shards,
  personal: isPersonal,
  databaseUrl,
  amqpUrl,
}: Settings): Promise<void> {
  const transport =
    role === 'both' ? new MemoryTransport() : new RabbitTransport({ url: amqpUrl, name, problem: console.error });
  const OrderPlaced = defineEvent(
    `${name}.order.placed.v1`,
    z.object({ key: z.string(), n: z.int(), text: isPersonal ? personal(z.string()) : z.string() }),
    { subject: 'key', summary: 'An order.' },
  );
  type Placed = EventOf<typeof OrderPlaced>;

  const busIn = async (schema: string) => {
    const db = new DataSource({
      type: 'postgres',
      url: databaseUrl,
      schema,
      poolSize: 10,
      poolErrorHandler: () => undefined,
      extra: { options: `-c search_path=${schema}`, stream: () => databaseSocket() },
    });
    await db.initialize();
    const make = () =>
      new Bus({
        service: `${name}_${schema}`,
        schema,
        db,
        connection: { connectionString: databaseUrl, options: `-c search_path=${schema}` },
        transport,
        cipher: new EventEncryption(new KeyRing(`bench:${Buffer.alloc(32, 7).toString('base64')}`)),
        registry: new Registry(),
        warn: console.error,
      });
    return { db, make };
  };

  const apply = (tx: EntityManager, events: Placed[]) =>
    tx.query('INSERT INTO applied (event_id, n) SELECT * FROM unnest($1::uuid[], $2::int[])', [
      events.map((event) => event.id),
      events.map((event) => event.data.n),
    ]);

  class Single {
    async placed(event: Placed, tx: EntityManager) {
      await tx.query('INSERT INTO applied (event_id, n) VALUES ($1, $2)', [event.id, event.data.n]);
      applied(1);
    }
  }
  class Batch {
    async placed(events: Placed[], tx: EntityManager) {
      await apply(tx, events);
      applied(events.length);
    }
  }

  if (role !== 'sender') {
    const { make } = await busIn('warehouse');
    const bus = make();
    await bus.prepare();
    const heard: Type = handler === 'event' ? Single : Batch;
    const descriptor = Object.getOwnPropertyDescriptor(heard.prototype, 'placed')!;
    const hears =
      handler === 'event' ? Handles(OrderPlaced, { decrypt: true }) : HandlesBatch(OrderPlaced, { decrypt: true });
    (hears as MethodDecorator)(heard.prototype as object, 'placed', descriptor);
    const ordering = { ordered: shards > 0, shards: Math.max(1, shards) };
    Consumer('orders', { ...ordering, ...(handler === 'event' && { concurrency: EVENT_CONCURRENCY }) })(heard);
    class Root {}
    Module({ controllers: [heard] })(Root);
    const nest = await NestFactory.createMicroservice(Root, { strategy: bus.server, logger: false });
    nest.useGlobalFilters(new BusExceptionFilter());
    await nest.listen();
    bus.start();
  }
  if (role === 'receiver') return serve({});

  const { db, make } = await busIn('shop');
  const text = 'x'.repeat(EVENT_BYTES - ENVELOPE_BYTES);
  let n = 0;
  let bus = make();
  await bus.prepare();
  const place = (count: number) =>
    db.transaction(async (tx) => {
      const drafts = Array.from({ length: count }, () => OrderPlaced({ key: `customer-${++n % SUBJECTS}`, n, text }));
      const ids = await bus.outbox.add(tx, ...drafts);
      await tx.query('INSERT INTO orders (event_id) SELECT unnest($1::uuid[])', [ids]);
    });
  serve({
    async fill({ events }) {
      for (let left = events; left > 0; left -= PER_TRANSACTION) await place(Math.min(PER_TRANSACTION, left));
    },
    carry() {
      bus.start();
      return Promise.resolve();
    },
    async halt() {
      await bus.stop();
      db.subscribers.length = 0; // they ring for the bus that was stopped
      bus = make();
      await bus.prepare();
    },
    write: (order) => writing(order, () => place(1)),
  });
}
