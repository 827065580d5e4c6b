/** What travels: the envelope as text, and beside it what routing needs. */
export interface BusMessage {
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  /** The whole CloudEvents envelope in JSON. */
  readonly body: string;
  /** The same, where the carrier has read it already. */
  readonly envelope?: unknown;
}

export interface Delivery {
  readonly message: BusMessage;
  /** How often the broker gave this event to a consumer that then went away. */
  readonly redeliveries: number;
}

/** In place of a type: every event, as AMQP's topic exchanges write it. */
export const EVERY_TYPE = '#';

export interface ConsumerGroup {
  /** `<service>.<group>`, which is also the queue's name. */
  readonly name: string;
  /** What it hears; EVERY_TYPE alone for every event. */
  readonly types: readonly string[];
  /** One consumer at a time in the whole installation, events of a subject in the order they were said. */
  readonly ordered: boolean;
  /** Into how many transactions a batch of an ordered group is spread, by subject. */
  readonly shards: number;
  /** Batches handled side by side by one process; always one in ordered groups. */
  readonly concurrency: number;
  /** The most events handed over at once. */
  readonly batchSize: number;
  /** How long what has come waits for more, as long as there is room in its batch. Default: 0. */
  readonly gatherMs?: number | undefined;
}

/**
 * Settles a batch. Resolves when every delivery may be forgotten (applied, known already, or parked);
 * rejects when none may, and then all of them come again.
 */
export type BatchHandler = (batch: readonly Delivery[]) => Promise<void>;

export interface Subscription {
  /** Takes nothing new, waits for the batches in hand, and gives the rest back. */
  close(): Promise<void>;
}

/** The one interface between outbox, inbox and whatever carries events; both implementations pass one contract suite. */
export interface Transport {
  /**
   * Publishes the events of each subject in the given order. Resolves when all of it is safe: with a broker, confirmed to be on disk;
   * in one process, settled by every group. After a rejection any part of it may have been published.
   * @param onward called when only groups that wait for more have not settled it: what comes next need not wait for them
   */
  publish(messages: readonly BusMessage[], onward?: () => void): Promise<void>;
  subscribe(group: ConsumerGroup, handle: BatchHandler): Promise<Subscription>;
  /** Sends to whoever listens now; lost when nobody does. */
  signal(type: string, body: string): void;
  onSignal(types: readonly string[], listen: (type: string, body: string) => void): Promise<Subscription>;
  /** Ends the way of these types to a group, by its full name; what waits for it already stays. */
  unbind(group: string, types: readonly string[]): Promise<void>;
  /** Removes a group that nobody consumes any more; false while something of it waits, or may wait. */
  remove(group: string): Promise<boolean>;
  /** True while events can be carried. */
  ready(): boolean;
  close(): Promise<void>;
}

/** Facts a transport reports that have no place in its answers. */
export interface TransportObserver {
  /** A published event that no group listens to but those that listen to every event. */
  unroutable?(type: string): void;
  problem?(message: string, error?: unknown): void;
}
