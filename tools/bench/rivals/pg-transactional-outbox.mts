import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type ConsumeMessage } from 'amqplib';
import { Pool, type PoolConfig } from 'pg';
import {
  DatabaseSetup,
  executeTransaction,
  type GeneralMessageHandler,
  getDisabledLogger,
  initializeMessageStorage,
  initializePollingMessageListener,
  type OutboxOrInbox,
  type PollingListenerConfig,
  type TransactionalMessage,
} from 'pg-transactional-outbox';
import { applied, EVENT_BYTES, serve, type Settings } from '../service/part.mjs';

/** Of the outbox and of the inbox. They poll, as the other way needs `wal_level=logical`, which no other candidate does. */
const LISTENER = {
  /** Each holds one message while it is published or handled. */
  connections: 20,
  /** Each look sorts all messages that wait, so a large batch is the cheapest. */
  nextMessagesBatchSize: 2000,
  nextMessagesPollingIntervalInMs: 50,
  /** When a message that failed is handled again; a batch may take longer, as there is no look while it is handled. */
  nextMessagesLockInMs: 5_000,
  /** The last messages of a batch wait for a connection. */
  messageProcessingTimeoutInMs: 60_000,
};
/** All that have arrived go to the inbox in one transaction. */
const PREFETCH = 400;
export const SETTINGS: Record<string, unknown> = { ...LISTENER, prefetch: PREFETCH };

const PER_TRANSACTION = 100;
/** While messages are at hand, the library asks so often whether it may look for more. */
const TURN_MS = 2;

interface Payload {
  n: number;
  text: string;
}

const logger = { ...getDisabledLogger(), error: console.error, fatal: console.error };

/** The same patterns as ours: outbox, broker, inbox. */
export async function run(settings: Settings): Promise<void> {
  await (settings.role === 'sender' ? send(settings) : receive(settings));
}

async function send({ name, databaseUrl, amqpUrl }: Settings): Promise<void> {
  const pool = new Pool({ connectionString: databaseUrl });
  const config = listenerConfig('outbox', 'shop', databaseUrl);
  await createTable(pool, config);
  const channel = await (await connect(amqpUrl)).createConfirmChannel();
  await channel.assertQueue(name, { durable: true, arguments: { 'x-queue-type': 'quorum' } });

  const store = initializeMessageStorage(config, logger);
  let n = 0;
  const place = async (count: number) => {
    const messages = Array.from({ length: count }, () => message(++n));
    await executeTransaction(await pool.connect(), async (client) => {
      await client.query('INSERT INTO shop.orders (event_id) SELECT unnest($1::uuid[])', [
        messages.map(({ id }) => id),
      ]);
      for (const each of messages) await store(each, client);
    });
  };
  const publish: GeneralMessageHandler = {
    handle: ({ id, aggregateType, aggregateId, messageType, concurrency, payload }) =>
      new Promise((resolve, reject) => {
        const body = JSON.stringify({ id, aggregateType, aggregateId, messageType, concurrency, payload });
        channel.sendToQueue(name, Buffer.from(body), { persistent: true }, (error: unknown) => {
          if (error) reject(new Error('not confirmed'));
          else resolve();
        });
      }),
  };
  let stop: (() => Promise<void>) | undefined;
  serve({
    async fill({ events }) {
      for (let left = events; left > 0; left -= PER_TRANSACTION) await place(Math.min(PER_TRANSACTION, left));
    },
    carry() {
      stop = listen(config, publish);
      return Promise.resolve();
    },
    halt: async () => stop?.(),
  });
}

async function receive({ name, databaseUrl, amqpUrl }: Settings): Promise<void> {
  const pool = new Pool({ connectionString: databaseUrl });
  const config = listenerConfig('inbox', 'warehouse', databaseUrl);
  await createTable(pool, config);
  const channel = await (await connect(amqpUrl)).createChannel();
  await channel.assertQueue(name, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
  await channel.prefetch(PREFETCH);

  const store = initializeMessageStorage(config, logger);
  const waiting: ConsumeMessage[] = [];
  let storing = false;
  const storeAll = async () => {
    if (storing) return;
    storing = true;
    while (waiting.length > 0) {
      const some = waiting.splice(0);
      await executeTransaction(await pool.connect(), async (client) => {
        for (const { content } of some) await store(JSON.parse(content.toString()) as TransactionalMessage, client);
      });
      channel.ack(some.at(-1)!, true);
    }
    storing = false;
  };
  listen(config, {
    async handle({ id, payload }, client) {
      await client.query('INSERT INTO warehouse.applied (event_id, n) VALUES ($1, $2)', [id, (payload as Payload).n]);
      applied(1);
    },
  });
  await channel.consume(name, (received) => {
    waiting.push(received!);
    void storeAll();
  });
  serve({});
}

function message(n: number): TransactionalMessage {
  const envelope = (text: string): TransactionalMessage => {
    const payload: Payload = { n, text };
    return {
      id: randomUUID(),
      aggregateType: 'order',
      aggregateId: String(n),
      messageType: 'order_placed',
      // Otherwise the messages of a segment go one by one.
      concurrency: 'parallel',
      payload,
    };
  };
  return envelope('x'.repeat(EVENT_BYTES - JSON.stringify(envelope('')).length));
}

function listenerConfig(outboxOrInbox: OutboxOrInbox, dbSchema: string, url: string): PollingListenerConfig {
  const { connections, ...settings } = LISTENER;
  const dbHandlerConfig: PoolConfig = { connectionString: url, max: connections };
  const dbListenerConfig: PoolConfig = { connectionString: url, max: 2 };
  return {
    outboxOrInbox,
    dbHandlerConfig,
    dbListenerConfig,
    settings: {
      ...settings,
      dbSchema,
      dbTable: outboxOrInbox,
      nextMessagesFunctionSchema: dbSchema,
      nextMessagesFunctionName: `next_${outboxOrInbox}_messages`,
      // What the library does by default for each of the two.
      enableMaxAttemptsProtection: outboxOrInbox === 'inbox',
      enablePoisonousMessageProtection: outboxOrInbox === 'inbox',
    },
  };
}

async function createTable(pool: Pool, { outboxOrInbox, settings }: PollingListenerConfig): Promise<void> {
  const setup = {
    outboxOrInbox,
    database: '',
    schema: settings.dbSchema,
    table: settings.dbTable,
    listenerRole: '',
    nextMessagesName: settings.nextMessagesFunctionName,
  };
  await pool.query(DatabaseSetup.dropAndCreateTable(setup));
  await pool.query(DatabaseSetup.createPollingFunction(setup));
  await pool.query(DatabaseSetup.setupPollingIndexes(setup));
}

/** Gives the function that stops it. */
function listen(config: PollingListenerConfig, handler: GeneralMessageHandler): () => Promise<void> {
  let done: (() => void) | undefined;
  const [shutdown] = initializePollingMessageListener(config, handler, logger, {
    // A look locks the oldest message even while it is handled; its handling then fails and is only repeated when the
    // message's time is over. So there is no look before all messages of the last one are done.
    async batchSizeStrategy(running) {
      if (running === 0 && !done) return LISTENER.nextMessagesBatchSize;
      if (running === 0) done?.();
      await sleep(TURN_MS);
      return 0;
    },
  });
  return async () => {
    // A shutdown alone would give up what is at hand.
    await new Promise<void>((resolve) => (done = resolve));
    await shutdown();
  };
}
