import { globSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { AppDefinition } from '@switchboard/service-kit';
import { root } from './local/workspace.mts';

/** Every service of the workspace: whoever has an `apps/<name>/src/<name>.app.ts` is one. No other list of them exists. */
export const serviceNames = (): string[] =>
  globSync('apps/*/src/*.app.ts', { cwd: root })
    .map((file) => basename(file, '.app.ts'))
    .sort();

/** What the services say of themselves, all or those of these names. Needs the build. */
export function definedServices(names: readonly string[] = serviceNames()): Promise<AppDefinition[]> {
  return Promise.all(
    names.map(async (name) => {
      const { default: exported } = (await import(join(root, `apps/${name}/dist/src/${name}.app.js`))) as {
        default: Record<string, AppDefinition>;
      };
      const [definition, ...more] = Object.values(exported);
      if (!definition || more.length > 0) throw new Error(`${name}.app.ts exports something else than the definition`);
      return definition;
    }),
  );
}
