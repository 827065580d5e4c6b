import type { NextFunction, Request, Response } from 'express';
import { ApiError } from './api-error';

/** Any key opens the sandbox, except none and those that begin with `sk-invalid`. */
export function requireApiKey(req: Request, _res: Response, next: NextFunction): void {
  const key = /^Bearer\s+(.+)$/i.exec(req.headers.authorization ?? '')?.[1];
  if (!key) {
    throw new ApiError(
      401,
      "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth " +
        '(i.e. Authorization: Bearer YOUR_KEY).',
    );
  }
  if (key.startsWith('sk-invalid')) {
    throw new ApiError(401, `Incorrect API key provided: ${key.slice(0, 6)}***${key.slice(-4)}.`, {
      code: 'invalid_api_key',
    });
  }
  next();
}
