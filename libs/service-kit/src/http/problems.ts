import type { FieldError, Problem } from '@switchboard/contracts';
import { z } from 'zod';
import { DomainError } from '../errors';

export type Language = 'en' | 'ru';

/** What any route may answer with, besides the problems of its own. */
const PROBLEMS = {
  malformed_request: [400, 'The request cannot be read.', 'Запрос не удалось прочитать.'],
  malformed_json: [400, 'The body is not JSON.', 'Тело запроса не является JSON.'],
  malformed_multipart: [
    400,
    'The body is not the multipart form it says it is.',
    'Тело запроса не является формой multipart.',
  ],
  malformed_if_match: [400, 'If-Match is a list of entity tags in quotes.', 'If-Match — список меток в кавычках.'],
  malformed_idempotency_key: [
    400,
    'Idempotency-Key is needed: 16 to 255 visible characters.',
    'Нужен Idempotency-Key: от 16 до 255 видимых символов.',
  ],
  invalid_cursor: [
    400,
    'The cursor is not of this list, or too old. Begin without one.',
    'Курсор не от этого списка или устарел. Начните без него.',
  ],
  malformed_reason: [
    400,
    'X-Reason is needed: why you look, 3 to 500 characters, percent-encoded.',
    'Нужен X-Reason: причина, от 3 до 500 символов, в кодировке URL.',
  ],
  unauthorized: [401, 'A valid token is needed.', 'Нужен действительный токен.'],
  forbidden: [403, 'You are not allowed to do this.', 'На это нет права.'],
  not_found: [404, 'There is no such address.', 'Такого адреса нет.'],
  method_not_allowed: [
    405,
    'There is such an address, but not with this method.',
    'Такой адрес есть, но не с этим методом.',
  ],
  request_in_progress: [409, 'The same request is being worked on.', 'Такой же запрос ещё выполняется.'],
  revision_mismatch: [
    412,
    'Somebody changed it since you saw it. Look at it again.',
    'С тех пор это изменили. Посмотрите ещё раз.',
  ],
  body_too_large: [413, 'The body is too large.', 'Тело запроса слишком велико.'],
  unsupported_media_type: [415, 'The body has a type that is not taken here.', 'Тело такого типа здесь не принимают.'],
  validation_failed: [422, 'The request does not fit.', 'Запрос не подходит по форме.'],
  too_many_requests: [429, 'Too many requests. Wait a little.', 'Слишком много запросов. Подождите немного.'],
  cross_site_request: [
    403,
    'The request comes from a page of another site.',
    'Запрос пришёл со страницы другого сайта.',
  ],
  step_up_required: [
    403,
    'This is dangerous: prove first who you are.',
    'Это опасное действие: сначала подтвердите, что это вы.',
  ],
  idempotency_key_reused: [
    422,
    'The Idempotency-Key belongs to another request.',
    'Этот Idempotency-Key относится к другому запросу.',
  ],
  if_match_missing: [428, 'If-Match is needed: the ETag you have seen.', 'Нужен If-Match: ETag, который вы видели.'],
} as const satisfies Record<string, [status: number, en: string, ru: string]>;

/** A problem of the request itself, whatever the route does. */
export class HttpProblem extends DomainError {
  constructor(
    code: keyof typeof PROBLEMS,
    readonly extra: Pick<Problem, 'retryAfter' | 'params'> = {},
  ) {
    super(code, PROBLEMS[code][1], PROBLEMS[code][0]);
  }

  in(language: Language): string {
    const [, en, ru] = PROBLEMS[this.code as keyof typeof PROBLEMS];
    return language === 'ru' ? ru : en;
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

function describe({ in: place, value, issues }: Violation, language: Language): NonNullable<Problem['errors']> {
  const { localeError } = language === 'ru' ? z.locales.ru() : z.locales.en();
  return issues.map((issue) => {
    const { code, path, message, ...params } = issue as z.core.$ZodIssue & Record<string, unknown>;
    const isMissing = code === 'invalid_type' && valueAt(value, path) === undefined;
    // A message that a schema gives itself is in no catalogue.
    const isOwn = code === 'custom';
    const localized = localeError({ ...issue, input: valueAt(value, path) } as z.core.$ZodRawIssue);
    const shown = pick(params);
    return {
      pointer: path.map(tokenOf).join(''),
      ...(place && { in: place }),
      code: isMissing ? 'required' : code,
      ...(Object.keys(shown).length > 0 && { params: shown }),
      detail: isOwn ? message : ((typeof localized === 'string' ? localized : localized?.message) ?? message),
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
