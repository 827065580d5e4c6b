import type { Changes } from './changes.mts';
import type { Feature } from './feature.templates.mts';
import { pascal } from './names.mts';
import { valueOf, withElement } from './source-edits.mts';

const ACTIONS = 'apps/console/src/audit/audit-actions.ts';
const RESOURCES = 'apps/console/src/audit/audit-resources.ts';
const PERMISSIONS = 'apps/console/src/staff-names/permission-names.ts';

/**
 * What the console calls that which the audit log tells of the routes of a resource, and their permissions. The noun stays English in
 * the Russian ones: whoever writes the feature translates it.
 */
export function addWords(changes: Pick<Changes, 'edit'>, { service, plural, singular }: Feature): void {
  const [one, many] = [inWords(singular), inWords(plural).toLowerCase()];
  const act = (verb: string) => `${service}.${plural}.${verb}`;
  addTexts(changes, ACTIONS, 'en', {
    [act('open')]: `${one} opened`,
    [act('change')]: `${one} changed`,
    [act('remove')]: `${one} removed`,
  });
  addTexts(changes, ACTIONS, 'ru', {
    [act('open')]: `Открыто: ${one}`,
    [act('change')]: `Изменено: ${one}`,
    [act('remove')]: `Удалено: ${one}`,
  });
  // As the gateway names the type by the id of a route.
  const type = plural.replace(/ies$/, 'y').replace(/s$/, '');
  for (const language of ['en', 'ru'] as const) addTexts(changes, RESOURCES, language, { [type]: one });
  addTexts(changes, PERMISSIONS, 'en', { [`${plural}:read`]: `See ${many}`, [`${plural}:write`]: `Change ${many}` });
  addTexts(changes, PERMISSIONS, 'ru', {
    [`${plural}:read`]: `Видеть: ${many}`,
    [`${plural}:write`]: `Менять: ${many}`,
  });
}

/** Puts texts where they stand in the order of their names; those that are there stay. */
function addTexts(
  changes: Pick<Changes, 'edit'>,
  file: string,
  language: 'en' | 'ru',
  texts: Readonly<Record<string, string>>,
): void {
  for (const [name, text] of Object.entries(texts)) {
    changes.edit(file, (source) => {
      if (namesOf(source, language).includes(name)) return source;
      const before = { test: (entry: string) => (namesIn(entry)[0] ?? '') > name };
      return withElement(source, valueOf(language), `'${name}': '${text}'`, before);
    });
  }
}

/** The name of a text: `'refunds:read': 'See refunds'`. */
const NAME = /(?:^|,)\s*'?([a-z][a-z.-]*(?::[a-z-]+)?)'?: ['"]/gm;

const namesIn = (source: string): string[] => [...source.matchAll(NAME)].map(([, name]) => name!);

function namesOf(source: string, language: 'en' | 'ru'): string[] {
  const [, block = ''] = new RegExp(`^  ${language}: \\{\\n([^]*?)^  \\},`, 'm').exec(source) ?? [];
  return namesIn(block);
}

/** `gift-cards` → `Gift cards` */
const inWords = (name: string): string =>
  pascal(name).replaceAll(/(?<=[a-z0-9])([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`);
