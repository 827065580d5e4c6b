import { z } from 'zod';
import type { EventDefinition, SignalDefinition } from './define-event';

/**
 * The data of an event or signal as JSON Schema draft 7, the dialect of AsyncAPI 3.0. Named shapes are under `definitions`.
 * It is what a reader accepts: a field with a default may be absent, and fields it does not name are ignored.
 */
export const publishedSchema = ({ schema }: EventDefinition | SignalDefinition) =>
  z.toJSONSchema(schema, { target: 'draft-7', io: 'input', override: withoutFormatPattern });

/** zod adds its own regular expression for a format; it says nothing more, and changes with versions of zod. */
function withoutFormatPattern({
  jsonSchema,
}: {
  jsonSchema: { format?: string | undefined; pattern?: string | undefined };
}) {
  if (jsonSchema.format) delete jsonSchema.pattern;
}
