import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { z } from 'zod';
import { variablesOf } from '@switchboard/service-kit';
import { definedApps, sandboxVariables, sharedVariables, withoutFile } from './app-variables';

const root = join(__dirname, '..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');

const lines = read('.env.example').split('\n');
const documented = lines.flatMap((line, i) => {
  const [, name, value] = /^#?([A-Z][A-Z0-9_]*)=(.*)$/.exec(line) ?? [];
  return name ? [{ name, value: value!, above: lines[i - 1] ?? '' }] : [];
});

/** Schemas of all variables that a service reads. */
async function readByServices(): Promise<Record<string, z.ZodType>> {
  const apps = await definedApps();
  return Object.assign(sharedVariables(apps), ...apps.map((app) => variablesOf(app).shape)) as Record<
    string,
    z.ZodType
  >;
}

/** Those docker-compose.yml asks for by `${NAME…}`, and the one that compose reads by itself. */
const readByCompose = () => [
  ...[...read('docker-compose.yml').matchAll(/\$\{(\w+)/g)].map(([, name]) => name!),
  'COMPOSE_PROFILES',
];

/** Those of the verbs, which no service may know. */
const readByTools = ['OPERATOR_PRIVATE_KEY', 'DEMO_COMPANY'];

describe('.env.example', () => {
  it('names every variable that is read, and no other', async () => {
    const schemas = await readByServices();
    const named = documented.map(({ name }) => withoutFile(name, schemas));
    const everything = new Set([...Object.keys(schemas), ...sandboxVariables(), ...readByCompose(), ...readByTools]);
    expect(named.sort()).toEqual([...everything].sort());
  });

  it('says about each in the line above why it is there', () => {
    expect(documented.filter(({ above }) => !/^# \S.*\S\.$/.test(above))).toEqual([]);
  });

  it('shows the defaults that hold', async () => {
    const schemas = await readByServices();
    const usual = (name: string) => {
      const { data } = schemas[name]?.safeParse(undefined) ?? {};
      return data === undefined ? undefined : String(data);
    };
    const differing = documented
      .map(({ name, value }) => ({ name, value, usual: usual(name) }))
      .filter((entry) => entry.usual !== undefined && entry.value !== entry.usual);
    expect(differing).toEqual([]);
  });

  it('holds no secret that works', () => {
    const secrets = documented.filter(({ name }) => /((?<!PUBLIC_)KEYS?|SECRET|PASSWORD|TOKEN)$/.test(name));
    expect(secrets.length).toBeGreaterThan(5);
    expect(secrets.filter(({ value }) => value !== '')).toEqual([]);
  });
});
