import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { breakingChanges, type Schema } from '../test/breaking-changes';
import * as contracts from './index';
import { events, publishedSchema, signals } from './index';

const snapshots = join(__dirname, '..', 'snapshots');
const all = [...events, ...signals];
const schemaOf = (definition: (typeof all)[number]) => publishedSchema(definition) as Schema;

describe('the catalogue', () => {
  it('holds each name once', () => {
    const names = all.map(({ type }) => type);
    expect(names).toEqual([...new Set(names)]);
  });

  it('is what the package exports', () => {
    const exported = new Set<unknown>(Object.values(contracts));
    expect(all.filter((definition) => !exported.has(definition)).map(({ type }) => type)).toEqual([]);
  });

  it('keeps what a service says in the file of that service', () => {
    const files = readdirSync(__dirname).filter((file) => file.endsWith('.events.ts'));
    const misplaced = files.flatMap((file) => {
      const names = readFileSync(join(__dirname, file), 'utf8').matchAll(/define(?:Event|Signal)\(\s*'([^']+)'/g);
      return [...names].map(([, name]) => name!).filter((name) => !name.startsWith(`${file.split('.')[0]}.`));
    });
    expect(misplaced).toEqual([]);
  });

  it('has one meaning for each named shape', () => {
    const meanings = new Map<string, Schema>();
    for (const definition of all) {
      for (const [name, shape] of Object.entries(schemaOf(definition).definitions ?? {})) {
        expect({ name, shape }).toEqual({ name, shape: meanings.get(name) ?? shape });
        meanings.set(name, shape);
      }
    }
    expect([...meanings.keys()]).toContain('BotId');
  });
});

/** A reader that does not know one of them must not guess what a person may have. */
const DECIDES_ACCESS = ['payments.SubscriptionStatus'];

describe.each(all.map((definition) => [definition.type, definition] as const))('%s', (type, definition) => {
  it('is <service>.<noun>.<what happened>.v<n>', () => {
    expect(type).toMatch(/^[a-z]+(-[a-z]+)*\.[a-z]+(-[a-z]+)*\.[a-z]+(-[a-z]+)*\.v[1-9]\d*$/);
  });

  it('says in a sentence what it means', () => {
    expect(definition.summary).toMatch(/^[A-Z].*\.$/);
  });

  it('lets readers ignore fields they do not know', () => {
    expect(JSON.stringify(schemaOf(definition))).not.toContain('"additionalProperties":false');
  });

  it('has no closed set of words: readers would refuse the whole event for a new one', () => {
    const { definitions = {}, ...schema } = schemaOf(definition);
    const open = Object.entries(definitions).filter(([name]) => !DECIDES_ACCESS.includes(name));
    expect(JSON.stringify([schema, open])).not.toMatch(/"(enum|const)":/);
  });

  it('is still what was published', () => {
    const file = join(snapshots, `${type}.json`);
    if (!existsSync(file)) throw new Error(`${type} is new: run \`npm run docs\` to publish it.`);
    const broken = breakingChanges(JSON.parse(readFileSync(file, 'utf8')) as Schema, schemaOf(definition));
    expect(broken).toEqual([]);
  });
});

describe.each(events.map((definition) => [definition.type, definition] as const))('%s', (_, definition) => {
  it('is ordered by a text that is always there', () => {
    const { properties = {}, required = [], definitions = {} } = schemaOf(definition);
    expect(required).toContain(definition.subjectField);
    const field = properties[definition.subjectField] as Schema & { $ref?: string };
    const shape = field.$ref ? definitions[field.$ref.replace('#/definitions/', '')] : field;
    expect(shape).toMatchObject({ type: 'string' });
  });
});

it('nothing that was published has vanished', () => {
  const published = readdirSync(snapshots).map((file) => file.replace(/\.json$/, ''));
  const said = new Set(all.map(({ type }) => type));
  const vanished = published.filter((type) => !said.has(type)).map((type) => `snapshots/${type}.json`);
  if (vanished.length === 0) return;
  throw new Error(
    `No event has the schema of ${vanished.join(', ')}. What was part of a release stays, or becomes a new version; ` +
      'what never was, such as an event that you have thought better of, goes with its file.',
  );
});
