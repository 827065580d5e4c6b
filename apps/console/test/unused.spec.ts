import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const workspace = join(__dirname, '..', '..', '..');
const sources = new Map(
  globSync(['apps/console/src/**/*.{ts,tsx}', 'libs/ui/src/**/*.{ts,tsx}'], { cwd: workspace })
    .filter((file) => !file.endsWith('.spec.ts'))
    .map((file) => [file, readFileSync(join(workspace, file), 'utf8')] as const),
);

it('somebody imports whatever the kit exports', () => {
  const users = [...sources].filter(([file]) => !file.startsWith('libs/ui/src/')).map(([, source]) => source);
  const exported = [...sources.get('libs/ui/src/index.ts')!.matchAll(/export (?:type )?\{([^}]+)\}/g)]
    .flatMap(([, names]) => names!.split(','))
    .map((name) => name.trim().replace(/^type /, ''));
  expect(exported.length).toBeGreaterThan(80);
  expect(exported.filter((name) => !users.some((source) => new RegExp(`\\b${name}\\b`).test(source)))).toEqual([]);
});

/** The keys of the English texts with what stands above each: `nav`, `nav.bots`. Sentences of several lines are skipped by their depth. */
function keysOf(texts: string): string[] {
  const english = texts.slice(texts.search(/^ {2}en: \{/m), texts.search(/^ {2}ru: \{/m));
  const path: string[] = [];
  return english.split('\n').flatMap((line) => {
    const [, indent, key] = /^( {4,})'?([\w.-]+)'?:/.exec(line) ?? [];
    if (!indent || !key) return [];
    path.splice(indent.length / 2 - 2, Infinity, key);
    return [path.join('.')];
  });
}

it('every text is said somewhere', () => {
  const unsaid = [...sources].flatMap(([file, texts]) => {
    if (!file.endsWith('.texts.ts')) return [];
    const name = /export const (use\w+) = defineTexts/.exec(texts)?.[1];
    const users = [...sources].flatMap(([user, source]) =>
      user !== file && source.includes(`${name}(`) ? [source] : [],
    );
    const isSaid = (key: string) =>
      users.some((source) => new RegExp(`[.]${key}\\b|[{,]\\s*${key}\\s*[,:}]`).test(source));
    // Of a group that is indexed or handed on, any text may be said.
    const isTakenWhole = (key: string) =>
      users.some((source) => new RegExp(`[.]${key}(?![\\w.?(])|\\{ ${key} \\} = `).test(source));
    return keysOf(texts)
      .filter((path) => {
        const above = path.split('.');
        const key = above.pop()!;
        return !above.some(isTakenWhole) && !isSaid(key);
      })
      .map((path) => `${file} ${path}`);
  });
  expect(unsaid).toEqual([]);
});
