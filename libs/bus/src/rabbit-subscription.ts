import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';
import { Gathering } from './gathering';
import { closed, type RabbitConnection } from './rabbit-connection';
import { fromAmqp } from './rabbit-message';
import {
  type BatchHandler,
  type ConsumerGroup,
  type Delivery,
  EVERY_TYPE,
  type Subscription,
  type TransportObserver,
} from './transport';

export const EVENTS_EXCHANGE = 'events';
/**
 * Whoever hears every event is bound here, and each event is published here besides: bound to `events` itself, such a queue would
 * take what nobody hears, and the broker would return nothing any more.
 */
export const EVERY_EVENT_EXCHANGE = 'events.all';

/** Makes both. */
export async function assertExchanges(channel: Channel): Promise<void> {
  await channel.assertExchange(EVENTS_EXCHANGE, 'topic', { durable: true });
  await channel.assertExchange(EVERY_EVENT_EXCHANGE, 'fanout', { durable: true });
}

/** To which of them a group is bound for a type. */
export const exchangeOf = (type: string) => (type === EVERY_TYPE ? EVERY_EVENT_EXCHANGE : EVENTS_EXCHANGE);

/**
 * Stated because the broker's default changed: none in RabbitMQ 3, 20 in 4.0, after which messages were dropped.
 * The inbox gives up long before; this only ends loops in which not even the inbox comes to run.
 */
const DELIVERY_LIMIT = 1000;
const UNDELIVERED = '.undelivered';

/** The queues of a group: its own, and that of messages no consumer could even begin to handle. */
export const queuesOf = (group: string) => [group, group + UNDELIVERED] as const;

/** The consumers of one group in this process: one channel for each batch that may be in hand at once. */
export class RabbitSubscription implements Subscription {
  private workers: Worker[] = [];
  private closing = false;
  private refused: (error: Error) => void = () => undefined;

  constructor(
    private readonly group: ConsumerGroup,
    private readonly handle: BatchHandler,
    private readonly connection: RabbitConnection,
    private readonly observer: TransportObserver,
    private readonly deliveryLimit = DELIVERY_LIMIT,
  ) {}

  /** Resolves when the group is consumed, however long the broker is away; rejects when the broker has a different queue. */
  open(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.refused = reject;
      this.connection.onConnection(this.setup).then(resolve, reject);
    });
  }

  async close(): Promise<void> {
    this.closing = true;
    this.connection.forget(this.setup);
    await Promise.all(this.workers.map((worker) => worker.close()));
  }

  private readonly setup = async (connection: ChannelModel): Promise<void> => {
    await this.declare(connection);
    const count = this.group.ordered ? 1 : this.group.concurrency;
    this.workers = await Promise.all(
      Array.from({ length: count }, async () => {
        const channel = await connection.createChannel();
        const worker = new Worker(this.group, this.handle, channel, this.observer);
        channel.on('error', (error: Error) => this.observer.problem?.(`channel of ${this.group.name}`, error));
        channel.on('close', () => !this.closing && !worker.closed && this.connection.startOver());
        await worker.start();
        return worker;
      }),
    );
  };

  private async declare(connection: ChannelModel): Promise<void> {
    const channel = await connection.createChannel();
    channel.on('error', () => undefined); // the declaration is rejected with it
    const { name, types, ordered } = this.group;
    const [queue, undelivered] = queuesOf(name);
    try {
      await assertExchanges(channel);
      await channel.assertQueue(undelivered, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
      await channel.assertQueue(queue, {
        durable: true,
        arguments: {
          'x-queue-type': 'quorum',
          'x-delivery-limit': this.deliveryLimit,
          'x-dead-letter-exchange': '',
          'x-dead-letter-routing-key': undelivered,
          ...(ordered && { 'x-single-active-consumer': true }),
        },
      });
    } catch (error) {
      if (!differs(error)) throw error;
      const refusal = new Error(
        `The queue ${name} exists with other properties; a group that has become ${ordered ? 'ordered' : 'unordered'} ` +
          'needs a new one. Let the version before drain it, stop that version, delete the queue and start again. ' +
          `The broker says: ${(error as Error).message}`,
      );
      this.connection.forget(this.setup);
      this.refused(refusal);
      throw refusal;
    }
    for (const type of types) await channel.bindQueue(queue, exchangeOf(type), type);
    await closed(channel);
  }
}

