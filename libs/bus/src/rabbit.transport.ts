import type { Channel, ChannelModel, ConfirmChannel, ConsumeMessage } from 'amqplib';
import { closed, RabbitConnection } from './rabbit-connection';
import { fromAmqp, packed, toAmqp } from './rabbit-message';
import { RabbitQueues } from './rabbit-queues';
import { assertExchanges, EVENTS_EXCHANGE, EVERY_EVENT_EXCHANGE, RabbitSubscription } from './rabbit-subscription';
import type { BatchHandler, BusMessage, ConsumerGroup, Subscription, Transport, TransportObserver } from './transport';

const SIGNALS_EXCHANGE = 'signals';

export interface RabbitOptions extends TransportObserver {
  url: string;
  /** How this process is called in the broker's list of connections. */
  name: string;
  /** How long a batch may wait for its confirmations before it is sent again over a new connection. */
  confirmTimeoutMs?: number;
  /** How often a message may come again before the broker puts it into `<queue>.undelivered`. Default: 1000. */
  deliveryLimit?: number;
}

/** Carries events through RabbitMQ: one topic exchange, a second one for those who hear everything, one quorum queue per group, publisher confirms, several events in one message. */
export class RabbitTransport implements Transport {
  private readonly publishing: RabbitConnection;
  private readonly consuming: RabbitConnection;
  private confirms: ConfirmChannel | undefined;
  private signals: Channel | undefined;
  private readonly queues: RabbitQueues;
  private readonly confirmTimeoutMs: number;

  constructor(private readonly options: RabbitOptions) {
    const problem = (message: string, error?: unknown) => options.problem?.(message, error);
    this.confirmTimeoutMs = options.confirmTimeoutMs ?? 30_000;
    // Two connections: a broker that is short of memory blocks publishers, and consumers must go on meanwhile.
    this.publishing = new RabbitConnection(options.url, `${options.name} publishes`, problem);
    this.consuming = new RabbitConnection(options.url, `${options.name} consumes`, problem);
    this.queues = new RabbitQueues(this.consuming);
    this.publishing.onConnection((connection) => this.openPublishing(connection)).catch(() => undefined);
  }

  async publish(messages: readonly BusMessage[]): Promise<void> {
    const channel = this.confirms;
    if (!channel || !this.publishing.connected) throw new Error('RabbitMQ is away');
    await new Promise<void>((resolve, reject) => {
      const packs = packed(messages);
      let missing = 2 * packs.length;
      const deadline = setTimeout(() => {
        reject(new Error(`RabbitMQ confirmed nothing for ${this.confirmTimeoutMs} ms`));
        this.publishing.startOver();
      }, this.confirmTimeoutMs);
      const settle = (error: unknown) => {
        if (!error && --missing > 0) return;
        clearTimeout(deadline);
        if (error) reject(error instanceof Error ? error : new Error('RabbitMQ refused an event'));
        else resolve();
      };
      if (missing === 0) return settle(undefined);
      try {
        for (const pack of packs) {
          const { content, properties } = toAmqp(pack);
          channel.publish(EVENTS_EXCHANGE, pack[0]!.type, content, properties, settle);
          channel.publish(EVERY_EVENT_EXCHANGE, '', content, { ...properties, mandatory: false }, settle);
        }
      } catch (error) {
        settle(error); // the channel is closed
      }
    });
  }

  async subscribe(group: ConsumerGroup, handle: BatchHandler): Promise<Subscription> {
    const subscription = new RabbitSubscription(
      group,
      handle,
      this.consuming,
      this.options,
      this.options.deliveryLimit,
    );
    await subscription.open();
    return subscription;
  }

  signal(type: string, body: string): void {
    try {
      this.signals?.publish(SIGNALS_EXCHANGE, type, Buffer.from(body), { persistent: false });
    } catch {
      // A signal may be lost; a channel that closes just now loses it.
    }
  }

  async onSignal(types: readonly string[], listen: (type: string, body: string) => void): Promise<Subscription> {
    let channel: Channel | undefined;
    let closing = false;
    const setup = async (connection: ChannelModel) => {
      const opened = (channel = await connection.createChannel());
      opened.on('error', (error: Error) => this.options.problem?.('channel of signals', error));
      opened.on('close', () => !closing && this.consuming.startOver());
      await opened.assertExchange(SIGNALS_EXCHANGE, 'topic', { durable: true });
      const { queue } = await opened.assertQueue('', { exclusive: true, autoDelete: true, durable: false });
      for (const type of types) await opened.bindQueue(queue, SIGNALS_EXCHANGE, type);
      await opened.consume(
        queue,
        (message: ConsumeMessage | null) => {
          if (message) listen(message.fields.routingKey, message.content.toString());
          else if (!closing) void closed(opened); // the broker has cancelled it
        },
        { noAck: true },
      );
    };
    await this.consuming.onConnection(setup);
    return {
      close: async () => {
        closing = true;
        this.consuming.forget(setup);
        if (channel) await closed(channel);
      },
    };
  }

  unbind(group: string, types: readonly string[]): Promise<void> {
    return this.queues.unbind(group, types);
  }

  remove(group: string): Promise<boolean> {
    return this.queues.remove(group);
  }

  ready(): boolean {
    return this.publishing.connected && this.consuming.connected;
  }

  async close(): Promise<void> {
    await Promise.all([this.publishing.close(), this.consuming.close()]);
  }

  private async openPublishing(connection: ChannelModel): Promise<void> {
    const confirms = await connection.createConfirmChannel();
    await assertExchanges(confirms);
    await confirms.assertExchange(SIGNALS_EXCHANGE, 'topic', { durable: true });
    confirms.on('return', (message) => fromAmqp(message).forEach(({ type }) => this.options.unroutable?.(type)));
    confirms.on('error', () => undefined); // followed by "close"
    confirms.on('close', () => this.confirms === confirms && this.publishing.startOver());
    const signals = await connection.createChannel();
    signals.on('error', () => undefined);
    this.confirms = confirms;
    this.signals = signals;
  }
}
