import { mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Changes } from '../generators/changes.mts';
import { kebab } from '../generators/names.mts';
import { addService } from '../generators/service.mts';
import { root } from '../local/workspace.mts';

/** `npm run new:service -- payments`: a service that starts, is ready, and waits for its first feature. */
export async function main([name]: string[]): Promise<number> {
  const service = kebab(name, 'The name of the service');
  const changes = new Changes();
  addService(changes, service);
  for (const path of await changes.write()) console.log(`Written: ${path}`);
  link(service);
  console.log(`\nNow give it a feature: npm run new:feature -- ${service} <plural noun>`);
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
