import { HttpError } from '../kit/http';

/** An answer `{ok: false}`. The status is `error_code` too; descriptions are the real server's words. */
export class ApiError extends HttpError {
  constructor(
    status: number,
    readonly description: string,
    readonly parameters?: { retry_after?: number; migrate_to_chat_id?: number },
  ) {
    super(status, description);
  }

  toJSON() {
    const { status, description, parameters } = this;
    return { ok: false, error_code: status, description, ...(parameters && { parameters }) };
  }
}

export const badRequest = (reason: string) => new ApiError(400, `Bad Request: ${reason}`);
export const forbidden = (reason: string) => new ApiError(403, `Forbidden: ${reason}`);
export const conflict = (reason: string) => new ApiError(409, `Conflict: ${reason}`);
export const unauthorized = (reason?: string) => new ApiError(401, reason ? `Unauthorized: ${reason}` : 'Unauthorized');
export const notFound = (reason?: string) => new ApiError(404, reason ? `Not Found: ${reason}` : 'Not Found');

/** `seconds` may be fractional; Telegram speaks of whole ones, never of zero. */
export function tooManyRequests(seconds: number): ApiError {
  const retryAfter = Math.max(1, Math.ceil(seconds));
  return new ApiError(429, `Too Many Requests: retry after ${retryAfter}`, { retry_after: retryAfter });
}
