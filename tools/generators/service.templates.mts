import { camel, pascal, snake, words } from './names.mts';

/** The files of a service, from its folder. */
export const serviceFiles = (service: string, port: number): Record<string, string> => ({
  'package.json': packageJson(service),
  'project.json': projectJson(service),
  'tsconfig.json': tsconfig,
  'README.md': readme(service, port),
  'src/main.ts': main(service),
  [`src/${service}.app.ts`]: app(service, port),
  [`src/${service}.module.ts`]: module(service),
  [`src/${service}.config.ts`]: config(service),
  [`src/${service}.data-map.ts`]: dataMap(service),
  [`test/${service}-starts.spec.ts`]: spec(service),
  [`test/data-map.spec.ts`]: dataMapSpec(service),
  [`test/layers.spec.ts`]: layersSpec(service),
  [`test/unknown-words.spec.ts`]: unknownWordsSpec(service),
});

const packageJson = (service: string) => `{
  "name": "@switchboard/${service}",
  "version": "0.1.0",
  "private": true,
  "license": "Apache-2.0",
  "exports": {
    ".": {
      "types": "./dist/src/${service}.app.d.ts",
      "default": "./dist/src/${service}.app.js"
    }
  }
}
`;

const projectJson = (service: string) => `{
  "$schema": "../../node_modules/nx/schemas/project-schema.json",
  "name": "${service}",
  "projectType": "application",
  "sourceRoot": "apps/${service}/src",
  "tags": ["kind:service", "scope:${service}"],
  "targets": { "build": {}, "test": {}, "lint": {} }
}
`;

const tsconfig = `{
  "extends": "../../tsconfig.base.json",
  "compilerOptions": { "rootDir": ".", "outDir": "dist", "tsBuildInfoFile": "dist/.tsbuildinfo" },
  "include": ["src", "migrations"],
  "exclude": ["**/*.spec.ts"],
  "references": [{ "path": "../../libs/contracts" }, { "path": "../../libs/bus" }, { "path": "../../libs/service-kit" }]
}
`;

const main = (service: string) => `import { runApp } from '@switchboard/service-kit';
import { ${camel(service)}App } from './${service}.app';

void runApp(${camel(service)}App);
`;

const app = (service: string, port: number) => `import { defineApp } from '@switchboard/service-kit';
import { ${camel(service)}Config } from './${service}.config';
import { ${camel(service)}DataMap } from './${service}.data-map';
import { ${pascal(service)}Module } from './${service}.module';

export const ${camel(service)}App = defineApp({
  name: '${service}',
  module: ${pascal(service)}Module,
  config: ${camel(service)}Config,
  entities: [],
  migrations: [],
  dataMap: ${camel(service)}DataMap,
  port: ${port},
});
`;

const module = (service: string) => `import { Module } from '@nestjs/common';

@Module({ imports: [] })
export class ${pascal(service)}Module {}
`;

const config = (service: string) => `import { z } from 'zod';

/** The variables that only this service reads; their names begin with \`${snake(service).toUpperCase()}_\`. */
export const ${camel(service)}Config = z.object({});
`;

const dataMap = (service: string) => `import type { DataMap } from '@switchboard/service-kit';

export const ${camel(service)}DataMap: DataMap = {};
`;

const dataMapSpec = (
  service: string,
) => `import { dataMapProblems, startApp, type TestApp } from '@switchboard/testing';
import { ${camel(service)}App } from '../src/${service}.app';

let app: TestApp;
beforeAll(async () => {
  app = await startApp(${camel(service)}App);
});
afterAll(() => app.stop());

it('the data map says of every table what it holds of whom, and rows of persons are kept apart', async () => {
  expect(await dataMapProblems(app, ${camel(service)}App)).toEqual([]);
});
`;

const layersSpec = (service: string) => `import { layerProblems } from '@switchboard/testing';
import { join } from 'node:path';

/** The folders of \`src\`, from the bottom to the top. */
const LAYERS: string[] = [];

it('the layers of ${service} import only what stands below them', () => {
  expect(layerProblems(join(__dirname, '..', 'src'), LAYERS)).toEqual([]);
});
`;

const unknownWordsSpec = (
  service: string,
) => `import { hearsUnknownWords, startApp, type TestApp } from '@switchboard/testing';
import { ${camel(service)}App } from '../src/${service}.app';

/** A newer version of another service says words that this one has never heard of. */
describe('words that ${service} does not know', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startApp(${camel(service)}App);
  });
  afterAll(() => app.stop());

  it('keep no event from being applied', () =>
    // A sample of each event that is heard and has open words: { [MessageReceived.type]: () => MessageReceived({ … }) }
    hearsUnknownWords(app, ${camel(service)}App, {}));
});
`;

const spec = (service: string) => `import { startApp, type TestApp } from '@switchboard/testing';
import { ${camel(service)}App } from '../src/${service}.app';

describe('${words(service)}', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startApp(${camel(service)}App);
  });
  afterAll(() => app.stop());

  it('is ready on a fresh database', async () => {
    const response = await fetch(\`\${app.url}/health/ready\`);
    expect(await response.json()).toEqual({ status: 'ok', checks: { database: true, broker: true, migrations: true } });
  });
});
`;

const readme = (service: string, port: number) => {
  const prefix = snake(service).toUpperCase();
  return `# ${pascal(service).replace(/(?<=[a-z0-9])(?=[A-Z])/g, ' ')}

## What it owns

The schema \`${snake(service)}\` of the database. Nobody else reads or writes it.

## Events in and out

See [docs/events.md](../../docs/events.md), which is written from the code.

## Its environment

Besides what every service reads:

| variable | why |
| --- | --- |
| \`${prefix}_PORT\` | of its private HTTP server; ${port} when absent |
| \`${prefix}_DATABASE_URL\` | its own role and schema, where no administrator's \`DATABASE_URL\` is given |
| \`${prefix}_JOB_CONCURRENCY\` | jobs done side by side |

## A picture

\`\`\`mermaid
flowchart LR
  bus([events]) --> ${camel(service)}["${service}"]
  ${camel(service)} --> database[("${snake(service)}")]
  ${camel(service)} --> bus
\`\`\`

## Alone

\`npm test -- apps/${service}\` runs its specs on a Postgres of their own.
`;
};
