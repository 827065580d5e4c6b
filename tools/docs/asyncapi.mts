import { publishedSchema, type EventDefinition, type SignalDefinition } from '@switchboard/contracts';
import { stringify } from 'yaml';
import type { EventFacts, SignalFacts } from './event-map.mts';

// The version of AsyncAPI's AMQP bindings.
const bindingVersion = '0.3.0';

const TEXT = { type: 'string', minLength: 1 };

/** Source: CloudEvents 1.0.2 with its distributed tracing extension, as libs/contracts/src/define-event.ts has it. */
const CloudEvent = {
  type: 'object',
  description: 'A CloudEvents 1.0 envelope in structured mode.',
  properties: {
    specversion: { const: '1.0' },
    id: { type: 'string', format: 'uuid', description: 'UUIDv7. Two deliveries of one event share it.' },
    source: { ...TEXT, description: 'The service that says it.' },
    type: TEXT,
    subject: { ...TEXT, description: 'The ordering key.' },
    time: { type: 'string', format: 'date-time', description: 'UTC.' },
    datacontenttype: { const: 'application/json' },
    data: { type: 'object' },
    traceparent: { ...TEXT, description: 'W3C Trace Context.' },
    tracestate: { ...TEXT, description: 'W3C Trace Context.' },
    correlationid: { ...TEXT, description: 'The id of the first event of the chain this one belongs to.' },
    causationid: { ...TEXT, description: 'The id of the event whose handling said this one.' },
    sealedfields: { ...TEXT, description: 'Where `data` holds ciphertext, as `text,media.fileName`.' },
  },
  required: ['specversion', 'id', 'source', 'type', 'subject', 'time', 'datacontenttype', 'data'],
};

/** The AsyncAPI 3.0 document of everything that services say and hear, as YAML. */
export function asyncApi(
  { events, signals }: { events: EventFacts[]; signals: SignalFacts[] },
  version: string,
): string {
  const all = [...events, ...signals];
  const document = {
    asyncapi: '3.0.0',
    info: {
      title: 'Switchboard',
      version,
      description: [
        'What the services say to each other. Events travel through an outbox and an inbox and are never lost;',
        'signals may be. Several events of one type may travel in one message, as `application/cloudevents-batch+json`.',
        'Readers ignore fields they do not know. The address of the broker is AMQP_URL.',
        'A field with `x-personal` travels encrypted, as a text `e1.<key id>.<base64url>`; its schema is that of the plain value.',
      ].join('\n'),
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    defaultContentType: 'application/cloudevents+json',
    channels: Object.fromEntries([
      ...events.map((facts) => [facts.definition.type, channel(facts, 'events')]),
      ...signals.map((facts) => [facts.definition.type, channel(facts, 'signals')]),
    ]),
    operations: Object.fromEntries([...events.flatMap(eventOperations), ...signals.flatMap(signalOperations)]),
    components: {
      messages: Object.fromEntries([
        ...events.map((facts) => [facts.definition.type, eventMessage(facts)]),
        ...signals.map((facts) => [facts.definition.type, signalMessage(facts)]),
      ]),
      schemas: { CloudEvent, ...Object.assign({}, ...all.map(({ definition }) => schemasOf(definition))) },
    },
  };
  return `# Written by \`npm run docs\` from the code.\n${stringify(document, { aliasDuplicateObjects: false, lineWidth: 0 })}`;
}

type Facts = EventFacts | SignalFacts;

const reference = (...path: string[]) => ({ $ref: `#/${path.join('/')}` });

function channel({ definition: { type, summary } }: Facts, exchange: string) {
  return {
    address: type,
    summary,
    messages: { [type]: reference('components', 'messages', type) },
    bindings: {
      amqp: {
        is: 'routingKey',
        exchange: { name: exchange, type: 'topic', durable: true, autoDelete: false },
        bindingVersion,
      },
    },
  };
}

function operation(action: 'send' | 'receive', type: string, summary: string, amqp: object) {
  return {
    action,
    channel: reference('channels', type),
    summary,
    messages: [reference('channels', type, 'messages', type)],
    bindings: { amqp: { ...amqp, bindingVersion } },
  };
}

function eventOperations({ definition: { type, subjectField }, saidBy, heardBy }: EventFacts) {
  const order = (ordered: boolean) => (ordered ? `, in the order of each ${subjectField}` : '');
  return [
    ...saidBy.map((service) => [
      `${service}.says.${type}`,
      operation('send', type, `${service} says it.`, { deliveryMode: 2, mandatory: true }),
    ]),
    ...heardBy.map(({ group, ordered }) => [
      `${group}.hears.${type}`,
      operation('receive', type, `The queue ${group} hears it${order(ordered)}.`, { ack: true }),
    ]),
  ];
}

function signalOperations({ definition: { type }, saidBy, heardBy }: SignalFacts) {
  return [
    ...saidBy.map((service) => [
      `${service}.says.${type}`,
      operation('send', type, `${service} says it, to whoever listens now.`, { deliveryMode: 1, mandatory: false }),
    ]),
    ...heardBy.map((service) => [
      `${service}.hears.${type}`,
      operation('receive', type, `Every process of ${service} hears it.`, { ack: false }),
    ]),
  ];
}

function eventMessage({ definition: { type, summary, subjectField }, constant }: EventFacts) {
  return {
    name: type,
    title: constant,
    summary,
    description: `Its subject is \`${subjectField}\`.`,
    contentType: 'application/cloudevents+json',
    correlationId: { location: '$message.payload#/correlationid' },
    payload: {
      allOf: [
        reference('components', 'schemas', 'CloudEvent'),
        {
          type: 'object',
          properties: { type: { const: type }, data: reference('components', 'schemas', type) },
        },
      ],
    },
  };
}

function signalMessage({ definition: { type, summary }, constant }: SignalFacts) {
  return {
    name: type,
    title: constant,
    summary,
    contentType: 'application/json',
    payload: reference('components', 'schemas', type),
  };
}

/** The schema of the data, and those of the named shapes in it, where AsyncAPI keeps them. */
function schemasOf(definition: EventDefinition | SignalDefinition): Record<string, unknown> {
  const moved = JSON.stringify(publishedSchema(definition))
    .replaceAll('"#/definitions/', '"#/components/schemas/')
    .replaceAll('"personal":true', '"x-personal":true');
  const { $schema: _dialect, definitions = {}, ...schema } = JSON.parse(moved) as Record<string, object>;
  const shapes = Object.entries(definitions as Record<string, { id?: string }>).map(([name, { id: _id, ...shape }]) => [
    name,
    shape,
  ]);
  return { ...Object.fromEntries(shapes), [definition.type]: schema };
}
