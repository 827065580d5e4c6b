import { applyDecorators, Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import type {
  CloudEvent,
  EventDefinition,
  EventOf,
  SealedEventOf,
  SealedSignalOf,
  SignalDefinition,
  SignalOf,
} from '@switchboard/contracts';
import type { EntityManager } from 'typeorm';
import { EVERY_TYPE } from './transport';

/** Marks patterns that the bus serves, so that no other Nest transport takes them. */
export const BUS_TRANSPORT = Symbol('switchboard bus');

export interface GroupOptions {
  /** One event at a time per subject, in the order they were said, in the whole installation. Default: false. */
  ordered?: boolean;
  /**
   * Ordered groups only: the subjects of a batch are spread over so many transactions side by side. It may be changed at
   * any time, the order per subject is kept. Default: 1, at most 16.
   */
  shards?: number;
  /** Batches handled side by side in one process; ignored in ordered groups. Default: 2. */
  concurrency?: number;
  /** The most events handled in one transaction, for set-based work that gains by more. Default: 200. */
  batch?: number;
  /**
   * For work that nobody waits for: events are kept back for so many milliseconds, to be handled together with those that come
   * meanwhile. Default: 0.
   */
  gatherMs?: number;
}

/** How a decorated method wishes to be called; `group` is filled in by its class's `@Consumer`. */
export interface HandlerExtras {
  readonly kind: 'event' | 'batch' | 'signal' | 'selection';
  /** Absent of a method that is for every event. */
  readonly definition: EventDefinition | SignalDefinition | undefined;
  readonly decrypt: boolean;
  readonly when?: (data: never) => boolean;
  group?: { name: string } & Required<GroupOptions>;
}

const BATCH = 200;
/** As many as there are locks for the subjects of a group; see Inbox. */
export const MOST_SHARDS = 16;

/** The pattern of a method that says which events a group is to hear. */
const SELECTION = `${EVERY_TYPE} selection`;

const declared = new WeakMap<object, HandlerExtras[]>();

/** Decorates a method that can be called with `Heard`; another one does not compile. */
type HandlerDecorator<Heard> = <Method extends (heard: Heard, tx: EntityManager) => unknown>(
  target: object,
  key: string | symbol,
  descriptor: TypedPropertyDescriptor<Method>,
) => void;

function handler<Heard>(
  kind: HandlerExtras['kind'],
  definition: EventDefinition | SignalDefinition | undefined,
  { decrypt = false, when }: { decrypt?: boolean; when?: (data: never) => boolean } = {},
): HandlerDecorator<Heard> {
  return (target, key, descriptor) => {
    const bus: HandlerExtras = { kind, definition, decrypt, ...(when && { when }) };
    declared.set(target.constructor, [...(declared.get(target.constructor) ?? []), bus]);
    // The first parameter is the event and the second the transaction, without a decorator on each.
    Payload()(target, key, 0);
    Ctx()(target, key, 1);
    const pattern = kind === 'selection' ? SELECTION : (definition?.type ?? EVERY_TYPE);
    (EventPattern(pattern, BUS_TRANSPORT, { bus }) as MethodDecorator)(target, key, descriptor);
  };
}

/** Personal fields are given as values. */
interface Decrypting {
  decrypt: true;
}

interface Selecting<Heard extends { data: unknown }> {
  /**
   * Says of an event's data whether the handler is concerned. The others of its type are passed over before the database is
   * asked anything; so the answer must always be the same.
   */
  when?: (data: Heard['data']) => boolean;
}

/**
 * Hears one event: `method(event: EventOf<typeof E>, tx: EntityManager)`. Database work only, within `tx`. Who reads personal
 * fields says so by `{ decrypt: true }`; others hear a `SealedEventOf<typeof E>`.
 */
export function Handles<E extends EventDefinition>(
  event: E,
  options?: Selecting<SealedEventOf<E>>,
): HandlerDecorator<SealedEventOf<E>>;
export function Handles<E extends EventDefinition>(
  event: E,
  options: Decrypting & Selecting<EventOf<E>>,
): HandlerDecorator<EventOf<E>>;
export function Handles(event: EventDefinition, options?: Partial<Decrypting> & Selecting<never>) {
  return handler<never>('event', event, options);
}

/** Hears all waiting events of one kind at once: `method(events: EventOf<typeof E>[], tx: EntityManager)`. */
export function HandlesBatch<E extends EventDefinition>(
  event: E,
  options?: Selecting<SealedEventOf<E>>,
): HandlerDecorator<SealedEventOf<E>[]>;
export function HandlesBatch<E extends EventDefinition>(
  event: E,
  options: Decrypting & Selecting<EventOf<E>>,
): HandlerDecorator<EventOf<E>[]>;
export function HandlesBatch(event: EventDefinition, options?: Partial<Decrypting> & Selecting<never>) {
  return handler<never>('batch', event, options);
}

/**
 * Hears every event of the installation, all that wait at once and in their order: `method(events: CloudEvent[], tx: EntityManager)`.
 * Their data comes as it was said, held against no schema, with a `Sealed` in place of each personal value. It is the only
 * method of its group, and counts as nobody's ear: an event that is heard by such groups alone is still reported as unroutable.
 */
export function HandlesAll(): HandlerDecorator<CloudEvent[]> {
  return handler<CloudEvent[]>('batch', undefined);
}

/**
 * Beside a method with `@HandlesAll()`: `method(events: CloudEvent[]): boolean[]`, or a promise of it, says of each whether that one is
 * to hear it. The others cost no statement: they are passed over before the inbox notes anything. So the answer may change, and what was
 * passed over is heard when it comes once more and the answer is another one by then. What it throws counts as yes.
 */
export function SelectsEvents() {
  return handler<CloudEvent[]>('selection', undefined) as <
    Method extends (events: CloudEvent[]) => readonly boolean[] | Promise<readonly boolean[]>,
  >(
    target: object,
    key: string | symbol,
    descriptor: TypedPropertyDescriptor<Method>,
  ) => void;
}

/** Hears a signal, if it comes: `method(signal: SignalOf<typeof S>)`. */
export function OnSignal<S extends SignalDefinition>(signal: S): HandlerDecorator<SealedSignalOf<S>>;
export function OnSignal<S extends SignalDefinition>(signal: S, options: Decrypting): HandlerDecorator<SignalOf<S>>;
export function OnSignal(signal: SignalDefinition, options?: Decrypting) {
  return handler<never>('signal', signal, options);
}

/**
 * A class that hears events, as a group of its own: the queue `<service>.<group>`.
 * A feature that is slow or bursty gets its own group, so that it holds up no other.
 */
export function Consumer(
  group: string,
  { ordered = false, shards = 1, concurrency = 2, batch = BATCH, gatherMs = 0 }: GroupOptions = {},
): ClassDecorator {
  if (shards > 1 && !ordered) throw new Error(`The group ${group} is not ordered: give it concurrency, not shards`);
  if (shards > MOST_SHARDS) throw new Error(`The group ${group} has more than ${MOST_SHARDS} shards`);
  return applyDecorators((target: object) => {
    for (const extras of declared.get(target) ?? [])
      extras.group = { name: group, ordered, shards, concurrency, batch, gatherMs };
  }, Controller());
}
