import type { Changes } from './changes.mts';
import { aNoun, camel, pascal, words } from './names.mts';
import { calledOn, withElement, withExport, withImport } from './source-edits.mts';

export interface NewEvent {
  readonly service: string;
  readonly noun: string;
  /** What happened (`paid`), or what is asked for (`open-requested`). */
  readonly verb: string;
}

const contracts = 'libs/contracts/src';

export const nameOf = ({ service, noun, verb }: NewEvent) => `${service}.${noun}.${verb}.v1`;

/** What a service says when it has erased a person: one shape for all services, and so a name with the service in it. */
export const personErasedBy = (service: string): NewEvent => ({ service, noun: 'person', verb: 'erased' });
const isPersonErased = ({ noun, verb }: NewEvent) => noun === 'person' && verb === 'erased';

/** `payments.invoice.paid.v1` → `InvoicePaid`; `payments.person.erased.v1` → `PaymentsPersonErased` */
export const constantOf = (event: NewEvent) =>
  `${isPersonErased(event) ? pascal(event.service) : ''}${pascal(event.noun)}${pascal(event.verb)}`;

/** Whether somebody defined that constant already. */
export const isDefined = (changes: Changes, event: NewEvent) =>
  new RegExp(`\\b${constantOf(event)}\\b`).test(changes.read(`${contracts}/index.ts`));

/** Defines an event in the contracts, exports it and puts it into the catalogue. */
export function addEvent(changes: Changes, event: NewEvent, text = definition(event)): void {
  const { service } = event;
  const constant = constantOf(event);
  if (isDefined(changes, event)) throw new Error(`The contracts have a ${constant} already.`);
  if (!changes.has(`apps/${service}/project.json`)) {
    throw new Error(`There is no apps/${service}: \`npm run new:service -- ${service}\` makes it.`);
  }
  const module = `./${service}.events`;
  const file = `${contracts}/${service}.events.ts`;
  if (!changes.has(file)) {
    changes.create(file, '');
    changes.edit(`${contracts}/catalog.ts`, (catalog) =>
      withElement(withImport(catalog, `* as ${camel(service)}`, module), calledOn('flatMap'), camel(service)),
    );
  }
  const needed = Object.entries(IMPORTS).filter(([name]) => new RegExp(`\\b${name}[.(]`).test(text));
  changes.edit(file, (events) => {
    const missing = needed.filter(([name]) => !new RegExp(`^import .*\\b${name}\\b`, 'm').test(events));
    const imported = missing.reduce((source, [name, from]) => withImport(source, `{ ${name} }`, from), events);
    return `${imported.trimEnd()}\n\n${text}`;
  });
  changes.edit(`${contracts}/index.ts`, (index) => withExport(index, constant, module));
}

/** Where what a definition is made of comes from. */
const IMPORTS = {
  z: 'zod',
  defineEvent: './define-event',
  personal: './personal',
  definePersonErased: './person-erased',
};

function definition(event: NewEvent): string {
  if (isPersonErased(event))
    return `export const ${constantOf(event)} = definePersonErased('${event.service}');
`;
  return definitionWith(event, { userId: PERSON });
}

/** The field that says whom something belongs to. */
export const PERSON = "z.uuid().describe('The person, one id everywhere.')";

/** @param fields besides the id of the noun, as TypeScript */
export function definitionWith(event: NewEvent, fields: Readonly<Record<string, string>>): string {
  const id = `${camel(event.noun)}Id`;
  const more = Object.entries(fields).map(([name, schema]) => `${name}: ${schema},`);
  return `export const ${constantOf(event)} = defineEvent(
  '${nameOf(event)}',
  z.object({ ${id}: z.uuid(), ${more.join(' ')} }),
  { subject: '${id}', summary: '${summary(event)}' },
);
`;
}

function summary({ noun, verb }: NewEvent): string {
  const asked = /^(.+)-requested$/.exec(verb)?.[1];
  if (asked) return `Somebody asks to ${words(asked)} ${aNoun(noun)}.`;
  const [first, ...rest] = aNoun(noun);
  return `${first!.toUpperCase()}${rest.join('')} was ${words(verb)}.`;
}
