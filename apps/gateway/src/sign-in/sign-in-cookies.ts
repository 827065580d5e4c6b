import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { parseCookie, stringifySetCookie } from 'cookie';

/** One HTTP call, as the routes hand it on: a sign-in lives in cookies. */
export interface Http {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/**
 * Lax, since the browser comes back from another site; the session itself is strict. `__Host-` binds a cookie to this host, so that
 * no neighbour under the same domain can put another one in its place.
 */
const OPTIONS = { httpOnly: true, secure: true, sameSite: 'lax', path: '/' } as const;

export const readCookie = ({ request }: Pick<Http, 'request'>, name: string): string | undefined =>
  parseCookie(request.headers.cookie ?? '')[name];

/** @param maxAgeMs 0 removes it */
export function setCookie({ response }: Pick<Http, 'response'>, name: string, value: string, maxAgeMs: number): void {
  response.appendHeader(
    'set-cookie',
    stringifySetCookie({ name, value, ...OPTIONS, maxAge: Math.floor(maxAgeMs / 1000) }),
  );
}

/** Takes as long for texts that are nearly the same as for others. */
export function isSame(given: string, expected: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(expected)];
  return one.length === other.length && timingSafeEqual(one, other);
}
