import { z } from 'zod';
import { type Decrypted, type FieldPath, personalFieldsOf } from './personal';

/**
 * A CloudEvents 1.0 envelope as it travels between services.
 * Source: CloudEvents specification 1.0.2, with its "distributed tracing" extension for `traceparent`/`tracestate`.
 */
export interface CloudEvent<Type extends string = string, Data = unknown> {
  readonly specversion: '1.0';
  /** UUIDv7: its first 48 bits are the time of the event in milliseconds, on which the inbox is partitioned. */
  readonly id: string;
  /** The service that says it, for example `bot-adapter`. */
  readonly source: string;
  readonly type: Type;
  /** The ordering key: events of one subject keep their order in ordered groups. */
  readonly subject: string;
  /** RFC 3339, UTC. */
  readonly time: string;
  readonly datacontenttype: 'application/json';
  readonly data: Data;
  /** Where `data` holds ciphertext, as `text,media.fileName`; absent when nothing in it is encrypted. */
  readonly sealedfields?: string;
  readonly traceparent?: string;
  readonly tracestate?: string;
  /** The id of the first event of the chain this one belongs to. */
  readonly correlationid?: string;
  /** The id of the event whose handling said this one. */
  readonly causationid?: string;
}

/** How the data of an older version becomes the data of a newer one, which holds it in `upcasts`. */
export interface Upcast<Data = unknown> {
  readonly from: EventDefinition;
  convert(data: unknown): Data;
}

/** What a service hands to its outbox; the outbox adds id, source, time and trace. */
export interface EventDraft<Type extends string = string, Data = unknown> {
  readonly type: Type;
  readonly subject: string;
  readonly data: Data;
  /** What the outbox encrypts. */
  readonly personal?: readonly FieldPath[];
}

export interface EventDefinition<Type extends string = string, Schema extends z.ZodObject = z.ZodObject> {
  /** Builds a draft; throws a ZodError when the data does not fit the schema. */
  (data: Decrypted<z.input<Schema>>): EventDraft<Type, Decrypted<z.output<Schema>>>;
  readonly type: Type;
  readonly schema: Schema;
  /** One sentence for the event table and the AsyncAPI document. */
  readonly summary: string;
  /** The field of `data` that orders events of this type. */
  readonly subjectField: string;
  /** Older versions that are read as this one; whoever hears this event hears them too, as this one. */
  readonly upcasts: readonly Upcast[];
  /** The fields of `data` that are marked `personal()`. */
  readonly personal: readonly FieldPath[];
}

/** The envelope a handler of this event receives: `EventOf<typeof MessageReceived>`. */
export type EventOf<E extends EventDefinition> = CloudEvent<E['type'], Decrypted<z.output<E['schema']>>>;
/** The same for a handler that is not declared with `decrypt: true`: personal fields are `Sealed`. */
export type SealedEventOf<E extends EventDefinition> = CloudEvent<E['type'], z.output<E['schema']>>;

const EVENT_NAME = /^[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*){2,}\.v[1-9]\d*$/;

/**
 * Defines an event: its name, the schema of its data, the field that orders it, what it means, and how older versions
 * are read as this one. The result is a function that builds one, and carries the schema by which it is read.
 */
export function defineEvent<const Type extends string, Shape extends z.ZodRawShape>(
  type: Type,
  schema: z.ZodObject<Shape>,
  {
    subject,
    summary,
    upcasts = [],
  }: {
    subject: keyof Shape & string;
    summary: string;
    upcasts?: readonly Upcast<z.input<z.ZodObject<NoInfer<Shape>>>>[];
  },
): EventDefinition<Type, z.ZodObject<Shape>> {
  if (!EVENT_NAME.test(type)) throw new Error(`"${type}" is not <service>.<noun>.<past verb>.v<n>`);
  for (const { from } of upcasts) assertOlder(from.type, type);
  const personal = personalFieldsOf(schema);
  if (personal.some(([field]) => field === subject)) throw new Error(`${type} is ordered by a personal field`);
  const build = (data: Decrypted<z.input<z.ZodObject<Shape>>>) => {
    const parsed = schema.parse(data) as Decrypted<z.output<z.ZodObject<Shape>>>;
    const draft = { type, subject: String(parsed[subject as keyof typeof parsed]), data: parsed };
    return personal.length > 0 ? { ...draft, personal } : draft;
  };
  return Object.assign(build, { type, schema, summary, subjectField: subject, upcasts, personal });
}

export interface SignalDefinition<Type extends string = string, Schema extends z.ZodObject = z.ZodObject> {
  readonly type: Type;
  readonly schema: Schema;
  readonly summary: string;
  readonly personal: readonly FieldPath[];
}

/**
 * Defines a signal: something that may be lost (text as it is typed, progress). Signals skip the outbox
 * and are never the only carrier of a fact.
 */
export function defineSignal<const Type extends string, Shape extends z.ZodRawShape>(
  type: Type,
  schema: z.ZodObject<Shape>,
  summary: string,
): SignalDefinition<Type, z.ZodObject<Shape>> {
  return { type, schema, summary, personal: personalFieldsOf(schema) };
}

export type SignalOf<S extends SignalDefinition> = Decrypted<z.output<S['schema']>>;
/** What a handler receives that is not declared with `decrypt: true`. */
export type SealedSignalOf<S extends SignalDefinition> = z.output<S['schema']>;

/** Only an older version of the same event can be read as a newer one. */
function assertOlder(from: string, type: string): void {
  const [older, newer] = [from, type].map((name) => /^(.+)\.v(\d+)$/.exec(name)!);
  if (older![1] !== newer![1] || Number(older![2]) >= Number(newer![2])) {
    throw new Error(`${from} is not an older version of ${type}`);
  }
}
