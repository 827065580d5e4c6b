import type { Request, RequestHandler, Response } from 'express';
import type { FaultRule } from '../faults';
import { ApiError, contextTooLong, serverError } from './api-error';
import { pause } from './pause';
import type { World } from './world';

/**
 * A fault as this server understands it. Rules spell it `kind[:argument]`:
 *
 * - `delay` (ms), `hang`, `reset`, `500`, `502-html`, `context-too-long`
 * - `429` (Retry-After in seconds), `429:ms` (retry-after-ms), `429:date` (HTTP date), `429:none`, `429:insufficient-quota`
 * - chat only: `empty`, `refusal`, `cut-stream:n`, `stall:n` (ms, else for ever), `error-in-stream:n`: after n tokens
 *   (3 unless told), always before the finish and the usage; `quirk:<name>+<name>` with the names of `Quirk`
 * - speech: `cut-stream:n` after n pieces of audio
 */
export interface Misdeed {
  kind: string;
  argument: string;
  rule: FaultRule;
}

const QUIRKS = [
  'no-usage',
  'usage-in-every-chunk',
  'no-role-chunk',
  'whole-arguments',
  'tool-index-zero',
  'no-tool-id',
  'reasoning-content',
  'reasoning',
  'comments',
  'crlf',
  'no-done',
  'empty-finish-reason',
  'split-utf8',
  'detail-error',
  'error-200',
  'int-error-code',
] as const;
/** Ways in which servers that call themselves compatible are known to differ. */
export type Quirk = (typeof QUIRKS)[number];

export interface Call {
  req: Request;
  res: Response;
  /** A fault the endpoint itself has to act out. */
  misdeed?: Misdeed;
}

/** An endpoint that asks for its fault first, suffers it, and only then answers. `ownKinds` it acts out itself. */
export function endpoint(
  world: World,
  target: string,
  answer: (call: Call) => void | Promise<void>,
  ownKinds: string[] = [],
): RequestHandler {
  return async (req, res) => {
    const rule = world.faults.next(target);
    if (!rule) return answer({ req, res });
    const [kind = '', argument = ''] = rule.kind.split(/:(.*)/s);
    const misdeed = { kind, argument, rule };
    if (ownKinds.includes(kind)) return answer({ req, res, misdeed });
    const through = await suffer(misdeed, res);
    if (through) await answer({ req, res });
  };
}

/** True when the request may go on afterwards. */
async function suffer({ kind, argument, rule }: Misdeed, res: Response): Promise<boolean> {
  switch (kind) {
    case 'delay':
      await pause(res, rule.ms ?? 1000);
      return true;
    case 'hang':
      await pause(res, Infinity);
      return false;
    case 'reset':
      res.socket?.resetAndDestroy();
      return false;
    case '429':
      throw rateLimited(argument, rule.retryAfter ?? 1);
    case '500':
      throw serverError();
    case '502-html':
      res.status(502).type('html').send(BAD_GATEWAY);
      return false;
    case 'context-too-long':
      throw contextTooLong(128_000, 128_001);
    default:
      throw new ApiError(500, `The sandbox knows no fault '${rule.kind}' for ${rule.target}.`, {
        type: 'sandbox_error',
      });
  }
}

const BAD_GATEWAY =
  '<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n' +
  '<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n';

function rateLimited(form: string, seconds: number): ApiError {
  if (form === 'insufficient-quota') {
    return new ApiError(429, 'You exceeded your current quota, please check your plan and billing details.', {
      type: 'insufficient_quota',
      code: 'insufficient_quota',
    });
  }
  return new ApiError(429, `Rate limit reached on requests per min. Please try again in ${seconds}s.`, {
    type: 'requests',
    code: 'rate_limit_exceeded',
    headers: {
      'x-ratelimit-remaining-requests': '0',
      'x-ratelimit-reset-requests': `${seconds}s`,
      ...retryHeader(form, seconds),
    },
  });
}

function retryHeader(form: string, seconds: number): Record<string, string> {
  switch (form) {
    case '':
      return { 'retry-after': `${Math.ceil(seconds)}` };
    case 'ms':
      return { 'retry-after-ms': `${Math.round(seconds * 1000)}` };
    case 'date':
      // An HTTP date knows no fractions: rounding up keeps the promise of "not before".
      return { 'retry-after': new Date(Math.ceil(Date.now() / 1000 + seconds) * 1000).toUTCString() };
    case 'none':
      return {};
    default:
      throw new ApiError(500, `The sandbox knows no fault '429:${form}'.`, { type: 'sandbox_error' });
  }
}

export function quirksOf(misdeed: Misdeed | undefined): ReadonlySet<Quirk> {
  if (misdeed?.kind !== 'quirk') return new Set();
  const names = misdeed.argument.split('+');
  const unknown = names.find((name) => !QUIRKS.some((quirk) => quirk === name));
  if (unknown !== undefined) {
    throw new ApiError(500, `The sandbox knows no quirk '${unknown}'.`, { type: 'sandbox_error' });
  }
  return new Set(names as Quirk[]);
}
