import type { CloudEvent, EventDefinition } from '@switchboard/contracts';
import { z } from 'zod';
import { PermanentError } from './errors';

const Envelope = z.looseObject({
  specversion: z.literal('1.0'),
  id: z.uuid(),
  source: z.string().min(1),
  type: z.string().min(1),
  subject: z.string().min(1),
  time: z.iso.datetime({ offset: true }),
  traceparent: z.string().optional(),
  tracestate: z.string().optional(),
  correlationid: z.string().optional(),
  causationid: z.string().optional(),
});

/**
 * Reads an envelope with the schema of its event. Fields the schema does not know are dropped, so a newer
 * sender may add some; anything that does not fit is a PermanentError that says where.
 */
export function readEvent(body: string, definitions: ReadonlyMap<string, EventDefinition>): CloudEvent {
  const envelope = Envelope.safeParse(parseJson(body));
  if (!envelope.success) throw new PermanentError(`not a CloudEvents envelope: ${z.prettifyError(envelope.error)}`);
  const definition = definitions.get(envelope.data.type);
  if (!definition) throw new PermanentError(`nobody here hears ${envelope.data.type}`);
  const data = definition.schema.safeParse(envelope.data['data']);
  if (!data.success)
    throw new PermanentError(`the data of ${envelope.data.type} does not fit: ${z.prettifyError(data.error)}`);
  return { ...envelope.data, datacontenttype: 'application/json', data: data.data };
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new PermanentError('not JSON');
  }
}
