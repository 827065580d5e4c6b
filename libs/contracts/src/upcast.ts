import type { z } from 'zod';
import type { EventDefinition, Upcast } from './define-event';

/**
 * Says how an event of the older version `from` is read as the newer one: with nothing but its data, because it may come
 * from a queue, from a retry or from a dead letter of last month. `convert` gets what the older schema let through, and the
 * newer schema checks what it returns.
 */
export function upcast<From extends EventDefinition, Data>(
  from: From,
  convert: (data: z.output<From['schema']>) => Data,
): Upcast<Data> {
  return { from, convert: (data) => convert(data as z.output<From['schema']>) };
}

/** Reads data that came as some version; throws a ZodError when it does not fit. */
export type ReadData = (data: unknown) => unknown;

/** Every version whose events can be read as `definition`, itself first, with the way to read its data. */
export function versionsReadAs(definition: EventDefinition): Map<EventDefinition, ReadData> {
  const versions = new Map<EventDefinition, ReadData>([[definition, (data) => definition.schema.parse(data)]]);
  for (const { from, convert } of definition.upcasts) {
    for (const [older, read] of versionsReadAs(from)) {
      versions.set(older, (data) => definition.schema.parse(convert(read(data))));
    }
  }
  return versions;
}
