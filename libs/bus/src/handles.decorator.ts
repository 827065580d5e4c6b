import { applyDecorators, Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import type { EventDefinition, SignalDefinition } from '@switchboard/contracts';

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
}

/** How a decorated method wishes to be called; `group` is filled in by its class's `@Consumer`. */
export interface HandlerExtras {
  readonly kind: 'event' | 'batch' | 'signal';
  readonly definition: EventDefinition | SignalDefinition;
  group?: { name: string } & Required<GroupOptions>;
}

/** As many as there are locks for the subjects of a group; see Inbox. */
export const MOST_SHARDS = 16;

const declared = new WeakMap<object, HandlerExtras[]>();

function handler(kind: HandlerExtras['kind'], definition: EventDefinition | SignalDefinition): MethodDecorator {
  return (target, key, descriptor) => {
    const bus: HandlerExtras = { kind, definition };
    declared.set(target.constructor, [...(declared.get(target.constructor) ?? []), bus]);
    // The first parameter is the event and the second the transaction, without a decorator on each.
    Payload()(target, key, 0);
    Ctx()(target, key, 1);
    (EventPattern(definition.type, BUS_TRANSPORT, { bus }) as MethodDecorator)(target, key, descriptor);
  };
}

/** Hears one event: `method(event: EventOf<typeof E>, tx: EntityManager)`. Database work only, within `tx`. */
export const Handles = (event: EventDefinition): MethodDecorator => handler('event', event);

/** Hears all waiting events of one kind at once: `method(events: EventOf<typeof E>[], tx: EntityManager)`. */
export const HandlesBatch = (event: EventDefinition): MethodDecorator => handler('batch', event);

/** Hears a signal, if it comes: `method(signal: SignalOf<typeof S>)`. */
export const OnSignal = (signal: SignalDefinition): MethodDecorator => handler('signal', signal);

/**
 * A class that hears events, as a group of its own: the queue `<service>.<group>`.
 * A feature that is slow or bursty gets its own group, so that it holds up no other.
 */
export function Consumer(
  group: string,
  { ordered = false, shards = 1, concurrency = 2 }: GroupOptions = {},
): ClassDecorator {
  if (shards > 1 && !ordered) throw new Error(`The group ${group} is not ordered: give it concurrency, not shards`);
  if (shards > MOST_SHARDS) throw new Error(`The group ${group} has more than ${MOST_SHARDS} shards`);
  return applyDecorators((target: object) => {
    for (const extras of declared.get(target) ?? []) extras.group = { name: group, ordered, shards, concurrency };
  }, Controller());
}
