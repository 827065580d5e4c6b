import { createHash } from 'node:crypto';
import express, { type Express, type Request, type Response } from 'express';
import type { CallLog } from '../kit/call-log';
import { applyFault } from '../kit/faults';
import { baseOf } from '../kit/oauth-endpoints';
import type { Context } from '../kit/third-party';
import { badParams, FAILURES, invalidRequest, StripeError } from './api-error';
import { API_VERSION } from './events';
import type { Method } from './methods';
import { type Account, type Objects, opaqueId } from './objects';

/** What is noted of each call; the key is left out. */
export interface StripeCall {
  method: string;
  idempotencyKey?: string;
  params: object;
}

/** What was answered under an idempotency key. */
interface Answered {
  request: string;
  status: number;
  body: object;
  at: number;
}

const DAY_MS = 86_400_000;

export interface StripeParts {
  readonly context: Context;
  readonly methods: Readonly<Record<string, Method>>;
  readonly objects: Objects;
  readonly calls: CallLog<StripeCall>;
  readonly address: string;
  readonly publicUrl: string | undefined;
  /** By a secret key. */
  accountOf(key: string): Account | undefined;
}

/** The answers of before, by account and key. */
export class IdempotencyKeys {
  private answers = new Map<string, Answered>();
  readonly busy = new Set<string>();

  find(key: string): Answered | undefined {
    const found = this.answers.get(key);
    return found && Date.now() - found.at < DAY_MS ? found : undefined;
  }

  keep(key: string, answered: Answered): void {
    this.answers.set(key, answered);
  }

  /** As a day later. */
  forget(): void {
    this.answers.clear();
  }

  save(): object {
    return [...this.answers];
  }

  restore(saved: unknown): void {
    this.answers = new Map(saved as [string, Answered][]);
  }
}

/** Everything below `/v1` and `/v2`. Source: docs.stripe.com/api. */
export function stripeApi(parts: StripeParts, keys: IdempotencyKeys): Express {
  const { context, objects, calls, address, publicUrl } = parts;
  const app = express().disable('x-powered-by').disable('etag').set('query parser', 'extended');
  app.use(express.urlencoded({ extended: true, limit: '1mb' }));

  const answer = (res: Response, status: number, body: object) => void res.status(status).json(body);

  async function serve(
    name: string,
    { schema, run }: Pick<Method, 'schema' | 'run'>,
    req: Request,
    res: Response,
  ): Promise<void> {
    const params = { ...((req.method === 'POST' ? req.body : req.query) as object | undefined) };
    const idempotencyKey = req.get('idempotency-key');
    calls.begin({ method: name, params, ...(idempotencyKey !== undefined && { idempotencyKey }) }, res);
    res.set({ 'request-id': opaqueId('req'), 'stripe-version': req.get('stripe-version') ?? API_VERSION });
    const account = authenticate(req, res);
    if (!account) return;
    const key = req.method === 'POST' && idempotencyKey !== undefined ? `${account.key} ${idempotencyKey}` : undefined;
    if (key !== undefined) {
      if (idempotencyKey!.length > 255)
        return answer(
          res,
          400,
          new StripeError(400, { type: 'idempotency_error', message: 'Idempotency keys are of up to 255 characters.' })
            .body,
        );
      if (keys.busy.has(key)) return answer(res, 409, BUSY.body);
      keys.busy.add(key);
      res.once('close', () => keys.busy.delete(key));
    }
    if (!(await applyFault(context.faults.next(`stripe.${name}`), res, FAILURES))) return;
    const request = createHash('sha256')
      .update(`${req.originalUrl} ${JSON.stringify(params)}`)
      .digest('hex');
    const before = key === undefined ? undefined : keys.find(key);
    if (before) {
      if (before.request !== request) return answer(res, 400, OTHER_PARAMS(idempotencyKey!).body);
      res.set('idempotent-replayed', 'true');
      return answer(res, before.status, before.body);
    }
    const { status, body, begun } = outcomeOf(() => {
      const parsed = schema.safeParse(params);
      if (!parsed.success) throw badParams(parsed.error, params);
      const at = publicUrl ? publicUrl + address : baseOf(req, address);
      const url = req.originalUrl.split('?')[0]!.slice(address.length);
      const made = run({ account, params: parsed.data as never, id: String(req.params['id'] ?? ''), pagesAt: at, url });
      return objects.expanded(account, made, (parsed.data as { expand?: string[] }).expand ?? []);
    });
    if (key !== undefined && begun) keys.keep(key, { request, status, body, at: Date.now() });
    answer(res, status, body);
  }

  function authenticate(req: Request, res: Response): Account | undefined {
    const [, scheme, token = ''] = /^(Bearer|Basic) (.+)$/i.exec(req.get('authorization') ?? '') ?? [];
    const secret = scheme?.toLowerCase() === 'basic' ? Buffer.from(token, 'base64').toString().split(':')[0]! : token;
    const account = secret === '' ? undefined : parts.accountOf(secret);
    if (account && !account.expired) return account;
    res.set('www-authenticate', 'Bearer realm="Stripe"');
    answer(res, 401, refusedKey(secret, account).body);
    return undefined;
  }

  for (const [name, one] of Object.entries(parts.methods))
    app[one.verb](one.path, (req, res) => serve(name, one, req, res));
  app.use((req: Request, res: Response) => {
    const path = req.originalUrl.split('?')[0]!.slice(address.length);
    answer(
      res,
      404,
      invalidRequest(`Unrecognized request URL (${req.method}: ${path}). Please see https://stripe.com/docs.`, {}, 404)
        .body,
    );
  });
  return app;
}

/** Also of what was refused: all that was begun is remembered under its key. */
function outcomeOf(run: () => object): { status: number; body: object; begun: boolean } {
  try {
    return { status: 200, body: structuredClone(run()), begun: true };
  } catch (error) {
    if (!(error instanceof StripeError)) throw error;
    return { status: error.status, body: error.body, begun: error.begun };
  }
}

const BUSY = new StripeError(409, {
  type: 'idempotency_error',
  code: 'idempotency_key_in_use',
  message:
    'There is currently another in-progress request using this Idempotent Key (that probably means you submitted twice, and the other request is still going through): please try again later.',
});

const OTHER_PARAMS = (key: string) =>
  new StripeError(400, {
    type: 'idempotency_error',
    message: `Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '${key}' if you meant to execute a different request.`,
  });

function refusedKey(secret: string, account: Account | undefined): StripeError {
  const hidden = secret.length > 12 ? `${secret.slice(0, 8)}${'*'.repeat(8)}${secret.slice(-4)}` : secret;
  if (account) return invalidRequest(`Expired API Key provided: ${hidden}`, { code: 'api_key_expired' }, 401);
  if (secret !== '') return invalidRequest(`Invalid API Key provided: ${hidden}`, {}, 401);
  return invalidRequest(
    "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
    {},
    401,
  );
}
