import { globSync } from 'node:fs';
import { root } from '../local/workspace.mts';
import type { Changes } from './changes.mts';
import { camel, pascal, snake } from './names.mts';
import { serviceFiles } from './service.templates.mts';
import { constant, valueOf, withElement, withImport } from './source-edits.mts';

/** A service without features, known to everything that has to know it. */
export function addService(changes: Changes, service: string, port = nextPort(changes)): void {
  if (changes.has(`apps/${service}/package.json`)) throw new Error(`There is an apps/${service} already.`);
  for (const [path, text] of Object.entries(serviceFiles(service, port)))
    changes.create(`apps/${service}/${path}`, text);

  const reference = (path: string) => (text: string) =>
    withElement(text, valueOf('references'), `{ "path": "${path}" }`);
  changes.edit('tsconfig.json', reference(`apps/${service}`));
  changes.edit('tsconfig.specs.json', reference(`apps/${service}`));
  changes.edit('apps/all-in-one/tsconfig.json', reference(`../${service}`));
  changes.edit('apps/all-in-one/src/services.ts', (list) => {
    const app = `${camel(service)}App`;
    return withElement(withImport(list, `{ ${app} }`, `@switchboard/${service}`), constant('services'), app);
  });
  changes.edit('.env.example', (text) => withVariables(text, service, port));
  changes.edit('package-lock.json', (lock) => withPackage(lock, service));
  // npm's record of what is installed. Without the entry the next verb would install everything anew for one link.
  changes.edit('node_modules/.package-lock.json', (lock) => withPackage(lock, service));
}

/** Lists the module of a folder in that of its service. */
export function addModule(changes: Changes, service: string, folder: string): void {
  const name = `${pascal(folder)}Module`;
  changes.edit(`apps/${service}/src/${service}.module.ts`, (module) =>
    withElement(withImport(module, `{ ${name} }`, `./${folder}/${folder}.module`), valueOf('imports'), name, BEFORE),
  );
}

/** Names a folder in the layers of its service: above the features, and below those that look after all of them. */
export function addLayer(changes: Changes, service: string, folder: string): void {
  changes.edit(`apps/${service}/test/layers.spec.ts`, (spec) =>
    withElement(spec, constant('LAYERS'), `'${folder}'`, BEFORE),
  );
}

const BEFORE = /^('retention'|'erasure'|RetentionModule|ErasureModule)$/;

/** One after the highest that is taken. */
function nextPort(changes: Changes): number {
  const apps = globSync('apps/*/src/*.{app,module}.ts', { cwd: root }).map((file) => changes.read(file));
  const taken = apps.flatMap((app) => [...app.matchAll(/^\s*port: (\d+),$/gm)].map(([, port]) => Number(port)));
  return Math.max(4100, ...taken) + 1;
}

/** The variables that every service has, before those of the sandbox, and its key among those of the containers. */
function withVariables(text: string, service: string, port: number): string {
  const prefix = snake(service).toUpperCase();
  const variables = `# ---- ${service} ${'-'.repeat(125 - service.length)}

# Its private HTTP server.
#${prefix}_PORT=${port}
# A second listener for the outside that serves public routes only; none without it.
#${prefix}_PUBLIC_PORT=
# Where it answers the others, when they run apart.
#${prefix}_URL=
# Its own role on a managed database, instead of DATABASE_URL with its administrator.
#${prefix}_DATABASE_URL=
# Jobs side by side.
#${prefix}_JOB_CONCURRENCY=10

`;
  const keys = text.lastIndexOf('_PRIVATE_KEY=\n');
  const sandbox = text.indexOf('# ---- sandbox ');
  if (sandbox < 0 || keys < sandbox) throw new Error('.env.example has no sandbox, or no keys of containers after it.');
  const afterKeys = keys + '_PRIVATE_KEY=\n'.length;
  return `${text.slice(0, sandbox)}${variables}${text.slice(sandbox, afterKeys)}# See above.
#${prefix}_PRIVATE_KEY=
${text.slice(afterKeys)}`;
}

interface Lockfile {
  packages: Record<string, object>;
}

/** What `npm install` writes about a workspace of ours, in npm's order. */
function withPackage(text: string, service: string): string {
  const lock = JSON.parse(text) as Lockfile;
  lock.packages[`apps/${service}`] = { name: `@switchboard/${service}`, version: '0.1.0', license: 'Apache-2.0' };
  lock.packages[`node_modules/@switchboard/${service}`] = { resolved: `apps/${service}`, link: true };
  const inOrder = Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en'));
  return `${JSON.stringify({ ...lock, packages: Object.fromEntries(inOrder) }, null, 2)}\n`;
}
