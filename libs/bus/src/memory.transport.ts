import { Gathering } from './gathering';
import {
  type BatchHandler,
  type BusMessage,
  type ConsumerGroup,
  type Delivery,
  EVERY_TYPE,
  type Subscription,
  type Transport,
  type TransportObserver,
} from './transport';

/**
 * Carries events inside one process, from the relay straight to the groups. Nothing is kept here: a publish
 * resolves only when every group has settled the event in the database, so a killed process finds it in the outbox.
 */
export class MemoryTransport implements Transport {
  private readonly groups = new Map<string, MemoryGroup>();
  private readonly listeners = new Set<{ types: ReadonlySet<string>; listen: (type: string, body: string) => void }>();

  /** @param options `gathers: false` for tests, in which everybody waits for everything */
  constructor(
    private readonly observer: TransportObserver = {},
    private readonly options: { gathers: boolean } = { gathers: true },
  ) {}

  async publish(messages: readonly BusMessage[], onward?: () => void): Promise<void> {
    const groups = [...this.groups.values()];
    const waitedFor: Promise<void>[] = [];
    const settled = messages.flatMap((message) => {
      if (!groups.some(({ types }) => types.has(message.type))) this.observer.unroutable?.(message.type);
      const interested = groups.filter(({ types }) => types.has(message.type) || types.has(EVERY_TYPE));
      return interested.map((group) => {
        const added = group.add(message);
        if (!group.gathers) waitedFor.push(added);
        return added;
      });
    });
    // A rejection is that of the whole.
    if (onward) Promise.all(waitedFor).then(onward, () => undefined);
    await Promise.all(settled);
  }

  subscribe(group: ConsumerGroup, handle: BatchHandler): Promise<Subscription> {
    if (this.groups.get(group.name)?.closed === false)
      throw new Error(`Group ${group.name} is subscribed twice in one process`);
    const gatherMs = this.options.gathers ? group.gatherMs : 0;
    const memoryGroup = new MemoryGroup({ ...group, gatherMs }, handle);
    this.groups.set(group.name, memoryGroup);
    // It stays known: what is published while the process stops must not be taken for something that nobody hears.
    return Promise.resolve({ close: () => memoryGroup.close() });
  }

  signal(type: string, body: string): void {
    for (const { types, listen } of this.listeners) if (types.has(type)) setImmediate(listen, type, body);
  }

  onSignal(types: readonly string[], listen: (type: string, body: string) => void): Promise<Subscription> {
    const listener = { types: new Set(types), listen };
    this.listeners.add(listener);
    return Promise.resolve({
      close: () => {
        this.listeners.delete(listener);
        return Promise.resolve();
      },
    });
  }

  /** A group of this process is never bound to more than it hears, and leaves nothing behind. */
  unbind(): Promise<void> {
    return Promise.resolve();
  }

  remove(group: string): Promise<boolean> {
    const removable = this.groups.get(group)?.closed !== false;
    if (removable) this.groups.delete(group);
    return Promise.resolve(removable);
  }

  ready(): boolean {
    return true;
  }

  async close(): Promise<void> {
    await Promise.all([...this.groups.values()].map((group) => group.close()));
    this.groups.clear();
    this.listeners.clear();
  }
}

interface Waiting extends Delivery {
  readonly settle: () => void;
  readonly fail: (error: unknown) => void;
}

class MemoryGroup {
  readonly types: ReadonlySet<string>;
  private waiting: Waiting[] = [];
  private readonly working = new Set<Promise<void>>();
  private readonly gathering: Gathering | undefined;
  closed = false;

  constructor(
    private readonly group: ConsumerGroup,
    private readonly handle: BatchHandler,
  ) {
    this.types = new Set(group.types);
    this.gathering = group.gatherMs ? new Gathering(group.gatherMs) : undefined;
  }

  get gathers(): boolean {
    return this.gathering !== undefined;
  }

  add(message: BusMessage): Promise<void> {
    if (this.closed) return Promise.reject(new Error(`Group ${this.group.name} is closed`));
    return new Promise((settle, fail) => {
      this.waiting.push({ message, redeliveries: 0, settle, fail });
      if (this.waiting.length >= this.group.batchSize) this.gathering?.finish();
      this.work();
    });
  }

  async close(): Promise<void> {
    this.closed = true;
    // What was kept back is in hand.
    const givenBack = this.gathering?.isUnderWay ? [] : this.waiting.splice(0);
    this.gathering?.finish();
    for (const { fail } of givenBack) fail(new Error(`Group ${this.group.name} is closing`));
    await Promise.all(this.working);
  }

  private work(): void {
    const workers = this.group.ordered ? 1 : this.group.concurrency;
    if (this.closed || this.working.size >= workers || this.gathering?.isUnderWay) return;
    const worker = this.drain().finally(() => {
      this.working.delete(worker);
      if (this.waiting.length > 0) this.work();
    });
    this.working.add(worker);
  }

  private async drain(): Promise<void> {
    // Lets everything published in this turn of the event loop arrive, so that it becomes one batch.
    await new Promise(setImmediate);
    while (this.waiting.length > 0) {
      if (this.waiting.length < this.group.batchSize && !this.closed) await this.gathering?.wait();
      if (this.waiting.length === 0) break; // another worker has taken them
      const batch = this.waiting.splice(0, this.group.batchSize);
      try {
        await this.handle(batch);
        for (const { settle } of batch) settle();
      } catch (error) {
        for (const { fail } of batch) fail(error);
      }
    }
  }
}
