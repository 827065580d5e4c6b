import {
  type BusMessage,
  type ConsumerGroup,
  decrypted,
  type EventCipher,
  readSignal,
  seal,
  type Subscription,
  type Transport,
} from '@switchboard/bus';
import type {
  CloudEvent,
  EventOf,
  SignalOf,
  EventDefinition,
  EventDraft,
  SignalDefinition,
} from '@switchboard/contracts';
import { v7 as uuidv7 } from 'uuid';
import { until } from './until';

/** Hears everything a service under test says, and says things to it as other services would. */
export class BusProbe {
  /** With personal fields decrypted. */
  readonly heard: CloudEvent[] = [];
  private readonly signals: { type: string; data: unknown }[] = [];
  private subscriptions: Subscription[] = [];

  /** @param now the clock of the service under test, which looks at the time inside the ids of events */
  constructor(
    private readonly transport: Transport,
    private readonly cipher: EventCipher,
    private readonly now: () => Date = () => new Date(),
  ) {}

  async start(definitions: readonly EventDefinition[], signals: readonly SignalDefinition[]): Promise<void> {
    const group: ConsumerGroup = {
      name: `probe.${uuidv7()}`,
      types: definitions.map((definition) => definition.type),
      ordered: false,
      shards: 1,
      concurrency: 1,
      batchSize: 100,
    };
    this.subscriptions.push(
      await this.transport.subscribe(group, (batch) => {
        for (const { message } of batch) this.heard.push(this.decrypted(JSON.parse(message.body) as CloudEvent));
        return Promise.resolve();
      }),
      await this.transport.onSignal(
        signals.map((signal) => signal.type),
        (type, body) => {
          const definition = signals.find((signal) => signal.type === type)!;
          this.signals.push({ type, data: readSignal(body, { definition, decrypt: true }, this.cipher) });
        },
      ),
    );
  }

  /** Publishes an event as another service, and returns its envelope. */
  async say(draft: EventDraft, overrides: Partial<CloudEvent> = {}): Promise<CloudEvent> {
    const now = this.now();
    const id = overrides.id ?? uuidv7({ msecs: now.getTime() });
    const event: CloudEvent = {
      specversion: '1.0',
      source: draft.type.split('.')[0]!,
      type: draft.type,
      subject: draft.subject,
      time: now.toISOString(),
      datacontenttype: 'application/json',
      ...overrides,
      id,
      ...seal(overrides.data ?? draft.data, { id, personal: draft.personal, cipher: this.cipher }),
    };
    await this.sayAgain(event);
    return event;
  }

  /** Publishes an envelope as it is, for example once more. */
  async sayAgain(event: CloudEvent): Promise<void> {
    const message: BusMessage = { id: event.id, type: event.type, subject: event.subject, body: JSON.stringify(event) };
    await this.transport.publish([message]);
  }

  all<E extends EventDefinition>(definition: E): EventOf<E>[] {
    return this.heard.filter((event) => event.type === definition.type) as EventOf<E>[];
  }

  /** Waits for an event that fits. */
  until<E extends EventDefinition>(
    definition: E,
    fits: (event: EventOf<E>) => boolean = () => true,
    timeoutMs?: number,
  ): Promise<EventOf<E>> {
    return until(() => this.all(definition).find(fits), { what: definition.type, timeoutMs });
  }

  signalsOf<S extends SignalDefinition>(definition: S): SignalOf<S>[] {
    return this.signals.filter((signal) => signal.type === definition.type).map((signal) => signal.data as SignalOf<S>);
  }

  private decrypted({ sealedfields, ...event }: CloudEvent): CloudEvent {
    try {
      return { ...event, data: decrypted(event.data, { id: event.id, sealedfields }, this.cipher) };
    } catch {
      return { ...event, sealedfields }; // of a key that the service under test does not know either
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.subscriptions.map((subscription) => subscription.close()));
  }
}
