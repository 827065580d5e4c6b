import { type Channel, connect, type ChannelModel, type RecoveringChannelModel } from 'amqplib';

/** Makes what is needed on a new connection: channels, topology, consumers. */
export type Setup = (connection: ChannelModel) => Promise<void>;

const HEARTBEAT_SECONDS = 10;

/** amqplib settles a close with the broker's answer alone. What ends without one, with its connection, only says "close". */
export function closed(what: Channel | ChannelModel, close = () => what.close()): Promise<void> {
  return new Promise((resolve) => {
    what.once('close', resolve);
    // Rejected when it is closed already.
    void (async () => close())().then(resolve, resolve);
  });
}

/** One connection that comes back by itself and then makes everything on it anew. */
export class RabbitConnection {
  private readonly setups = new Map<Setup, Setup>();
  private readonly closing = new AbortController();
  private readonly recovering: Promise<RecoveringChannelModel>;
  private current: ChannelModel | undefined;
  /** A new connection, until everything is made on it or something of it was lost again. */
  private beginning: ChannelModel | undefined;

  constructor(
    url: string,
    name: string,
    private readonly problem: (message: string, error?: unknown) => void,
  ) {
    this.recovering = this.open(url, name);
  }

  get connected(): boolean {
    return this.current !== undefined;
  }

  /** Runs `setup` now and after every reconnection; resolves after the first run, however long the broker is away. */
  onConnection(setup: Setup): Promise<void> {
    return new Promise((resolve, reject) => {
      this.closing.signal.throwIfAborted();
      this.closing.signal.addEventListener('abort', () => reject(new Error('the connection was closed')), {
        once: true,
      });
      const resolving: Setup = async (connection) => {
        await setup(connection);
        resolve();
      };
      this.setups.set(setup, resolving);
      if (this.current)
        resolving(this.current).catch((error: unknown) => {
          this.problem('a new connection to RabbitMQ is made', error);
          this.startOver();
        });
    });
  }

  forget(setup: Setup): void {
    this.setups.delete(setup);
  }

  /** Does one thing on a channel of its own, which a refusal of the broker closes. */
  async onChannel<T>(work: (channel: Channel) => Promise<T>): Promise<T> {
    if (!this.current) throw new Error('RabbitMQ is away');
    const channel = await this.current.createChannel();
    channel.on('error', () => undefined); // `work` is rejected with it
    try {
      return await work(channel);
    } finally {
      await closed(channel);
    }
  }

  /** For faults on one channel that a fresh connection mends: a channel alone cannot tell what was lost with it. */
  startOver(): void {
    const broken = this.current;
    this.current = undefined;
    this.beginning = undefined;
    broken?.close().catch(() => undefined);
  }

  async close(): Promise<void> {
    this.closing.abort();
    this.current = undefined;
    await (await this.recovering).close();
  }

  private async open(url: string, name: string): Promise<RecoveringChannelModel> {
    const target = new URL(url);
    target.searchParams.set('heartbeat', String(HEARTBEAT_SECONDS));
    const recovering = await connect(target.href, {
      timeout: 10_000,
      // Else a small write may wait until the broker has acknowledged the one before, which it delays by 40 ms.
      noDelay: true,
      clientProperties: { connection_name: name },
      recovery: {
        initialDelay: 100,
        maxDelay: 5000,
        waitForConnect: false,
        setup: async (fresh: ChannelModel) => {
          fresh.on('error', () => undefined); // told by "disconnect" or "connect-failed"
          fresh.once('close', () => this.beginning === fresh && (this.beginning = undefined));
          // amqplib closes what could not be set up, and waits for it.
          const close = fresh.close.bind(fresh);
          fresh.close = () => closed(fresh, close);
          this.beginning = fresh;
          for (const setup of [...this.setups.values()]) await setup(fresh);
          // Nobody else would hear of it: what is lost so early has no "disconnect".
          if (this.beginning !== fresh) throw new Error('something was lost again while it was set up');
          this.current = fresh;
        },
      },
    });
    recovering.on('connect-failed', (error: Error) => this.problem('no connection to RabbitMQ', error));
    recovering.on('disconnect', (error: Error) => {
      this.current = undefined;
      if (!this.closing.signal.aborted) this.problem('the connection to RabbitMQ was lost', error);
    });
    recovering.on('blocked', (reason: string) => this.problem(`RabbitMQ takes no events for now: ${reason}`));
    recovering.on('error', () => undefined);
    recovering.on('handler-error', (error: Error) => this.problem('a RabbitMQ listener failed', error));
    return recovering;
  }
}
