import type { Changes } from './changes.mts';
import { camel, pascal, words } from './names.mts';
import { calledOn, withElement, withExport, withImport } from './source-edits.mts';

export interface NewEvent {
  readonly service: string;
  readonly noun: string;
  /** What happened (`paid`), or what is asked for (`open-requested`). */
  readonly verb: string;
}

const contracts = 'libs/contracts/src';

export const nameOf = ({ service, noun, verb }: NewEvent) => `${service}.${noun}.${verb}.v1`;

/** `payments.invoice.paid.v1` → `InvoicePaid` */
export const constantOf = ({ noun, verb }: NewEvent) => `${pascal(noun)}${pascal(verb)}`;

/** Whether somebody defined that constant already. */
export const isDefined = (changes: Changes, event: NewEvent) =>
  new RegExp(`\\b${constantOf(event)}\\b`).test(changes.read(`${contracts}/index.ts`));

/** Defines an event in the contracts, exports it and puts it into the catalogue. */
export function addEvent(changes: Changes, event: NewEvent): void {
  const { service } = event;
  const constant = constantOf(event);
  if (isDefined(changes, event)) throw new Error(`The contracts have a ${constant} already.`);
  if (!changes.has(`apps/${service}/project.json`)) {
    throw new Error(`There is no apps/${service}: \`npm run new:service -- ${service}\` makes it.`);
  }
  const module = `./${service}.events`;
  const file = `${contracts}/${service}.events.ts`;
  if (!changes.has(file)) {
    changes.create(file, "import { z } from 'zod';\nimport { defineEvent } from './define-event';\n");
    changes.edit(`${contracts}/catalog.ts`, (catalog) =>
      withElement(withImport(catalog, `* as ${camel(service)}`, module), calledOn('flatMap'), camel(service)),
    );
  }
  changes.edit(file, (events) => `${events.trimEnd()}\n\n${definition(event)}`);
  changes.edit(`${contracts}/index.ts`, (index) => withExport(index, constant, module));
}

function definition(event: NewEvent): string {
  const id = `${camel(event.noun)}Id`;
  return `export const ${constantOf(event)} = defineEvent(
  '${nameOf(event)}',
  z.object({ ${id}: z.uuid(), userId: z.uuid().describe('The person, one id everywhere.') }),
  { subject: '${id}', summary: '${summary(event)}' },
);
`;
}

function summary({ noun, verb }: NewEvent): string {
  const asked = /^(.+)-requested$/.exec(verb)?.[1];
  const article = /^[aeiou]/.test(noun) ? 'an' : 'a';
  if (asked) return `Somebody asks to ${words(asked)} ${article} ${words(noun)}.`;
  return `${article === 'an' ? 'An' : 'A'} ${words(noun)} was ${words(verb)}.`;
}
