import { type EventDefinition, publishedSchema } from '@switchboard/contracts';
import { v7 as uuidv7 } from 'uuid';

/** Data of an event, with all that its contract allows, and words that nobody knows where words are open. */
export function sampleOf(definition: Pick<EventDefinition, 'schema'>): Record<string, unknown> {
  const data = valueOf(publishedSchema(definition) as Shape) as Record<string, unknown>;
  // What no schema tells.
  return 'texts' in data ? { ...data, texts: { en: 'some words' } } : data;
}

interface Shape {
  $ref?: string;
  allOf?: Shape[];
  anyOf?: Shape[];
  type?: string;
  format?: string;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  examples?: unknown[];
  enum?: unknown[];
  properties?: Record<string, Shape>;
  items?: Shape;
  definitions?: Record<string, Shape>;
}

const WORDS = [
  'chat-ai.prompts.publish',
  'never_heard_of',
  'lumen',
  'nv-Latn-US',
  'application/x-never-heard-of',
  'a'.repeat(64),
  'lumen-greeting',
  'chat-ai.prompt-releases.publish',
  'RUB',
  'de',
  '2026-0001',
];

/** A value that fits a schema, with words that nobody knows where words are open. */
function valueOf(shape: Shape, definitions = shape.definitions ?? {}): unknown {
  const sample = (inner: Shape) => valueOf(inner, definitions);
  if (shape.$ref) return sample(definitions[shape.$ref.replace('#/definitions/', '')]!);
  const [first] = shape.allOf ?? shape.anyOf ?? [];
  if (first) return sample(first);
  if (shape.properties)
    return Object.fromEntries(Object.entries(shape.properties).map(([name, inner]) => [name, sample(inner)]));
  switch (shape.type) {
    case 'array':
      return [sample(shape.items!)];
    case 'integer':
    case 'number':
      return Math.max(shape.minimum ?? 1, Math.min(1, shape.maximum ?? 1));
    case 'boolean':
      return true;
    case 'object':
      return {};
  }
  // Closed: it decides what a person may have.
  if (shape.enum) return shape.enum[0];
  if (shape.format === 'uuid') return uuidv7();
  if (shape.format === 'date') return '2026-11-27';
  if (shape.format === 'date-time') return '2026-11-27T12:00:00.000Z';
  if (!shape.pattern) return 'some words';
  return WORDS.find((word) => new RegExp(shape.pattern!, 'u').test(word));
}
