/** The `type` values OpenAI uses; a 429 names the exhausted resource (`requests`, `tokens`, `insufficient_quota`). */
export type ErrorType =
  'invalid_request_error' | 'server_error' | 'requests' | 'tokens' | 'insufficient_quota' | 'sandbox_error';

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

/** Models whose name starts so are missing on purpose, to let a caller meet the 404; any other name is served. */
export function assertModelExists(model: string): void {
  if (model.startsWith('no-such')) throw modelNotFound(model);
}
