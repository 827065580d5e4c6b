import { z } from 'zod';

/** The `type` values OpenAI uses; a 429 names the exhausted resource (`requests`, `tokens`, `insufficient_quota`). */
export type ErrorType =
  | 'invalid_request_error'
  | 'server_error'
  | 'requests'
  | 'tokens'
  | 'insufficient_quota'
  | 'billing_not_active'
  | 'max_tokens_per_request'
  | 'sandbox_error';

interface Details {
  type?: ErrorType;
  param?: string | null;
  code?: string | null;
  headers?: Record<string, string>;
}

/** A refusal in OpenAI's shape: `{ "error": { message, type, param, code } }`. */
export class ApiError extends Error {
  readonly type: ErrorType;
  readonly param: string | null;
  readonly code: string | null;
  readonly headers: Record<string, string>;

  constructor(
    readonly status: number,
    message: string,
    details: Details = {},
  ) {
    super(message);
    this.type = details.type ?? 'invalid_request_error';
    this.param = details.param ?? null;
    this.code = details.code ?? null;
    this.headers = details.headers ?? {};
  }

  toJSON() {
    return { error: { message: this.message, type: this.type, param: this.param, code: this.code } };
  }
}

export const modelNotFound = (model: string) =>
  new ApiError(404, `The model \`${model}\` does not exist or you do not have access to it.`, {
    code: 'model_not_found',
  });

export const noVision = () =>
  new ApiError(400, 'Invalid content type. image_url is only supported by certain models.', { param: 'messages' });

export const unreadableImage = () =>
  new ApiError(
    400,
    "You uploaded an unsupported image. Please make sure your image has of one the following formats: ['png', 'jpeg', 'gif', 'webp'].",
    { code: 'invalid_image_format' },
  );

export const contextTooLong = (limit: number, tokens: number) =>
  new ApiError(
    400,
    `This model's maximum context length is ${limit} tokens. However, your messages resulted in ${tokens} tokens. ` +
      'Please reduce the length of the messages.',
    { param: 'messages', code: 'context_length_exceeded' },
  );

export const serverError = () =>
  new ApiError(500, 'The server had an error while processing your request. Sorry about that!', {
    type: 'server_error',
  });

/** Parses a request body; throws the 400 OpenAI would answer for the first thing that is wrong with it. */
export function parseRequest<T extends z.ZodType>(schema: T, body: unknown): z.output<T> {
  const parsed = schema.safeParse(body ?? {}, { reportInput: true });
  if (parsed.success) return parsed.data;
  throw refusal(parsed.error.issues[0]!);
}

function refusal(issue: z.core.$ZodIssue): ApiError {
  const param = pathOf(issue.path);
  const fail = (message: string, code: string | null) => new ApiError(400, message, { param: param || null, code });
  if (issue.code === 'invalid_type' && issue.input === undefined) {
    return fail(`Missing required parameter: '${param}'.`, 'missing_required_parameter');
  }
  switch (issue.code) {
    case 'invalid_type':
      return fail(
        `Invalid type for '${param}': expected ${article(issue.expected)}, but got ${article(kindOf(issue.input))} instead.`,
        'invalid_type',
      );
    case 'too_small':
      return tooSmall(issue, param, fail);
    case 'too_big':
      return tooBig(issue, param, fail);
    case 'invalid_value':
      return fail(
        `Invalid value: '${String(issue.input)}'. Supported values are: ${issue.values.map((value) => `'${String(value)}'`).join(', ')}.`,
        'invalid_value',
      );
    case 'invalid_format':
      return fail(
        `Invalid '${param}': string does not match pattern. Expected a string that matches the pattern '${issue.pattern ?? issue.format}'.`,
        'invalid_value',
      );
    case 'unrecognized_keys':
      return new ApiError(400, `Unrecognized request argument supplied: ${issue.keys.join(', ')}`);
    case 'invalid_union':
      return issue.input === undefined
        ? fail(`Missing required parameter: '${param}'.`, 'missing_required_parameter')
        : fail(`Invalid value for '${param}'.`, 'invalid_value');
    case 'custom':
      return new ApiError(400, issue.message, { param: param || null });
    default:
      return fail(`Invalid value for '${param}'.`, 'invalid_value');
  }
}

type Fail = (message: string, code: string) => ApiError;

function tooSmall(issue: z.core.$ZodIssueTooSmall, param: string, fail: Fail): ApiError {
  if (issue.origin === 'array') {
    return fail(
      `Invalid '${param}': empty array. Expected an array with minimum length ${issue.minimum}, but got an empty array instead.`,
      'empty_array',
    );
  }
  if (issue.origin === 'string') {
    return fail(
      `Invalid '${param}': empty string. Expected a string with minimum length ${issue.minimum}, but got an empty string instead.`,
      'empty_string',
    );
  }
  const kind = numberKind(param);
  return fail(
    `Invalid '${param}': ${kind} below minimum value. Expected a value >= ${issue.minimum}, but got ${String(issue.input)} instead.`,
    `${kind}_below_min_value`,
  );
}

function tooBig(issue: z.core.$ZodIssueTooBig, param: string, fail: Fail): ApiError {
  if (issue.origin === 'array' || issue.origin === 'string') {
    const length = (issue.input as { length: number }).length;
    return fail(
      `Invalid '${param}': ${issue.origin} too long. Expected ${article(issue.origin)} with maximum length ${issue.maximum}, but got ${article(issue.origin)} with length ${length} instead.`,
      `${issue.origin}_above_max_length`,
    );
  }
  const kind = numberKind(param);
  return fail(
    `Invalid '${param}': ${kind} above maximum value. Expected a value <= ${issue.maximum}, but got ${String(issue.input)} instead.`,
    `${kind}_above_max_value`,
  );
}

// An issue about a bound does not say whether the schema wanted an integer; these parameters do.
const numberKind = (param: string) => (/tokens$|logprobs$|^n$|^seed$|^dimensions$/.test(param) ? 'integer' : 'decimal');

/** `['messages', 0, 'role']` → `messages[0].role`. */
function pathOf(path: PropertyKey[]): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    return text === '' ? String(step) : `${text}.${String(step)}`;
  }, '');
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'decimal';
  return typeof value;
}

function article(kind: string): string {
  const name = kind === 'int' ? 'integer' : kind === 'number' ? 'decimal' : kind;
  if (name === 'null') return name;
  return /^[aeiou]/.test(name) ? `an ${name}` : `a ${name}`;
}
