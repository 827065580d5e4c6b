import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const workspace = join(__dirname, '..', '..', '..');
const KIT = 'libs/ui/src/index.ts';
const sources = new Map(
  globSync(['apps/console/{src,test}/**/*.{ts,tsx}', 'libs/ui/src/**/*.{ts,tsx}', 'tools/*.spec.ts'], {
    cwd: workspace,
  }).map((file) => [file, readFileSync(join(workspace, file), 'utf8')] as const),
);
/** The reader of streams, which the console has no need of: it asks again. */
const isOffered = (one: string) => one.startsWith('libs/ui/src/follow.ts ') || one === `${KIT} follow`;
const isProduct = (file: string) => !file.endsWith('.spec.ts') && !/\/test\/|^tools\//.test(file);

/** `a, type b, c as d` → `a`, `b`, `c`. */
const namesIn = (list: string): string[] =>
  list
    .split(',')
    .map((name) =>
      name
        .trim()
        .replace(/^type /, '')
        .replace(/ as .*$/s, ''),
    )
    .filter(Boolean);

/** The file that is meant by a path in another one. */
function fileOf(from: string, path: string): string | undefined {
  if (path === '@switchboard/ui') return KIT;
  if (!path.startsWith('.')) return undefined;
  const target = join(dirname(from), path);
  return [target, `${target}.ts`, `${target}.tsx`].find((file) => sources.has(file));
}

/** What is imported or handed on, as `file name`. Of a file that is loaded when it is first needed, whatever is named around it. */
const imported = new Set(
  [...sources].flatMap(([from, source]) => {
    const listed = source.matchAll(/(?:import|export) (?:type )?(?:\w+, )?\{([^}]+)\} from '([^']+)'/g);
    const loaded = source.matchAll(/(?:const \{([^}]+)\} = await )?import\('([^']+)'\)((?:(?!import\()[^;])*)/g);
    return [
      ...[...listed].flatMap(([, names, path]) => namesIn(names!).map((name) => `${fileOf(from, path!)} ${name}`)),
      ...[...loaded].flatMap(([, names, path, around]) =>
        [...namesIn(names ?? ''), ...(around!.match(/\w+/g) ?? [])].map((name) => `${fileOf(from, path!)} ${name}`),
      ),
    ];
  }),
);

it('whatever a file exports is imported by another one', () => {
  const exported = [...sources]
    .filter(([file]) => isProduct(file))
    .flatMap(([file, source]) => [
      ...[...source.matchAll(/^export (?:async )?(?:const|let|function|class|interface|type) (\w+)/gm)].map(
        ([, name]) => `${file} ${name}`,
      ),
      ...(file === KIT ? [...source.matchAll(/^export (?:type )?\{([^}]+)\}/gm)] : []).flatMap(([, names]) =>
        namesIn(names!).map((name) => `${file} ${name}`),
      ),
    ]);
  expect(exported.length).toBeGreaterThan(400);
  expect(exported.filter((one) => !imported.has(one) && !isOffered(one))).toEqual([]);
});

/** The keys of the English texts with what stands above each: `nav`, `nav.bots`. Sentences of several lines are skipped by their depth. */
function keysOf(texts: string): string[] {
  const [english = ''] = /^ {2}en: \{$.*?(?=^ {2}ru: \{$)/ms.exec(texts) ?? [];
  const path: string[] = [];
  return english.split('\n').flatMap((line) => {
    const [, indent, key] = /^( {4,})'?([\w.-]+)'?:/.exec(line) ?? [];
    if (!indent || !key) return [];
    path.splice(indent.length / 2 - 2, Infinity, key);
    return [path.join('.')];
  });
}

/**
 * The texts that a file says, as `nav.bots`: of each name that texts were given, as in `const t = useTexts().nav`, what follows it.
 * `*` at the end stands for a group that is indexed or handed on, of which any may be said.
 */
function saidIn(source: string, hook: string): string[] {
  const given = source.matchAll(
    new RegExp(`const (\\w+|\\{[^}]+\\})(?:: [^=]+)? = ${hook}(?:\\.in\\(\\w+\\)|\\(\\))((?:\\.\\w+)*)`, 'g'),
  );
  const direct = source.matchAll(new RegExp(`(?<!= )\\b${hook}\\(\\)((?:\\.\\w+)*)`, 'g'));
  return [
    ...[...direct].map(([, path]) => `${path!.slice(1)}*`),
    ...[...given].flatMap(([, name, above]) => {
      const base = above!.slice(1);
      const below = (path: string) => [base, path].filter(Boolean).join('.');
      if (name!.startsWith('{')) return namesIn(name!.slice(1, -1)).map((one) => `${below(one.replace(/:.*/, ''))}*`);
      return [...source.matchAll(new RegExp(`(?<![\\w.])${name}((?:\\??\\.\\w+)*)(?![\\w:])`, 'g'))].map(
        ([, path]) => `${below(path!.replaceAll('?', '').slice(1))}*`,
      );
    }),
  ];
}

it('every text is said somewhere', () => {
  const unsaid = [...sources].flatMap(([file, texts]) => {
    if (!isProduct(file)) return [];
    return [...texts.matchAll(/^(?:export )?const (use\w+) = defineTexts(\(\{$.*?^\}\);$)/gms)].flatMap(
      ([, hook, own]) => {
        const said = [...sources].flatMap(([user, source]) =>
          isProduct(user) && source.includes(hook!) ? saidIn(source, hook!) : [],
        );
        return keysOf(own!)
          .filter((key) => !said.some((one) => isSaidBy(key, one.slice(0, -1))))
          .map((key) => `${file} ${key}`);
      },
    );
  });
  expect(unsaid).toEqual([]);
});

/** @param path what is said: a text, a group whose texts may all be, or a text with a method behind it, as in `title.length` */
const isSaidBy = (key: string, path: string): boolean =>
  path !== '' && (`${key}.`.startsWith(`${path}.`) || `${path}.`.startsWith(`${key}.`));
