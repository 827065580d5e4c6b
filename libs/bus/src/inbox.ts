import { SpanKind, SpanStatusCode, context, trace } from '@opentelemetry/api';
import type { CloudEvent, EventDefinition } from '@switchboard/contracts';
import { setTimeout as sleep } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import type { DataSource, EntityManager } from 'typeorm';
import type { BusMetrics } from './bus-metrics';
import { EncryptionKeyMissing, isInfrastructureError, NotHeardHere, PermanentError, UnreadableEvent } from './errors';
import type { EventCipher } from './event-cipher';
import { traceOf, whileHandling } from './event-context';
import { isWithinRetention, lacksPartition, makeInboxPartitions } from './inbox-partitions';
import { describe, dispositionOf, park, storable, type DeadReason, type Disposition } from './parked-events';
import { MOST_SHARDS } from './handles.decorator';
import { openEvent, readEnvelope, readersFor, type Readers } from './read-event';
import { type BusMessage, type ConsumerGroup, type Delivery, EVERY_TYPE } from './transport';

/** A decorated method, ready to be called by the inbox. */
export interface EventHandler {
  /** Absent of one that takes every event, of whatever type. */
  readonly definition: EventDefinition | undefined;
  readonly kind: 'event' | 'batch';
  readonly decrypt: boolean;
  /** False for events that are none of its business. */
  readonly when?: ((data: unknown) => boolean) | undefined;
  call(eventOrEvents: CloudEvent | CloudEvent[], tx: EntityManager): Promise<void>;
}

/** Says of each event whether its group is to hear it. */
export type SelectEvents = (events: CloudEvent[]) => Promise<readonly boolean[]>;

export interface InboxDependencies {
  db: DataSource;
  cipher: EventCipher;
  metrics: BusMetrics;
  now(): Date;
  /** Waiting times between tries; after the last one an event is dead. */
  retryAfterSeconds: readonly number[];
  /** Called when something was parked for another try. */
  wakeRetries(): void;
  warn(message: string, error?: unknown): void;
  /** Of what somebody has to look at. */
  error(message: string, error: unknown): void;
  /** An error as a trace may hold it. */
  asRecorded(error: unknown): unknown;
}

/** What came back more often than this may be what takes the process down. */
const UNSUSPECTED = 3;
const RETRY_DELAYS_MS = [50, 200, 1000, 5000] as const;

/** Subjects share this many locks in each ordered group. Fixed, so that processes with different shards exclude each other. */
const SLOTS = MOST_SHARDS;

const tracer = trace.getTracer('switchboard.bus');

/** What came, and what it says. */
interface Read extends Opened {
  readonly message: BusMessage;
}

export interface Opened {
  readonly event: CloudEvent;
  /** Its personal fields cannot be decrypted just now: it fails in its turn, as by its handler, so that the order stays. */
  readonly keyMissing?: EncryptionKeyMissing;
}

/**
 * The receiving end of one consumer group. A batch is applied in one transaction together with the ids of its
 * events, so that a repeated event does its work once. If one event fails, all are rolled back and taken in halves, until
 * the failing one is alone.
 */
export class Inbox {
  private stopped = false;
  private readonly readers: Readers;
  /** The group's short name: the schema already says which service it is. */
  readonly consumer: string;

  constructor(
    readonly group: ConsumerGroup,
    private readonly handlers: ReadonlyMap<string, EventHandler>,
    private readonly deps: InboxDependencies,
    private readonly select?: SelectEvents,
  ) {
    this.readers = readersFor([...handlers.values()]);
    this.consumer = group.name.slice(group.name.indexOf('.') + 1);
  }

  /** Makes batches that wait for the database give up, so that the transport keeps their messages. */
  stop(): void {
    this.stopped = true;
  }

