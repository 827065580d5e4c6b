import { z } from 'zod';
import type { EventDefinition, SignalDefinition } from './define-event';

/**
 * The data of an event or signal as JSON Schema draft 7, the dialect of AsyncAPI 3.0. Named shapes are under `definitions`.
 * It is what a reader accepts: a field with a default may be absent, and fields it does not name are ignored. A field with
 * `"personal": true` is described as it is once decrypted.
 */
export const publishedSchema = ({ schema }: Pick<EventDefinition | SignalDefinition, 'schema'>) =>
  z.toJSONSchema(schema, { target: 'draft-7', io: 'input', unrepresentable: 'any', override });

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** As `sealed` values only: anything else that JSON cannot say has no place in a contract. */
const UNREPRESENTABLE = new Set(['bigint', 'date', 'map', 'nan', 'set', 'symbol', 'transform', 'undefined', 'void']);

function override({ zodSchema, jsonSchema }: { zodSchema: z.core.$ZodTypes; jsonSchema: JsonSchema }): void {
  const { type } = zodSchema._zod.def;
  if (UNREPRESENTABLE.has(type)) throw new Error(`JSON has no ${type}`);
  // zod adds its own regular expression for a format; it says nothing more, and changes with versions of zod.
  if (jsonSchema.format) delete jsonSchema.pattern;
  if (!jsonSchema['personal']) return;
  // zod asks again for each description that was added on the way.
  const [plain] = jsonSchema.anyOf ?? [];
  delete jsonSchema.anyOf;
  Object.assign(jsonSchema, { ...(plain as JsonSchema | undefined), ...jsonSchema });
}
