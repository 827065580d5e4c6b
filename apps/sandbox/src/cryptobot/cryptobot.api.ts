import express, { type NextFunction, type Request, type Response, Router } from 'express';
import { z } from 'zod';
import type { CallLog } from '../kit/call-log';
import { applyFault, type FailureAnswers } from '../kit/faults';
import { baseOf } from '../kit/oauth-endpoints';
import type { Context } from '../kit/third-party';
import { App, ASSETS, FIAT, type Invoice, type Invoices, rateOf } from './invoices';

/** What is noted of each call; the token is left out. */
export interface CryptoBotCall {
  method: string;
  params: object;
}

export interface CryptoBotOptions {
  /** One is there for whoever tries the sandbox on this machine. */
  apps?: readonly z.input<typeof App>[];
  /** An unknown token opens an app of its own; without it, it is refused. */
  acceptAnyToken?: boolean;
  /** Milliseconds between the tries of a webhook; growing as the real ones unless told. */
  retryMs?: number;
  /** Pages as browsers reach them, where that is not how services do. */
  publicUrl?: string;
}

class Refused extends Error {
  constructor(
    readonly code: number,
    name: string,
  ) {
    super(name);
  }
}

const errorBody = (code: number, name: string) => ({ ok: false, error: { code, name } });

const FAILURES: FailureAnswers = {
  serverError: () => ({ body: errorBody(500, 'INTERNAL_SERVER_ERROR') }),
  tooManyRequests: () => ({ body: errorBody(429, 'TOO_MANY_REQUESTS') }),
};

/** In JSON or in an address: a flag may be a text. */
const flag = z.union([z.boolean(), z.enum(['true', 'false']).transform((value) => value === 'true')]);
/** Of what is wrong, the first: a field's own name, in capitals. */
const named = <Schema extends z.ZodType>(schema: Schema, given: unknown): z.output<Schema> => {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const field = String(parsed.error.issues[0]!.path[0] ?? 'PARAMS');
  const isMissing = (given as Record<string, unknown>)[field] === undefined;
  throw new Refused(400, `${field.toUpperCase()}_${isMissing ? 'REQUIRED' : 'INVALID'}`);
};

const NewInvoice = z.object({
  currency_type: z.enum(['crypto', 'fiat']).default('crypto'),
  asset: z.enum(ASSETS).optional(),
  fiat: z
    .string()
    .refine((value) => value in FIAT)
    .optional(),
  accepted_assets: z.string().optional(),
  // A number is taken as well, as it was before amounts were texts.
  amount: z.coerce
    .string()
    .regex(/^\d{1,12}(\.\d{1,18})?$/)
    .refine((value) => /[1-9]/.test(value)),
  description: z.string().max(1024).optional(),
  hidden_message: z.string().max(2048).optional(),
  paid_btn_name: z.enum(['viewItem', 'openChannel', 'openBot', 'callback']).optional(),
  paid_btn_url: z.url().optional(),
  payload: z.string().max(4096).optional(),
  allow_comments: flag.default(true),
  allow_anonymous: flag.default(true),
  expires_in: z.coerce.number().int().min(1).max(2_678_400).optional(),
});

const Query = z.object({
  asset: z.string().optional(),
  fiat: z.string().optional(),
  invoice_ids: z.coerce.string().optional(),
  status: z.enum(['active', 'paid', 'expired']).optional(),
  offset: z.coerce.number().int().min(0).default(0),
  count: z.coerce.number().int().min(1).max(1000).default(100),
});

type Method = (app: App, params: Record<string, unknown>, pages: string) => unknown;