  /** Settles a batch; see BatchHandler. While the database is away it waits, holding the batch. */
  async take(batch: readonly Delivery[]): Promise<void> {
    this.deps.metrics.batchSize.observe({ group: this.consumer }, batch.length);
    const held = this.deps.metrics.held.labels({ group: this.consumer });
    let failures = 0;
    try {
      for (;;) {
        try {
          return await this.settleWithPartitions(batch);
        } catch (error) {
          if (this.stopped || !isInfrastructureError(error)) throw error;
          if (failures === 0) held.inc();
          if (failures % 10 === 0) this.deps.warn(`${this.group.name} waits for the database`, error);
          await sleep(RETRY_DELAYS_MS[Math.min(failures++, RETRY_DELAYS_MS.length - 1)]);
        }
      }
    } finally {
      if (failures > 0) held.dec();
    }
  }

  private async settleWithPartitions(batch: readonly Delivery[]): Promise<void> {
    try {
      await this.settle(batch);
    } catch (error) {
      if (!lacksPartition(error)) throw error;
      await makeInboxPartitions(this.deps.db, this.deps.now().getTime());
      await this.settle(batch);
    }
  }

  private async settle(batch: readonly Delivery[]): Promise<void> {
    const read: Read[] = [];
    for (const { message } of batch) {
      const one = await this.read(message);
      if (one && this.isWanted(one)) read.push(one);
    }
    const reads = await this.selected(read);
    if (batch.some(({ redeliveries }) => redeliveries > UNSUSPECTED)) return this.isolateSuspects(reads);
    const shards = this.group.ordered ? spread(reads, this.group.shards) : [reads];
    const ends = await Promise.allSettled(shards.filter((shard) => shard.length > 0).map((shard) => this.apply(shard)));
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed) throw failed.reason;
  }

  /**
   * One of these may kill whoever handles it, and the broker cannot say which. Parked events are tried in another way: their
   * tries are counted before they begin, and what began without an end is tried alone.
   */
  private async isolateSuspects(reads: readonly Read[]): Promise<void> {
    const error = new Error('its consumers went away again and again while they had it');
    await this.deps.db.transaction(async (tx) => {
      const { toApply } = await this.remember(tx, reads);
      await park(tx, this.consumer, messagesOf(toApply), { error, attempts: 0, disposition: { dueInSeconds: 0 } });
    });
    this.deps.wakeRetries();
  }

  private async apply(reads: readonly Read[]): Promise<void> {
    try {
      const known = await this.deps.db.transaction(async (tx) => {
        const { toApply, known } = await this.remember(tx, reads);
        await this.run(tx, toApply);
        return known;
      });
      // Not before the commit: a batch that fails is remembered again, in halves.
      if (known > 0) this.deps.metrics.duplicates.inc({ group: this.consumer }, known);
    } catch (error) {
      if (isInfrastructureError(error) || lacksPartition(error)) throw error;
      if (reads.length === 1) return this.park(reads[0]!, error);
      const half = Math.ceil(reads.length / 2);
      await this.apply(reads.slice(0, half));
      await this.apply(reads.slice(half));
    }
  }

  /** In a transaction of its own, and only if nobody has applied the event since it failed here. */
  private async park(read: Read, error: unknown): Promise<void> {
    const disposition = dispositionOf(error, { attempts: 1, expired: false, waits: this.deps.retryAfterSeconds });
    const parked = await this.deps.db.transaction(async (tx) => {
      const { toApply } = await this.remember(tx, [read]);
      if (toApply.length > 0) await park(tx, this.consumer, [read.message], { error, attempts: 1, disposition });
      return toApply.length > 0;
    });
    if (parked) this.noteFailure(read.message.type, error, disposition);
  }

  /** What cannot be decided fails in its turn, as by its handler. */
  private isWanted({ event, keyMissing }: Opened): boolean {
    if (keyMissing) return true;
    try {
      return this.handlerOf(event.type)?.when?.(event.data) ?? true;
    } catch {
      return true;
    }
  }

  private async selected(reads: readonly Read[]): Promise<readonly Read[]> {
    if (!this.select || reads.length === 0) return reads;
    try {
      const wanted = await this.select(reads.map(({ event }) => event));
      return reads.filter((_, i) => wanted[i]);
    } catch (error) {
      if (isInfrastructureError(error)) throw error;
      this.deps.warn(
        `${this.group.name} hears all of a batch, because it cannot be decided what it wants of it`,
        error,
      );
      return reads;
    }
  }

  /** What cannot even be read, or must not be applied, goes to the dead letters here. */
  private async read(received: BusMessage): Promise<Read | undefined> {
    try {
      const opened = this.open(received);
      const message = this.asItSays(opened.event, received);
      const retention = isWithinRetention(message.id, this.deps.now().getTime());
      if (retention !== 'yes') {
        await this.deadLetter(
          message,
          new PermanentError(`the event's id is ${retention.replaceAll('_', ' ')}`),
          retention,
        );
        return undefined;
      }
      return { message, ...opened };
    } catch (error) {
      if (!(error instanceof UnreadableEvent)) throw error;
      await this.deadLetter(received, error, 'invalid');
      return undefined;
    }
  }

  /** What is written on a message is not always what is in it, for example when somebody has published it by hand. */
  private asItSays({ id, subject, type }: CloudEvent, received: BusMessage): BusMessage {
    const known = this.handlers.has(EVERY_TYPE) || this.readers.has(received.type);
    if (known && received.id === id && received.subject === subject) return received;
    return { id, subject, type: known ? received.type : type, body: received.body };
  }

  /** Throws an UnreadableEvent. */
  open(message: Pick<BusMessage, 'body' | 'envelope'>): Opened {
    const envelope = readEnvelope(message);
    try {
      return { event: openEvent(envelope, this.readers, this.deps.cipher) };
    } catch (error) {
      if (!(error instanceof EncryptionKeyMissing)) throw error;
      const { type, data, ...attributes } = envelope;
      const as = this.readers.get(type)?.as ?? type;
      return { event: { ...attributes, datacontenttype: 'application/json', type: as, data }, keyMissing: error };
    }
  }

  /** Remembered like what is applied, so that neither another version of this service nor a replay applies it a second time. */
  private async deadLetter(unsafe: BusMessage, error: Error, reason: DeadReason): Promise<void> {
    const message = storable(unsafe);
    const buried = await this.deps.db.transaction(async (tx) => {
      const canBeRemembered = isWithinRetention(message.id, this.deps.now().getTime()) === 'yes';
      if (canBeRemembered && (await this.note(tx, [message])).size === 0) return 0;
      return park(tx, this.consumer, [message], { error, attempts: 0, disposition: { dead: reason } });
    });
    if (buried === 0) return;
    this.deps.metrics.deadLettered.inc({ group: this.consumer, reason });
    this.deps.error(`${this.group.name}: ${message.type} went to the dead letters`, error);
  }

  /**
   * Notes the ids. To apply is what is seen for the first time and need not queue behind a failed one; `known` is how many
   * were seen before.
   */
  private async remember(tx: EntityManager, reads: readonly Read[]): Promise<{ toApply: Read[]; known: number }> {
    // A frozen process that wakes up must not interleave with the consumer that took over.
    const slots = this.group.ordered ? reads.map(({ event }) => slotOf(event)) : [];
    const fresh = await this.note(
      tx,
      reads.map(({ event }) => event),
      slots,
    );
    const toApply: Read[] = [];
    const waiting: Read[] = [];
    let known = 0;
    for (const read of reads) {
      const { id } = read.event;
      const waits = fresh.get(id);
      if (waits === undefined) known++;
      else (waits ? waiting : toApply).push(read);
      // The second copy of an event that is twice in one batch is known.
      fresh.delete(id);
    }
    const error = new Error('waits behind an earlier event of its subject');
    await park(tx, this.consumer, messagesOf(waiting), { error, attempts: 0, disposition: { dueInSeconds: 0 } });
    return { toApply, known };
  }

  /**
   * Notes ids, holding the locks of these slots; returns those that were not known, and whether they wait behind an earlier
   * event of their subject, which in an ordered group has failed.
   */
  private async note(
    tx: EntityManager,
    events: readonly Pick<CloudEvent, 'id' | 'subject'>[],
    slots: readonly number[] = [],
  ): Promise<Map<string, boolean>> {
    // Sorted, so that two batches with common events cannot deadlock.
    const sorted = [...events].sort((a, b) => (a.id < b.id ? -1 : 1));
    const rows: { taken: string; waits: boolean }[] = await tx.query(`SELECT * FROM take_events($1, $2, $3, $4)`, [
      this.consumer,
      inOrder(slots),
      sorted.map(({ id }) => id),
      sorted.map(({ subject }) => subject),
    ]);
    return new Map(rows.map(({ taken, waits }) => [taken, waits]));
  }

  /** Makes everybody else in this group wait who works on any subject, until `tx` ends. */
  lockSubjects(tx: EntityManager): Promise<unknown> {
    return tx.query(
      `SELECT pg_advisory_xact_lock(hashtext(current_schema()), hashtext($1 || slot)) FROM generate_series(0, $2) AS slot`,
      [this.consumer, SLOTS - 1],
    );
  }

  noteFailure(type: string, error: unknown, disposition: Disposition): void {
    if ('dead' in disposition) {
      this.deps.metrics.deadLettered.inc({ group: this.consumer, reason: disposition.dead });
      this.deps.error(`${this.group.name}: ${type} went to the dead letters: ${describe(error)}`, error);
    } else {
      this.deps.metrics.retries.inc({ group: this.consumer, type });
      this.deps.wakeRetries();
    }
  }

  private handlerOf(type: string): EventHandler | undefined {
    return this.handlers.get(type) ?? this.handlers.get(EVERY_TYPE);
  }

  /** Calls the handlers in the order of the events; neighbours go to the batch handler they share together. */
  async run(tx: EntityManager, opened: readonly Opened[]): Promise<void> {
    const unreadable = opened.find(({ keyMissing }) => keyMissing);
    if (unreadable) throw unreadable.keyMissing!;
    // Once more, for those that could not be read when they came.
    const reads = opened.filter((each) => this.isWanted(each));
    for (let from = 0; from < reads.length;) {
      const { event } = reads[from]!;
      const handler = this.handlerOf(event.type);
      if (!handler) throw new NotHeardHere(event.type);
      let to = from + 1;
      if (handler.kind === 'batch') while (to < reads.length && this.handlerOf(reads[to]!.event.type) === handler) to++;
      const events = reads.slice(from, to).map((read) => read.event);
      await this.call(handler, events, tx);
      from = to;
    }
  }

  private async call(handler: EventHandler, events: CloudEvent[], tx: EntityManager): Promise<void> {
    const first = events[0]!;
    const type = handler.definition?.type ?? EVERY_TYPE;
    const took = this.deps.metrics.handled.startTimer({ group: this.consumer, type });
    const span = tracer.startSpan(
      `process ${type}`,
      {
        kind: SpanKind.CONSUMER,
        attributes: { 'messaging.operation.type': 'process', 'messaging.message.id': first.id },
      },
      traceOf(first),
    );
    try {
      await context.with(trace.setSpan(traceOf(first), span), () =>
        whileHandling(first, () => handler.call(handler.kind === 'batch' ? events : first, tx)),
      );
      took({ outcome: 'done' });
    } catch (error) {
      span.recordException(this.deps.asRecorded(error) as Error);
      span.setStatus({ code: SpanStatusCode.ERROR });
      took({ outcome: 'failed' });
      throw error;
    } finally {
      span.end();
    }
  }
}

const messagesOf = (reads: readonly Read[]) => reads.map(({ message }) => message);

const slotOf = (event: CloudEvent): number => crc32(event.subject) % SLOTS;

/** Always in the same order, so that two transactions cannot wait for each other. */
const inOrder = (slots: readonly number[]) => [...new Set(slots)].sort((a, b) => a - b);

/** Keeps each subject's events together and in their order. */
function spread(reads: readonly Read[], shards: number): Read[][] {
  const spread: Read[][] = Array.from({ length: shards }, () => []);
  for (const read of reads) spread[slotOf(read.event) % shards]!.push(read);
  return spread;
}
