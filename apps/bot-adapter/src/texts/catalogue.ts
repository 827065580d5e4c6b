import type { Locale } from '@switchboard/contracts';
import { createInstance, type i18n } from 'i18next';
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** What a bot says differently: by language, `<catalogue>.<key>` → text. */
export type TextOverrides = Readonly<Record<string, Readonly<Record<string, string>>>>;

export type Values = Readonly<Record<string, string | number>>;

interface TextTree {
  readonly [key: string]: string | TextTree;
}

/** Spoken to people whose language nobody wrote texts in. */
const FALLBACK = 'en';
const LANGUAGE_FILE = /^([a-z]{2,3}(?:-[A-Za-z0-9]+)*)\.[jt]s$/;

/**
 * What people read, in every language there is a file for: `en.ts`, `ru.ts`, `pt-BR.ts`, … beside each other in one folder,
 * each with `export const texts`. Another language is another file.
 */
export class Catalogue {
  readonly languages: readonly string[];
  private readonly texts: i18n = createInstance();

  constructor(
    /** Begins the keys by which a bot says something differently. */
    readonly name: string,
    folder: string,
  ) {
    const load = createRequire(__filename);
    const resources = Object.fromEntries(
      readdirSync(folder).flatMap((file) => {
        const [, language] = LANGUAGE_FILE.exec(file) ?? [];
        if (!language) return [];
        const { texts } = load(join(folder, file)) as { texts: TextTree };
        return [[language, { translation: texts }]];
      }),
    );
    this.languages = Object.keys(resources).sort();
    void this.texts.init({
      resources,
      fallbackLng: FALLBACK,
      // With resources at hand there is nothing to wait for.
      initAsync: false,
    });
  }

  /**
   * A text in a person's language, or in the nearest there is; of several keys the first that exists. The values are filled in
   * here, because i18next does it one after the other: a person whose name has braces in it would shift all others. A value
   * `count` chooses among plural forms (`books_one`, `books_few`, …).
   */
  say(locale: Locale, key: string | readonly string[], values: Values = {}, overrides?: TextOverrides): string {
    const own = overrides && this.overridden(locale, [key].flat()[0]!, overrides);
    const { count } = values;
    const text =
      own ??
      this.texts.t(key as string | string[], {
        lng: locale,
        skipInterpolation: true,
        ...(typeof count === 'number' && { count }),
      });
    return text.replace(/\{\{(\w+)\}\}/g, (_slot, name: string) => String(values[name] ?? ''));
  }

  has(key: string): boolean {
    return this.texts.exists(key, { lng: FALLBACK });
  }

  private overridden(locale: Locale, key: string, overrides: TextOverrides): string | undefined {
    const texts = tagsOf(locale).map((tag) => overrides[tag]?.[`${this.name}.${key}`]);
    return texts.find((text) => text !== undefined);
  }
}

/** What every floor says; products have catalogues of their own. */
export const shared = new Catalogue('shared', join(__dirname, 'shared'));

/** As `shared.say`, for those that know no bot. */
export const say = (locale: Locale, key: string | readonly string[], values: Values = {}): string =>
  shared.say(locale, key, values);

/** Of these languages the nearest to a client's (a BCP 47 tag), else the first. */
export function nearestLanguage(offered: readonly string[], language: string | undefined): string {
  const spoken = language ? tagsOf(language) : [];
  const found = spoken.map((tag) => offered.find((one) => one.toLowerCase() === tag.toLowerCase()));
  return found.find((one) => one !== undefined) ?? offered[0] ?? FALLBACK;
}

/** `zh-Hant-TW` → `zh-Hant-TW`, `zh-Hant`, `zh` */
function tagsOf(locale: string): string[] {
  const parts = locale.split('-');
  return parts.map((_, i) => parts.slice(0, parts.length - i).join('-'));
}
