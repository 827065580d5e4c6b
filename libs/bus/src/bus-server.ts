import { type CustomTransportStrategy, type MessageHandler, Server } from '@nestjs/microservices';
import type { CloudEvent, EventDefinition, SignalDefinition } from '@switchboard/contracts';
import { isObservable, lastValueFrom } from 'rxjs';
import type { EntityManager } from 'typeorm';
import { BUS_TRANSPORT, type GroupOptions, type HandlerExtras } from './handles.decorator';
import { Inbox, type EventHandler, type InboxDependencies, type SelectEvents } from './inbox';
import { readersFor } from './read-event';
import { readSignal } from './signals';
import { type ConsumerGroup, EVERY_TYPE, type Subscription, type Transport } from './transport';

interface SignalHandler {
  definition: SignalDefinition;
  decrypt: boolean;
  call(data: unknown): Promise<void>;
}

interface Heard {
  options: Required<GroupOptions>;
  handlers: Map<string, EventHandler>;
  select?: SelectEvents;
}

/**
 * The bus as a Nest transport: `@Handles(InvoicePaid)` is an event pattern, with Nest's pipes, interceptors and
 * filters. Nest hands over the decorated methods; this groups them into inboxes and subscribes those.
 */
export class BusServer extends Server implements CustomTransportStrategy {
  override readonly transportId = BUS_TRANSPORT;
  /** Errors must reach the inbox, which decides between another try and the dead letters. */
  override propagatesEventHandlerErrors = true;

  readonly inboxes = new Map<string, Inbox>();
  private readonly groups = new Map<string, Heard>();
  private readonly signalHandlers: SignalHandler[] = [];
  private subscriptions: Subscription[] = [];

  constructor(
    private readonly service: string,
    private readonly transport: Transport,
    private readonly deps: InboxDependencies,
    /** Called with everything that is about to be listened to. */
    private readonly announce: (groups: readonly ConsumerGroup[]) => Promise<void>,
  ) {
    super();
  }

  override addHandler(
    pattern: string,
    callback: MessageHandler,
    _isEvent?: boolean,
    extras: Record<string, unknown> = {},
  ): void {
    const bus = extras['bus'] as HandlerExtras | undefined;
    if (!bus)
      throw new Error(`The handler of "${pattern}" is decorated with none of @Handles, @HandlesAll and @OnSignal`);
    const ask = async (payload: unknown, tx?: EntityManager): Promise<unknown> => {
      const result: unknown = await callback(payload, tx);
      return isObservable(result) ? lastValueFrom(result, { defaultValue: undefined }) : result;
    };
    const call = async (payload: unknown, tx?: EntityManager) => void (await ask(payload, tx));
    if (bus.kind === 'signal') {
      this.signalHandlers.push({ definition: bus.definition as SignalDefinition, decrypt: bus.decrypt, call });
      return;
    }
    if (!bus.group) throw new Error(`The class that hears ${pattern} lacks @Consumer('group')`);
    const { name, ...options } = bus.group;
    const entry: Heard = this.groups.get(name) ?? { options, handlers: new Map() };
    this.groups.set(name, entry);
    if (bus.kind === 'selection') {
      entry.select = (events) => ask(events) as Promise<readonly boolean[]>;
      return;
    }
    if (entry.handlers.has(pattern)) throw new Error(`Two methods of the group ${name} hear ${pattern}`);
    entry.handlers.set(pattern, {
      definition: bus.definition as EventDefinition | undefined,
      kind: bus.kind,
      decrypt: bus.decrypt,
      when: bus.when as EventHandler['when'],
      call: (event: CloudEvent | CloudEvent[], tx) => call(event, tx),
    });
    if (entry.handlers.has(EVERY_TYPE) && entry.handlers.size > 1)
      throw new Error(`The group ${name} hears every event by one method, and can have no other`);
  }

  /** What this service listens to. */
  get topology(): ConsumerGroup[] {
    return [...this.groups].map(
      ([
        name,
        {
          options: { batch, ...options },
          handlers,
        },
      ]) => ({
        ...options,
        name: `${this.service}.${name}`,
        types: handlers.has(EVERY_TYPE) ? [EVERY_TYPE] : [...readersFor([...handlers.values()]).keys()],
        batchSize: batch,
      }),
    );
  }

  listen(callback: (error?: unknown) => void): void {
    this.subscribe().then(() => callback(), callback);
  }

  private async subscribe(): Promise<void> {
    for (const [name, { handlers, select }] of this.groups)
      if (select && !handlers.has(EVERY_TYPE))
        throw new Error(`The group ${name} selects among every event, and has no method that hears them`);
    const groups = this.topology;
    await this.announce(groups);
    for (const group of groups) {
      const { handlers, select } = this.groups.get(group.name.slice(this.service.length + 1))!;
      const inbox = new Inbox(group, handlers, this.deps, select);
      this.inboxes.set(inbox.consumer, inbox);
      this.subscriptions.push(await this.transport.subscribe(group, (batch) => inbox.take(batch)));
    }
    if (this.signalHandlers.length > 0) {
      const types = [...new Set(this.signalHandlers.map(({ definition }) => definition.type))];
      this.subscriptions.push(await this.transport.onSignal(types, (type, body) => this.hear(type, body)));
    }
  }

  private hear(type: string, body: string): void {
    for (const handler of this.signalHandlers.filter(({ definition }) => definition.type === type)) {
      try {
        const data = readSignal(body, handler, this.deps.cipher);
        handler.call(data).catch((error: unknown) => this.deps.warn(`the signal ${type} was not handled`, error));
      } catch (error) {
        this.deps.warn(`the signal ${type} cannot be read`, error);
      }
    }
  }

  /** Takes nothing new and finishes the batches in hand. */
  async close(): Promise<void> {
    for (const inbox of this.inboxes.values()) inbox.stop();
    const closing = this.subscriptions;
    this.subscriptions = [];
    await Promise.all(closing.map((subscription) => subscription.close()));
  }

  on(): never {
    throw new Error('The bus has no client events');
  }

  unwrap<T>(): T {
    return this.transport as T;
  }
}
