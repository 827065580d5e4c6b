import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What addresses of pages name: `$botId` and so on. */
export type KnownIds = Readonly<Record<string, string>>;

export interface ConsolePageAddress {
  /** As a file may be called: `bots-new`. */
  readonly name: string;
  readonly path: string;
}

/** A page of something that there is not has to stand as well. */
export const UNKNOWN = '00000000-0000-7000-8000-000000000000';

/** The prefixes that stand for whoever sees a page. */
const areas: Readonly<Record<string, string>> = { root: '', staff: '/console', me: '/me' };

/**
 * Every page of the console and of a person's own area, as the router knows them, so that none is forgotten.
 * @param workspace the folder of the checkout
 */
export function pagesOf(area: 'root' | 'staff' | 'me', ids: KnownIds, workspace: string): ConsolePageAddress[] {
  const source = readFileSync(join(workspace, 'apps/console/src/routes.tsx'), 'utf8');
  const routes = [...source.matchAll(/getParentRoute: \(\) => (\w+),\s+path: '([^']+)'/g)];
  const paths = routes.filter(([, parent, path]) => parent === area && !['/console', '/me'].includes(path!));
  return paths.map(([, , path]) => {
    const filled = path!.replaceAll(/\$(\w+)/g, (_, id: string) => ids[id] ?? UNKNOWN);
    return {
      name: path!.replaceAll(/\W+/g, '-').replaceAll(/^-|-$/g, '') || 'home',
      path: area === 'root' ? filled : `${areas[area]}/${filled === '/' ? '' : filled}`,
    };
  });
}
