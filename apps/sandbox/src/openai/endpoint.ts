import type { Request, RequestHandler, Response } from 'express';
import { applyFault, CALL_FAULTS, type FailureAnswers, type Fault, type FaultKinds } from '../kit/faults';
import { FormMalformed, FormTooLarge, readForm, type Upload } from '../kit/forms';
import { ApiError, contextTooLong, serverError } from './api-error';
import type { Context } from './context';

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

const anyQuirk = `(${QUIRKS.join('|')})`;
const afterTokens = /^\d*$/;

const calls = { ...CALL_FAULTS, '429': /^(ms|date|none|insufficient-quota|billing-not-active)?$/ } satisfies FaultKinds;
/** What can go wrong with an answer of a model; in a stream after so many tokens (3 unless told), always before its end. */
const answers = {
  ...calls,
  'context-too-long': null,
  empty: null,
  refusal: null,
  'cut-stream': afterTokens,
  'error-in-stream': afterTokens,
  /** For `ms`, or for ever. */
  stall: afterTokens,
} satisfies FaultKinds;

/** The targets of this party and what each of them knows; `quirk:<name>+<name>` combines ways of being different. */
export const FAULTS = {
  chat: { ...answers, quirk: new RegExp(`^${anyQuirk}(\\+${anyQuirk})*$`) },
  responses: answers,
  /** `cut-stream:n` after n pieces of sound. */
  speech: { ...calls, 'cut-stream': afterTokens },
  transcription: calls,
  embeddings: calls,
  moderations: calls,
  /** `truncated` breaks off the base64 of the last picture. */
  images: { ...calls, truncated: null },
  models: calls,
  files: calls,
} satisfies Record<string, FaultKinds>;

const FAILURES: FailureAnswers = {
  serverError: () => ({ body: serverError() }),
  tooManyRequests(seconds, { argument }) {
    if (argument === 'insufficient-quota') {
      const message = 'You exceeded your current quota, please check your plan and billing details.';
      const quota = 'insufficient_quota';
      return { body: new ApiError(429, message, { type: quota, code: quota }) };
    }
    if (argument === 'billing-not-active') {
      const message = 'Your account is not active, please check your billing details on our website.';
      const billing = 'billing_not_active';
      return { body: new ApiError(429, message, { type: billing, code: billing }) };
    }
    return {
      headers: { 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': `${seconds}s` },
      body: new ApiError(429, `Rate limit reached on requests per min. Please try again in ${seconds}s.`, {
        type: 'requests',
        code: 'rate_limit_exceeded',
      }),
    };
  },
};

export interface Call {
  req: Request;
  res: Response;
  /** One that the endpoint itself has to act out. */
  fault?: Fault;
}

/** An endpoint: the kit acts out the faults it knows, `answer` those of its own. */
export function endpoint(
  context: Context,
  target: keyof typeof FAULTS,
  answer: (call: Call) => void | Promise<void>,
): RequestHandler {
  return async (req, res) => {
    const fault = context.faults.next(`openai.${target}`);
    if (fault?.kind === 'context-too-long') throw contextTooLong(128_000, 128_001);
    if (fault && !Object.hasOwn(CALL_FAULTS, fault.kind)) return answer({ req, res, fault });
    if (await applyFault(fault, res, FAILURES)) await answer({ req, res });
  };
}

export function quirksOf(fault: Fault | undefined): ReadonlySet<Quirk> {
  return new Set(fault?.kind === 'quirk' ? (fault.argument.split('+') as Quirk[]) : []);
}

/** A form with its files; names that end in `[]` collect a list. The log keeps their sizes, not their bytes. */
export async function formOf({ req, res }: Call, maxBytes: number) {
  const type = req.headers['content-type'] ?? '';
  if (!type.startsWith('multipart/form-data')) {
    throw new ApiError(400, `Invalid content type. Expected multipart/form-data, but got '${type}'.`);
  }
  const form = await readForm(req, maxBytes).catch((error: unknown) => {
    if (error instanceof FormTooLarge) throw new ApiError(413, `Maximum content size limit (${maxBytes}) exceeded.`);
    if (error instanceof FormMalformed) throw new ApiError(400, 'Could not parse multipart form');
    throw error;
  });
  const fields: Record<string, string | string[]> = {};
  for (const [name, values] of form.fields) {
    if (name.endsWith('[]')) fields[name.slice(0, -2)] = values;
    else fields[name] = values.at(-1)!;
  }
  const files: Record<string, Upload[]> = {};
  for (const [name, uploads] of form.files) {
    const bare = name.replace(/\[\]$/, '');
    files[bare] = [...(files[bare] ?? []), ...uploads];
  }
  const facts = Object.entries(files).map(([name, uploads]) => {
    const all = uploads.map(({ name: fileName, mimeType, bytes }) => ({
      name: fileName,
      mimeType,
      bytes: bytes.length,
    }));
    return [name, all.length === 1 ? all[0] : all];
  });
  noteBody(res, { ...fields, ...Object.fromEntries(facts) });
  return { fields, files };
}

/** What the log keeps as the body of the request. */
export function noteBody(res: Response, body: unknown): void {
  Object.assign((res.locals.call ?? {}) as object, { body: body ?? null });
}
