import { mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Changes } from '../generators/changes.mts';
import { kebab } from '../generators/names.mts';
import { addService } from '../generators/service.mts';
import { root } from '../local/workspace.mts';

/**
 * `npm run new:service -- payments [4104]`: a service that starts, is ready, and waits for its first feature. Its port is the next
 * that is free unless one is given.
 */
export async function main([name, port]: string[]): Promise<number> {
  const service = kebab(name, 'The name of the service');
  if (port !== undefined && !/^\d{4,5}$/.test(port)) throw new Error(`"${port}" is no port.`);
  const changes = new Changes();
  addService(changes, service, port === undefined ? undefined : Number(port));
  for (const path of await changes.write()) console.log(`Written: ${path}`);
  link(service);
  console.log(`\nNow give it a feature: npm run new:feature -- ${service} <plural noun>
  npm run docs    carries it into docker-compose.yml, Prometheus' targets and the images
By hand: its README, a line in those of the root and of apps/all-in-one, in docs/architecture.md and in CHANGELOG.md.`);
  return 0;
}

/** What `npm install` would do for a package of the workspace. */
function link(service: string): void {
  const path = join(root, 'node_modules', '@switchboard', service);
  mkdirSync(dirname(path), { recursive: true });
  // Windows lets everybody make junctions, which need an absolute target.
  if (process.platform === 'win32') symlinkSync(join(root, 'apps', service), path, 'junction');
  else symlinkSync(join('..', '..', 'apps', service), path);
}
