import { BotDescription, BotId, type FieldError } from '@switchboard/contracts';
import type { z } from 'zod';
import { BotFieldError, type BotSource } from './bot-source';
import { ConfigError } from './config';
import { fieldErrorsOf } from './http/problems';

/** The sections of a description that a service reads, by name. */
export type BotSections = Readonly<Record<string, z.ZodType>>;

export interface ReadDescription {
  readonly description: BotDescription;
  readonly sections: ReadonlyMap<string, unknown>;
}

/**
 * What a source says of a bot, or all that is wrong with it, with pointers into its content.
 * @param all those it is read together with
 */
export function readDescription(
  source: BotSource,
  all: readonly BotSource[],
  sections: BotSections = {},
): ReadDescription | FieldError[] {
  const { id, content, mistake, kept } = source;
  if (mistake !== undefined) return [unlocalized(mistake)];
  const description = BotDescription.safeParse(content);
  const found = [
    ...mistakesInName(id, all),
    ...(description.success ? [] : fieldErrorsOf(content, description.error.issues)),
    ...refusedIn(content, kept !== undefined),
  ];
  const read = new Map<string, unknown>();
  for (const [section, schema] of Object.entries(sections)) {
    const written = (content as Record<string, unknown> | null)?.[section];
    const parsed = schema.safeParse(written);
    if (parsed.success) read.set(section, parsed.data);
    else if (written !== undefined) found.push(...fieldErrorsOf(written, parsed.error.issues, [section]));
  }
  return description.success && found.length === 0 ? { description: description.data, sections: read } : found;
}

/** `channel.token: is not of the form …` */
export function inWords({ pointer, detail }: FieldError): string {
  const where = pointer.slice(1).replaceAll('/', '.').replaceAll('~1', '/').replaceAll('~0', '~');
  return where ? `${where}: ${detail.en}` : detail.en;
}

export const pointerOf = (path: string) => `/${path.replaceAll('.', '/')}`;

/** What a check has thrown. */
export function mistakesIn(error: unknown): FieldError[] {
  if (error instanceof BotFieldError) {
    return [{ pointer: pointerOf(error.path), code: error.code, detail: error.detail }];
  }
  return (error instanceof ConfigError ? error.mistakes : [(error as Error).message]).map(unlocalized);
}

const unlocalized = (text: string): FieldError => ({ pointer: '', code: 'unusable', detail: { en: text, ru: text } });

function mistakesInName(id: string, all: readonly BotSource[]): FieldError[] {
  const name = BotId.safeParse(id);
  if (name.success) return [];
  const twin = all.find((other) => other.id !== id && other.id.toLowerCase() === id.toLowerCase());
  if (twin) return [unlocalized(`differs from ${twin.origin} only by capital letters`)];
  return fieldErrorsOf(id, name.error.issues).map(({ detail: { en, ru }, ...error }) => ({
    ...error,
    detail: { en: `the name: ${en}`, ru: `имя: ${ru}` },
  }));
}

const SECRET_FIELD = /^(token|apiKey|secret|password)$|(Token|ApiKey|Secret|Password)$/;
/** By which a file names what is not in it. */
const NAMES_SECRET = /[a-z](Env|File)$/;

/**
 * Fields that would hold a secret in plain: descriptions are read by many and end in repositories. And, where the gateway keeps it,
 * fields that name variables or files of a machine.
 */
function refusedIn(content: unknown, isKept: boolean, path: string[] = []): FieldError[] {
  if (typeof content !== 'object' || content === null) return [];
  return Object.entries(content).flatMap(([field, value]): FieldError[] => {
    const where = [...path, field];
    if (typeof value !== 'string') return refusedIn(value, isKept, where);
    const refused = (code: string, en: string, ru: string) => [
      { pointer: where.map(escaped).join(''), code, detail: { en, ru } },
    ];
    if (isKept && NAMES_SECRET.test(field)) {
      return refused(
        'names_machine',
        'variables and files of the machine are named by files only; give the secret instead',
        'переменные и файлы сервера указывают только в файлах; задайте секрет',
      );
    }
    if (!SECRET_FIELD.test(field)) return [];
    if (isKept) {
      return refused(
        'secret_in_plain',
        'a secret does not belong into the description, it is given beside it',
        'секрету не место в описании, он задаётся отдельно',
      );
    }
    // The sandbox's tokens open nothing.
    if ((content as { apiRoot?: unknown }).apiRoot === 'sandbox') return [];
    return refused(
      'secret_in_plain',
      `a secret does not belong here, name its variable by ${field}Env or its file by ${field}File`,
      `секрету здесь не место: укажите переменную в ${field}Env или файл в ${field}File`,
    );
  });
}

const escaped = (key: string) => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
