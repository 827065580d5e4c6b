import type { Message, Options } from 'amqplib';
import type { BusMessage } from './transport';

// CloudEvents 1.0, JSON format: one event in "structured content mode", several in "batched content mode".
const ONE = 'application/cloudevents+json';
const SEVERAL = 'application/cloudevents-batch+json';

/** As many as one redelivery may bring again, and as a consumer that is told to stop still finishes. */
const MOST_EVENTS = 50;
/** A larger event travels alone. */
const MOST_CHARACTERS = 64 * 1024;

/**
 * Divides events into what travels in one message: events of one type, because a message is routed by its type. The order
 * within each subject stays, across types too; events of different subjects may change places.
 */
export function packed(events: readonly BusMessage[]): BusMessage[][] {
  const packs: { events: BusMessage[]; characters: number }[] = [];
  const openFor = new Map<string, number>();
  const lastOf = new Map<string, number>();
  for (const event of events) {
    let at = openFor.get(event.type) ?? -1;
    const pack = packs[at];
    const fits = pack && pack.events.length < MOST_EVENTS && pack.characters + event.body.length <= MOST_CHARACTERS;
    if (fits && at >= (lastOf.get(event.subject) ?? 0)) {
      pack.events.push(event);
      pack.characters += event.body.length;
    } else {
      at = packs.push({ events: [event], characters: event.body.length }) - 1;
      openFor.set(event.type, at);
    }
    lastOf.set(event.subject, at);
  }
  return packs.map((pack) => pack.events);
}

/** The content and properties of the message that carries a pack. */
export function toAmqp(pack: readonly BusMessage[]): { content: Buffer; properties: Options.Publish } {
  const [first] = pack as [BusMessage];
  const alone = pack.length === 1;
  return {
    content: Buffer.from(alone ? first.body : `[${pack.map(({ body }) => body).join(',')}]`),
    properties: {
      persistent: true,
      mandatory: true,
      messageId: first.id,
      contentType: alone ? ONE : SEVERAL,
      headers: alone ? { subject: first.subject } : {},
    },
  };
}

/** The events of a message, in their order. */
export function fromAmqp({ content, fields, properties }: Message): BusMessage[] {
  const body = content.toString();
  const events = properties.contentType === SEVERAL ? asArray(body) : [];
  if (events.length > 0) return events.map((event) => new PackedEvent(event));
  // Whoever cannot read it puts it aside under the names that are written on it.
  const subject = String(properties.headers?.['subject'] ?? '');
  return [{ id: String(properties.messageId), type: fields.routingKey, subject, body }];
}

/** Its text is needed only if it has to be put aside. */
class PackedEvent implements BusMessage {
  readonly id: string;
  readonly type: string;
  readonly subject: string;

  constructor(readonly envelope: { id?: unknown; type?: unknown; subject?: unknown }) {
    this.id = String(envelope.id);
    this.type = String(envelope.type);
    this.subject = String(envelope.subject);
  }

  get body(): string {
    return JSON.stringify(this.envelope);
  }
}

function asArray(body: string): object[] {
  try {
    const events: unknown = JSON.parse(body);
    const isBatch = Array.isArray(events) && events.every((event) => typeof event === 'object' && event !== null);
    return isBatch ? (events as object[]) : [];
  } catch {
    return [];
  }
}