/** What Crypto Pay can be asked; nothing is paid out here. */
const methodsOf = (invoices: Invoices): Record<string, Method> => ({
  getMe: ({ token, name }) => ({
    app_id: Number(token.split(':')[0]),
    name,
    payment_processing_bot_username: 'CryptoBot',
  }),

  createInvoice(app, params, pages) {
    const {
      currency_type: type,
      asset,
      fiat,
      expires_in,
      hidden_message: _hidden,
      paid_btn_name,
      paid_btn_url,
      ...wanted
    } = named(NewInvoice, params);
    if (type === 'crypto' && asset === undefined) throw new Refused(400, 'ASSET_REQUIRED');
    if (type === 'fiat' && fiat === undefined) throw new Refused(400, 'FIAT_REQUIRED');
    if (paid_btn_name !== undefined && paid_btn_url === undefined) throw new Refused(400, 'PAID_BTN_URL_REQUIRED');
    const money = type === 'crypto' ? { asset } : { fiat };
    const expires = expires_in !== undefined && {
      expiration_date: new Date(Date.now() + expires_in * 1000).toISOString(),
    };
    return invoices.add(app, { ...wanted, currency_type: type, ...money, ...expires }, pages);
  },

  getInvoices({ token }, params) {
    const { asset, fiat, invoice_ids: ids, status, offset, count } = named(Query, params);
    const wanted = ids?.split(',');
    const found = invoices
      .of(token)
      .filter(
        (one: Invoice) =>
          (asset === undefined || one.asset === asset) &&
          (fiat === undefined || one.fiat === fiat) &&
          (status === undefined || one.status === status) &&
          (wanted === undefined || wanted.includes(String(one.invoice_id))),
      );
    return { items: found.slice(offset, offset + count) };
  },

  deleteInvoice(app, params) {
    const { invoice_id: id } = named(z.object({ invoice_id: z.coerce.number().int() }), params);
    if (!invoices.remove(app, id)) throw new Refused(400, 'INVOICE_NOT_FOUND');
    return true;
  },

  getBalance: ({ token }) =>
    ASSETS.map((currency_code) => {
      const paid = invoices.of(token).filter(({ paid_asset }) => paid_asset === currency_code);
      return {
        currency_code,
        available: String(paid.reduce((sum, one) => sum + Number(one.paid_amount), 0)),
        onhold: '0',
      };
    }),

  getExchangeRates: () =>
    ASSETS.flatMap((source) =>
      Object.keys(FIAT).map((target) => ({
        is_valid: true,
        is_crypto: true,
        is_fiat: false,
        source,
        target,
        rate: rateOf(source, target),
      })),
    ),

  getCurrencies: () => [
    ...ASSETS.map((code) => ({
      is_blockchain: true,
      is_stablecoin: code.startsWith('USD'),
      is_fiat: false,
      name: code,
      code,
      decimals: 9,
    })),
    ...Object.keys(FIAT).map((code) => ({
      is_blockchain: false,
      is_stablecoin: false,
      is_fiat: true,
      name: code,
      code,
      decimals: 8,
    })),
  ],
});

/** By their names, for faults. */
export const METHODS = Object.keys(methodsOf({} as Invoices));

/** Everything below `/api`. Source: help.send.tg, "Crypto Pay API". */
export function cryptoBotApi(
  { faults }: Context,
  invoices: Invoices,
  calls: CallLog<CryptoBotCall>,
  { acceptAnyToken = false, publicUrl, pages }: CryptoBotOptions & { pages: string },
): Router {
  const methods = methodsOf(invoices);
  const router = Router();
  router.use(express.json());
  router.all('/:method', async (req: Request, res: Response) => {
    const name = String(req.params['method']);
    const params = { ...(req.query as object), ...(req.body as object | undefined) };
    calls.begin({ method: name, params }, res);
    const token = req.get('crypto-pay-api-token') ?? '';
    const known = invoices.apps.get(token);
    const app =
      known ?? (acceptAnyToken && App.shape.token.safeParse(token).success ? invoices.setApp({ token }) : undefined);
    if (!app) throw new Refused(401, 'UNAUTHORIZED');
    const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
    if (!method) throw new Refused(405, 'METHOD_NOT_FOUND');
    if (!(await applyFault(faults.next(`cryptobot.${name}`), res, FAILURES))) return;
    res.json({ ok: true, result: method(app, params, publicUrl ? publicUrl + pages : baseOf(req, pages)) });
  });
  router.use((error: unknown, _req: Request, res: Response, next: NextFunction) => {
    if (error instanceof Refused) res.status(error.code).json(errorBody(error.code, error.message));
    else next(error);
  });
  return router;
}
