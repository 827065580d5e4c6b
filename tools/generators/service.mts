import { globSync } from 'node:fs';
import { root } from '../local/workspace.mts';
import type { Changes } from './changes.mts';
import { camel } from './names.mts';
import { serviceFiles } from './service.templates.mts';
import { argumentOf, valueOf, withElement, withImport } from './source-edits.mts';

/** A service without features, known to everything that has to know it. */
export function addService(changes: Changes, service: string): void {
  if (changes.has(`apps/${service}/package.json`)) throw new Error(`There is an apps/${service} already.`);
  const port = nextPort(changes);
  for (const [path, text] of Object.entries(serviceFiles(service, port)))
    changes.create(`apps/${service}/${path}`, text);

  const reference = (path: string) => (text: string) =>
    withElement(text, valueOf('references'), `{ "path": "${path}" }`);
  changes.edit('tsconfig.json', reference(`apps/${service}`));
  changes.edit('tsconfig.specs.json', reference(`apps/${service}`));
  changes.edit('apps/all-in-one/tsconfig.json', reference(`../${service}`));
  changes.edit('apps/all-in-one/src/main.ts', (main) => {
    const app = `${camel(service)}App`;
    return withElement(withImport(main, `{ ${app} }`, `@switchboard/${service}`), argumentOf('runApps'), app);
  });
  changes.edit('package-lock.json', (lock) => withPackage(lock, service));
  // npm's record of what is installed. Without the entry the next verb would install everything anew for one link.
  changes.edit('node_modules/.package-lock.json', (lock) => withPackage(lock, service));
}

/** One after the highest that is taken. */
function nextPort(changes: Changes): number {
  const apps = globSync('apps/*/src/*.app.ts', { cwd: root }).map((file) => changes.read(file));
  const taken = apps.flatMap((app) => [...app.matchAll(/^\s*port: (\d+),$/gm)].map(([, port]) => Number(port)));
  return Math.max(4100, ...taken) + 1;
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