/** A queue's properties cannot be changed: the broker answers 406, PRECONDITION_FAILED. */
const differs = (error: unknown) => (error as { code?: unknown }).code === 406;

/** How many messages wait here unacknowledged, at the most: the next batch arrives while one is in hand. */
const PREFETCH = 100;

interface Waiting extends Delivery {
  /** The message that came with it, if it is the last event of that. */
  readonly ends: ConsumeMessage | undefined;
}

/** Takes events off one channel in batches, one batch at a time, and acknowledges the messages that are through. */
class Worker {
  closed = false;
  private waiting: Waiting[] = [];
  private working: Promise<void> | undefined;
  private readonly gathering: Gathering | undefined;
  private readonly prefetch: number;
  /** Messages that were not acknowledged. */
  private unacknowledged = 0;

  constructor(
    private readonly group: ConsumerGroup,
    private readonly handle: BatchHandler,
    private readonly channel: Channel,
    private readonly observer: TransportObserver,
  ) {
    const { gatherMs, batchSize } = group;
    this.gathering = gatherMs ? new Gathering(gatherMs) : undefined;
    this.prefetch = gatherMs ? batchSize : Math.min(PREFETCH, batchSize * 2);
  }

  async start(): Promise<void> {
    await this.channel.prefetch(this.prefetch);
    await this.channel.consume(this.group.name, (message) => this.arrived(message));
  }

  /**
   * Without cancelling the consumer first: an ordered queue would then go to its next consumer at once, which gets the
   * later events while the earlier ones are still here. Closing the channel gives these back before it passes on.
   */
  async close(): Promise<void> {
    this.closed = true;
    this.gathering?.finish();
    await this.working;
    await closed(this.channel);
  }

  /** Waiting longer brings nothing. */
  private get isFull(): boolean {
    return this.closed || this.waiting.length >= this.group.batchSize || this.unacknowledged >= this.prefetch;
  }

  private arrived(message: ConsumeMessage | null): void {
    if (!message) {
      // The broker cancelled the consumer, because the queue was deleted or its node left.
      if (!this.closed) void closed(this.channel);
      return;
    }
    if (this.closed) return;
    const redeliveries = Number(message.properties.headers?.['x-delivery-count'] ?? 0);
    const events = fromAmqp(message);
    for (const [i, event] of events.entries())
      this.waiting.push({ message: event, redeliveries, ends: i === events.length - 1 ? message : undefined });
    this.unacknowledged++;
    if (this.isFull) this.gathering?.finish();
    this.working ??= this.drain().finally(() => (this.working = undefined));
  }

  private async drain(): Promise<void> {
    // What has come in the same read of the socket becomes one batch.
    await new Promise(setImmediate);
    // Told to stop, it finishes the message of which it has applied a part, and no more.
    let within = false;
    while (this.waiting.length > 0 && (within || !this.closed)) {
      if (!this.isFull) await this.gathering?.wait();
      if (this.closed && !within) break;
      const most = this.closed ? this.waiting.findIndex(({ ends }) => ends) + 1 : this.group.batchSize;
      const batch = this.waiting.splice(0, Math.min(most, this.group.batchSize));
      try {
        await this.handle(batch);
        const through = batch.findLast(({ ends }) => ends)?.ends;
        if (through) this.channel.ack(through, true);
        this.unacknowledged -= batch.filter(({ ends }) => ends).length;
        within = !batch.at(-1)!.ends;
      } catch (error) {
        // Nothing of it was settled, or the channel is gone: a closed channel gives everything back.
        this.observer.problem?.(`a batch of ${this.group.name} goes back`, error);
        this.waiting = [];
        await closed(this.channel);
        return;
      }
    }
    this.waiting = this.closed ? [] : this.waiting;
  }
}
