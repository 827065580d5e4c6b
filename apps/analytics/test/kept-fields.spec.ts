import { events, publishedSchema } from '@switchboard/contracts';
import { NOT_KEPT_FIELDS } from '../src/events/read-event';

/** Texts without a pattern that are neither words of people nor ids of anybody. */
const NAMES_OF_THINGS = [
  'contributors',
  'engine',
  'eventType',
  'language',
  'media',
  'model',
  'ownerKind',
  'promoCode',
  'requestedBy',
  'resourceType',
  'runbook',
  'serverName',
  'subject',
  'team',
  'version',
  'voice',
];

interface Shape {
  $ref?: string;
  allOf?: Shape[];
  anyOf?: Shape[];
  type?: string;
  format?: string;
  pattern?: string;
  enum?: unknown[];
  personal?: boolean;
  properties?: Record<string, Shape>;
  items?: Shape;
  additionalProperties?: Shape | boolean;
  definitions?: Record<string, Shape>;
}

/** Whether anything could be written into it. */
function isFree(shape: Shape, definitions: Record<string, Shape>): boolean {
  if (shape.personal) return false;
  if (shape.$ref) return isFree(definitions[shape.$ref.replace('#/definitions/', '')]!, definitions);
  const { additionalProperties: more } = shape;
  const inside = [
    ...(shape.allOf ?? []),
    ...(shape.anyOf ?? []),
    ...Object.values(shape.properties ?? {}),
    ...(shape.items ? [shape.items] : []),
    ...(typeof more === 'object' ? [more] : []),
  ];
  return (
    (shape.type === 'string' && !shape.format && !shape.pattern && !shape.enum) ||
    inside.some((inner) => isFree(inner, definitions))
  );
}

it('nothing is kept into which a person could have written, or by which they could not be found again', () => {
  const undecided = events.flatMap((definition) => {
    const { properties = {}, definitions = {} } = publishedSchema(definition) as Shape;
    return Object.entries(properties)
      .filter(([name, shape]) => isFree(shape, definitions) && !NOT_KEPT_FIELDS.has(name))
      .filter(([name]) => !NAMES_OF_THINGS.includes(name))
      .map(([name]) => `${definition.type}: ${name}`);
  });
  if (undecided.length === 0) return;
  throw new Error(
    `${undecided.join(', ')}: mark it as personal() in the contract, keep it out by NOT_KEPT_FIELDS (events/read-event.ts), or, ` +
      'if it is the name of a thing, say so here.',
  );
});
