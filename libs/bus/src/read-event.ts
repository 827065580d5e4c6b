import { type CloudEvent, type EventDefinition, type ReadData, versionsReadAs } from '@switchboard/contracts';
import { z } from 'zod';
import { UnreadableEvent } from './errors';
import { decrypted, type EventCipher, opaque } from './event-cipher';
import type { BusMessage } from './transport';

/** Of a type or subject, in characters: they are parts of indexes and, the type, of AMQP's routing keys. */
export const LONGEST_NAME = 255;

/** A type or a subject that can travel and be kept. */
export const Name = z
  .string()
  .min(1)
  .max(LONGEST_NAME)
  .regex(/^[^\0]*$/, 'NUL cannot be kept');

const Envelope = z.looseObject({
  specversion: z.literal('1.0'),
  // As Postgres gives it back: the inbox compares.
  id: z.uuid().toLowerCase(),
  source: z.string().min(1),
  type: Name,
  subject: Name,
  time: z.iso.datetime({ offset: true }),
  traceparent: z.string().optional(),
  tracestate: z.string().optional(),
  correlationid: z.string().optional(),
  causationid: z.string().optional(),
  sealedfields: z.string().optional(),
});

/** An event whose data has not been looked at yet. */
export type Unopened = z.output<typeof Envelope>;

/** How events of each type reach a group: as which type, with which data, and whether its personal fields are decrypted. */
export type Readers = ReadonlyMap<string, { as: string; decrypt: boolean; read: ReadData }>;

/** The readers of a group with these handlers: their types as they are, and older versions that lead to one of them. */
export function readersFor(
  handlers: readonly { definition: EventDefinition | undefined; decrypt: boolean }[],
): Readers {
  const handled = new Set(handlers.map(({ definition }) => definition?.type));
  const readers = new Map<string, { as: string; decrypt: boolean; read: ReadData }>();
  for (const { definition, decrypt } of handlers) {
    if (!definition) continue;
    for (const [{ type }, read] of versionsReadAs(definition)) {
      if (type !== definition.type && handled.has(type)) continue;
      const other = readers.get(type);
      if (other) throw new Error(`${type} could be read as ${other.as} and as ${definition.type}: handle one of them`);
      readers.set(type, { as: definition.type, decrypt, read });
    }
  }
  return readers;
}

/** Reads everything but the data. Throws an UnreadableEvent that says where it does not fit. */
export function readEnvelope(message: Pick<BusMessage, 'body' | 'envelope'>): Unopened {
  const envelope = Envelope.safeParse(message.envelope ?? parseJson(message.body));
  if (!envelope.success) throw new UnreadableEvent(`not a CloudEvents envelope: ${z.prettifyError(envelope.error)}`);
  return envelope.data;
}

/**
 * Reads the data with the schema of its event; an older version is turned into the one that is handled. Fields the schema
 * does not know are dropped, so a newer sender may add some; anything that does not fit is an UnreadableEvent that says
 * where, and a personal field of a key that is not known here an EncryptionKeyMissing. The data of a type without a reader
 * stays as it is, its personal values `Sealed`.
 */
export function openEvent(envelope: Unopened, readers: Readers, cipher: EventCipher): CloudEvent {
  const { type, data: raw, ...attributes } = envelope;
  const reader = readers.get(type);
  if (!reader) return { ...attributes, datacontenttype: 'application/json', type, data: opaque(raw, envelope) };
  const data = reader.decrypt ? decrypted(raw, envelope, cipher) : opaque(raw, envelope);
  return {
    ...attributes,
    datacontenttype: 'application/json',
    type: reader.as,
    data: readData(type, data, reader.read),
  };
}

function readData(type: string, data: unknown, read: ReadData): unknown {
  try {
    return read(data);
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    throw new UnreadableEvent(`the data of ${type} does not fit: ${why}`);
  }
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new UnreadableEvent('not JSON');
  }
}
