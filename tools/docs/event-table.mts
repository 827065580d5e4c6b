import { publishedSchema, type EventDefinition, type SignalDefinition } from '@switchboard/contracts';
import type { EventMap } from './event-map.mts';

/** The tables of events and signals for people, in Markdown. */
export function eventTable({ events, signals, hearAll }: EventMap): string {
  return `# Events

Who says what and who hears it. Written by \`npm run docs\` from the code; \`npm run check\` fails when it is stale. The schemas
are in [asyncapi.yaml](asyncapi.yaml). A field with \`?\` may be absent; one
with 🔒 is personal, or holds something that is, and travels encrypted.

${table(
  ['event', 'said by', 'heard by', 'ordered by', 'meaning', 'fields'],
  events.map(({ definition, saidBy, heardBy }) => [
    code(definition.type),
    list(saidBy),
    list(heardBy.map(({ group, ordered }) => (ordered ? `${group} (in order)` : group))),
    code(definition.subjectField),
    definition.summary,
    fields(definition),
  ]),
)}

"Heard by" names queues, \`<service>.<group>\`. A group hears in order where it says so: one event of a subject at a time, as they were
said. ${everything(hearAll)}An event that nobody hears is counted by \`bus_relay_unroutable_total\` and is otherwise no fault.

## Signals

They may be lost and are never the only carrier of a fact.

${table(
  ['signal', 'said by', 'heard by', 'meaning', 'fields'],
  signals.map(({ definition, saidBy, heardBy }) => [
    code(definition.type),
    list(saidBy),
    list(heardBy),
    definition.summary,
    fields(definition),
  ]),
)}
`;
}

const table = (head: string[], rows: string[][]) =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.map(cell).join(' | ')} |`).join('\n');

const cell = (text: string) => text.replaceAll('|', '\\|');

const everything = (groups: string[]) =>
  groups.length > 0 ? `Besides, every event is heard by ${groups.join(', ')}. ` : '';

const code = (text: string) => `\`${text}\``;

const list = (names: string[] | readonly string[]) => (names.length > 0 ? names.join(', ') : 'nobody');

function fields(definition: EventDefinition | SignalDefinition): string {
  const { properties = {}, required = [] } = publishedSchema(definition);
  const isPersonal = (name: string) => definition.personal.some(([field]) => field === name);
  return Object.keys(properties)
    .map((name) => `${code(required.includes(name) ? name : `${name}?`)}${isPersonal(name) ? '🔒' : ''}`)
    .join(' ');
}
