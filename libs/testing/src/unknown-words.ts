import { topologyOf } from '@switchboard/bus';
import { type EventDefinition, type EventDraft, publishedSchema } from '@switchboard/contracts';
import type { AppDefinition } from '@switchboard/service-kit';
import type { TestApp } from './start-app';
import { until } from './until';

/** One that no version has ever said. */
export const UNKNOWN_WORD = 'never_heard_of';
/** Of the shapes whose pattern is another. */
const UNKNOWN: Readonly<Record<string, string>> = {
  Currency: 'XAU',
  Locale: 'nv-Latn-US',
  MediaType: 'application/x-never-heard-of',
};

type Path = readonly string[];

/** Where the data of an event holds open words: `['media', 'kind']`. They are the named shapes with a pattern and examples. */
export function openWordsOf(definition: EventDefinition): { path: Path; shape: string }[] {
  const schema = publishedSchema(definition);
  const definitions = (schema.definitions ?? {}) as Record<string, Fields>;
  return walk(schema as Fields, []);

  function walk({ properties = {} }: Fields, at: Path): { path: Path; shape: string }[] {
    return Object.entries(properties).flatMap(([name, field]) => {
      const path = [...at, name];
      const shape = (field.$ref ?? field.allOf?.[0]?.$ref)?.replace('#/definitions/', '');
      const target = shape ? definitions[shape]! : field;
      if (shape && target.pattern && target.examples) return [{ path, shape }];
      return walk(target, path);
    });
  }
}

interface Fields {
  $ref?: string;
  allOf?: { $ref?: string }[];
  properties?: Record<string, Fields>;
  pattern?: string;
  examples?: unknown[];
}

/**
 * Says every event that the service hears once for each of its open words, with a word that nobody knows in its place, and
 * waits until each group has applied it. Fails when one is parked, or when there is no sample of an event that is heard.
 * @param unwanted fields, as `media.kind` or, of one event, `<type> media.kind`, by which a handler tells whether it wants the event at all (`when`)
 * @param samples make events that the service applies, anew at each call: `{ [MessageReceived.type]: () => MessageReceived({ … }) }`
 */
export async function hearsUnknownWords(
  app: TestApp,
  { name, module }: AppDefinition,
  samples: Readonly<Record<string, () => EventDraft | Promise<EventDraft>>>,
  unwanted: readonly string[] = [],
): Promise<void> {
  for (const { name: group, events: heard } of topologyOf(module).groups) {
    for (const definition of heard) {
      for (const { path, shape } of openWordsOf(definition)) {
        const place = path.join('.');
        if (unwanted.includes(place) || unwanted.includes(`${definition.type} ${place}`)) continue;
        const sample = samples[definition.type];
        if (!sample) throw new Error(`${name}.${group} hears ${definition.type}: give a sample of it`);
        const draft = await sample();
        const data = structuredClone(draft.data) as Record<string, unknown>;
        put(data, path, UNKNOWN[shape] ?? UNKNOWN_WORD);
        const { id } = await app.probe.say({ ...draft, data });
        await untilApplied(app, group, id, `${definition.type} with an unknown ${path.join('.')}`);
      }
    }
  }
}

function put(data: Record<string, unknown>, [name, ...rest]: Path, word: string): void {
  if (rest.length === 0) data[name!] = word;
  else put((data[name!] ??= {}) as Record<string, unknown>, rest, word);
}

async function untilApplied({ service }: TestApp, group: string, eventId: string, what: string): Promise<void> {
  await until(
    async () => {
      const parked = await service.db.query<{ reason: string; error: string }[]>(
        'SELECT reason, error FROM parked_events WHERE consumer = $1 AND event_id = $2',
        [group, eventId],
      );
      if (parked[0]) throw new Error(`${group} did not apply ${what}: ${parked[0].reason}, ${parked[0].error}`);
      const applied = await service.db.query<unknown[]>('SELECT FROM inbox WHERE consumer = $1 AND event_id = $2', [
        group,
        eventId,
      ]);
      return applied.length > 0;
    },
    { what: `${group} to apply ${what}` },
  );
}
