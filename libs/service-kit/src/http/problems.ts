import {
  type FieldError,
  type Permission,
  ownMessageInRussian,
  type Problem,
  sharedProblems,
  type SharedProblemCode,
} from '@switchboard/contracts';
import { z } from 'zod';
import { DomainError } from '../errors';

export type Language = 'en' | 'ru';

/** A problem of the request itself, whatever the route does. */
export class HttpProblem extends DomainError {
  constructor(
    code: SharedProblemCode,
    readonly extra: Pick<Problem, 'retryAfter' | 'params'> = {},
  ) {
    super(code, sharedProblems[code], sharedProblems[code].status);
  }

  in(language: Language): string {
    return sharedProblems[this.code as SharedProblemCode][language];
  }
}

/** Whoever asks lacks a right: which one is told, so that they know what to ask for. */
export class MissingPermission extends HttpProblem {
  constructor(private readonly permission: Permission) {
    super('forbidden', { params: { permission } });
  }

  override in(language: Language): string {
    const texts = {
      en: `You are not allowed to do this: it needs the right "${this.permission}".`,
      ru: `На это нет права: нужно «${this.permission}».`,
    };
    return texts[language];
  }
}

/** Fields that do not fit, for what only the feature itself can tell. */
export class InvalidFields extends HttpProblem {
  /** @param fields with pointers into the body */
  constructor(private readonly fields: readonly FieldError[]) {
    super('validation_failed');
  }

  errorsIn(language: Language): NonNullable<Problem['errors']> {
    return this.fields.map(({ detail, ...field }) => ({ ...field, detail: detail[language] }));
  }
}

/** A field that the feature refuses under a code of its own. */
export class FieldRefused extends DomainError {
  /** @param pointer into the body */
  constructor(
    code: string,
    private readonly pointer: string,
    private readonly details: Readonly<Record<Language, string>>,
    params?: Readonly<Record<string, unknown>>,
  ) {
    super(code, details, 422, params);
  }

  errorsIn(language: Language): NonNullable<Problem['errors']> {
    return [{ pointer: this.pointer, code: this.code, detail: this.details[language] }];
  }
}

/** What came in does not fit the schemas of the route. */
export class ValidationProblem extends HttpProblem {
  constructor(private readonly violations: readonly Violation[]) {
    super('validation_failed');
  }

  errorsIn(language: Language): NonNullable<Problem['errors']> {
    return this.violations.flatMap((violation) => describe(violation, language));
  }
}

/**
 * What a schema has against a value, for whoever chooses the language later.
 * @param at where the value stands: its pointers begin there
 */
export function fieldErrorsOf(
  value: unknown,
  issues: readonly z.core.$ZodIssue[],
  at: readonly string[] = [],
): FieldError[] {
  const inRussian = describe({ value, issues }, 'ru');
  return describe({ value, issues }, 'en').map(({ pointer, code, params, detail: en }, i) => ({
    pointer: at.map(tokenOf).join('') + pointer,
    code,
    ...(params && { params }),
    detail: { en, ru: inRussian[i]!.detail },
  }));
}

/** Issues of one part of a request, and the value they were found in. */
export interface Violation {
  /** Absent for the body. */
  readonly in?: 'path' | 'query' | 'header';
  readonly value: unknown;
  readonly issues: readonly z.core.$ZodIssue[];
}

const MISWRITTEN = { en: 'This is not written as it has to be.', ru: 'Записано не так, как нужно.' };

function describe({ in: place, value, issues }: Violation, language: Language): NonNullable<Problem['errors']> {
  const { localeError } = language === 'ru' ? z.locales.ru() : z.locales.en();
  return issues.map((issue) => {
    const { code, path, message, ...params } = issue as z.core.$ZodIssue & Record<string, unknown>;
    const isMissing = code === 'invalid_type' && valueAt(value, path) === undefined;
    // A pattern tells people nothing.
    const isPattern = code === 'invalid_format' && params['format'] === 'regex';
    // A message that a schema gives itself is in no catalogue.
    const isOwn = code === 'custom' || (isPattern && !message.includes(String(params['pattern'])));
    const localized = localeError({ ...issue, input: valueAt(value, path) } as z.core.$ZodRawIssue);
    const shown = pick(params);
    return {
      pointer: path.map(tokenOf).join(''),
      ...(place && { in: place }),
      code: isMissing ? 'required' : code,
      ...(Object.keys(shown).length > 0 && { params: shown }),
      detail: isOwn
        ? ((language === 'ru' ? ownMessageInRussian(message) : undefined) ?? message)
        : isPattern
          ? MISWRITTEN[language]
          : ((typeof localized === 'string' ? localized : localized?.message) ?? message),
    };
  });
}

/** Source: RFC 6901, section 3. */
const tokenOf = (key: PropertyKey) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;

/** Of an issue's facts those that a text needs: no patterns, no inner issues, nothing of what was sent. */
function pick(params: Record<string, unknown>): Record<string, unknown> {
  const shown = [
    'expected',
    'format',
    'minimum',
    'maximum',
    'inclusive',
    'exact',
    'divisor',
    'keys',
    'values',
    'origin',
  ];
  return Object.fromEntries(shown.filter((name) => params[name] !== undefined).map((name) => [name, params[name]]));
}

const valueAt = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | null | undefined)?.[key], value);
