import express, { type NextFunction, type Request, type Response, Router } from 'express';
import { z } from 'zod';
import type { CallLog } from '../kit/call-log';
import { applyFault, type FailureAnswers } from '../kit/faults';
import { baseOf } from '../kit/oauth-endpoints';
import type { Context } from '../kit/third-party';
import { type Acquirer, type Link, Terminal, type Transaction } from './acquirer';

/** What is noted of each call; the token is left out. */
export interface WataCall {
  operation: string;
  params: object;
}

export interface WataOptions {
  /** One is there for whoever tries the sandbox on this machine. */
  terminals?: readonly z.input<typeof Terminal>[];
  /** An unknown access token opens a terminal of its own; without it, it is refused. */
  acceptAnyToken?: boolean;
  /** How often the same thing may be read, in milliseconds; null: as often as one likes. */
  readEveryMs?: number | null;
  /** Pages as browsers reach them, where that is not how services do. */
  publicUrl?: string;
}

export const OPERATIONS = [
  ...[
    'links.create',
    'links.find',
    'links.get',
    'transactions.find',
    'transactions.get',
    'refunds.create',
    'public-key',
  ],
];

class Refused extends Error {
  constructor(
    readonly status: number,
    readonly body: object,
    readonly headers: Record<string, string> = {},
  ) {
    super();
  }
}

const problem = (
  message: string,
  details: string | null,
  validationErrors: { message: string; members: string[] }[] = [],
) => ({
  error: { code: null, message, details, data: {}, validationErrors },
});

const notFound = (what: string) => new Refused(404, problem(`There is no such ${what}.`, null));

const tooMany = (seconds: number) => problem('Too many requests', `API calls quota exceeded. Retry after ${seconds}`);

const FAILURES: FailureAnswers = {
  serverError: () => ({ body: problem('An internal error occurred during your request!', null) }),
  tooManyRequests: (seconds) => ({ body: tooMany(Math.ceil(seconds)) }),
};

const MINUTE_MS = 60_000;
const SMALLEST: Readonly<Record<string, number>> = { RUB: 10, USD: 1, EUR: 1 };
const currency = z.enum(['RUB', 'USD', 'EUR']);

const money = z
  .number()
  .refine((value) => Math.round(value * 100) === Number((value * 100).toFixed(6)), 'has more than 2 decimal places.');

const NewLink = z.object({
  type: z.enum(['OneTime', 'ManyTime']).default('OneTime'),
  amount: money.max(999_999.99),
  currency,
  description: z.string().max(512).nullish(),
  orderId: z.string().max(128).nullish(),
  successRedirectUrl: z.url().nullish(),
  failRedirectUrl: z.url().nullish(),
  expirationDateTime: z.iso.datetime({ offset: true }).nullish(),
});
const NewRefund = z.object({ originalTransactionId: z.guid(), amount: money.positive() });

const list = z.preprocess(
  (value) => (value === undefined || Array.isArray(value) ? value : [value]),
  z.array(z.string()).optional(),
);
const at = z.iso.datetime({ offset: true }).optional();
const count = z.coerce.number().int().min(1).max(1000).default(10);
const found = {
  OrderId: z.string().optional(),
  CreationTimeFrom: at,
  CreationTimeTo: at,
  Statuses: list,
  Currencies: list,
  MaxResultCount: count,
};
const FindLinks = z.object({ ...found, SkipCount: z.coerce.number().int().min(0).default(0) });
const FindTransactions = z.object({
  ...found,
  PaymentLinkIds: list,
  CursorId: z.string().optional(),
  CursorDate: at,
  CursorAmount: z.coerce.number().optional(),
});

/** Everything below `/api/h2h`. Source: api.wata.pro. */
export class WataApi {
  private readonly lastRead = new Map<string, number>();
  private readonly readEveryMs: number;

  constructor(
    private readonly context: Context,
    private readonly acquirer: Acquirer,
    private readonly calls: CallLog<WataCall>,
    private readonly options: WataOptions & { pages: string },
  ) {
    this.readEveryMs = (options.readEveryMs ?? 0) * context.pace;
  }

  router(): Router {
    const router = Router();
    router.use(express.json());
    const { acquirer } = this;
    router.get(
      '/public-key',
      this.serve('public-key', () => ({ value: acquirer.publicKey })),
    );
    router.post(
      '/links',
      this.serve('links.create', (terminal, req) => this.createLink(terminal, req)),
    );
    router.get(
      '/links',
      this.serve('links.find', (terminal, req) => this.findLinks(terminal, req)),
    );
    router.get(
      '/links/:id',
      this.serve('links.get', (terminal, req) => {
        this.limitReads(terminal, req);
        const link = acquirer.links.find(
          ({ id, terminalPublicId }) => id === req.params['id'] && terminalPublicId === terminal.publicId,
        );
        if (!link) throw notFound('link');
        return link;
      }),
    );
    router.get(
      '/v2/transactions',
      this.serve('transactions.find', (terminal, req) => this.findTransactions(terminal, req)),
    );
    router.get(
      '/transactions/:id',
      this.serve('transactions.get', (terminal, req) => {
        this.limitReads(terminal, req);
        return this.ownTransaction(terminal, String(req.params['id']));
      }),
    );
    router.post(
      '/transactions/refunds',
      this.serve('refunds.create', (terminal, req) => this.refund(terminal, req)),
    );
    router.use((error: unknown, _req: Request, res: Response, next: NextFunction) => {
      if (!(error instanceof Refused)) return next(error);
      res.status(error.status).set(error.headers).json(error.body);
    });
    return router;
  }

  forget(): void {
    this.lastRead.clear();
  }

  private serve(operation: string, answer: (terminal: Terminal, req: Request) => object) {
    return async (req: Request, res: Response) => {
      this.calls.begin({ operation, params: (req.method === 'POST' ? req.body : req.query) as object }, res);
      // The key is public.
      const terminal = operation === 'public-key' ? undefined : this.authenticate(req);
      if (await applyFault(this.context.faults.next(`wata.${operation}`), res, FAILURES))
        res.json(answer(terminal!, req));
    };
  }

  private authenticate(req: Request): Terminal {
    const [, token = ''] = /^Bearer (.+)$/i.exec(req.get('authorization') ?? '') ?? [];
    const known = this.acquirer.terminals.get(token);
    const terminal =
      known ?? (token !== '' && this.options.acceptAnyToken ? this.acquirer.setTerminal({ token }) : undefined);
    const isExpired = terminal?.expiresAt != null && Date.parse(terminal.expiresAt) <= Date.now();
    if (terminal && !isExpired) return terminal;
    const reason = isExpired ? 'The token expired' : 'The token is invalid';
    throw new Refused(401, {}, { 'www-authenticate': `Bearer error="invalid_token", error_description="${reason}"` });
  }

  private createLink(terminal: Terminal, req: Request): Link {
    const {
      description = null,
      orderId = null,
      successRedirectUrl = null,
      failRedirectUrl = null,
      ...wanted
    } = read(NewLink, req.body);
    const least = SMALLEST[wanted.currency]!;
    if (wanted.amount < least) throw invalid('amount', `'Amount' must be greater than or equal to '${least}'.`);
    const expires = wanted.expirationDateTime
      ? Date.parse(wanted.expirationDateTime)
      : Date.now() + 3 * 1440 * MINUTE_MS;
    if (expires <= Date.now() + 10 * MINUTE_MS || expires > Date.now() + 30 * 1440 * MINUTE_MS)
      throw invalid(
        'expirationDateTime',
        "'Expiration Date Time' must be later than 10 minutes and no later than 30 days from now.",
      );
    const { pages, publicUrl } = this.options;
    const { type, amount, currency: unit } = wanted;
    const texts = { orderId, description, successRedirectUrl, failRedirectUrl };
    const facts = { type, amount, currency: unit, ...texts, expirationDateTime: new Date(expires).toISOString() };
    return this.acquirer.add(terminal, facts, publicUrl ? publicUrl + pages : baseOf(req, pages));
  }

  private findLinks(terminal: Terminal, req: Request): object {
    const query = read(FindLinks, namesOf(req.query));
    if (query.OrderId !== undefined) this.limitReads(terminal, req);
    const all = this.acquirer.links
      .filter((link) => link.terminalPublicId === terminal.publicId && fits(link, query))
      .reverse();
    return { items: all.slice(query.SkipCount, query.SkipCount + query.MaxResultCount), totalCount: all.length };
  }

  /** The newest first, by a cursor of three parts, all of which have to come back. */
  private findTransactions(terminal: Terminal, req: Request): object {
    const query = read(FindTransactions, namesOf(req.query));
    if (query.OrderId !== undefined && query.CursorId === undefined) this.limitReads(terminal, req);
    const all = this.acquirer.transactions
      .filter(
        (one) =>
          one.terminalPublicId === terminal.publicId &&
          fits(one, query) &&
          (query.PaymentLinkIds === undefined || query.PaymentLinkIds.includes(one.paymentLinkId ?? '')),
      )
      .reverse();
    const { CursorId: cursor, CursorDate, CursorAmount } = query;
    const from =
      all.findIndex((one) => one.id === cursor && one.creationTime === CursorDate && one.amount === CursorAmount) + 1;
    if (cursor !== undefined && from === 0) throw invalid('cursorId', 'The cursor is of no page.');
    const items = all.slice(from, from + query.MaxResultCount);
    const last = items.at(-1);
    const hasNextPage = last !== undefined && from + items.length < all.length;
    const next = hasNextPage
      ? { nextCursorId: last.id, nextCursorDate: last.creationTime, nextCursorAmount: last.amount }
      : {};
    return { items, hasNextPage, ...next };
  }

  private refund(terminal: Terminal, req: Request): object {
    const { originalTransactionId, amount } = read(NewRefund, req.body);
    const original = this.ownTransaction(terminal, originalTransactionId);
    if (original.kind !== 'Payment' || original.status !== 'Paid')
      throw invalid('originalTransactionId', 'Only paid transactions can be refunded.');
    if (Math.round(amount * 100) > this.acquirer.leftOf(original))
      throw invalid('amount', 'The amount exceeds what is left to refund.');
    const {
      id: transactionId,
      status: transactionStatus,
      errorCode,
      errorDescription,
      kind,
    } = this.acquirer.refund(terminal, original, amount);
    return { transactionId, originalTransactionId, transactionStatus, kind, errorCode, errorDescription };
  }

  private ownTransaction(terminal: Terminal, id: string): Transaction {
    const transaction = this.acquirer.transactions.find(
      (one) => one.id === id && one.terminalPublicId === terminal.publicId,
    );
    if (!transaction) throw notFound('transaction');
    return transaction;
  }

  /** Whoever reads the same thing too often has to wait. */
  private limitReads({ token }: Terminal, req: Request): void {
    const key = `${token} ${req.originalUrl}`;
    const waits = (this.lastRead.get(key) ?? -Infinity) + this.readEveryMs - Date.now();
    const seconds = Math.ceil(waits / 1000);
    if (waits > 0) throw new Refused(429, tooMany(seconds), { 'retry-after': String(seconds) });
    this.lastRead.set(key, Date.now());
  }
}

const invalid = (member: string, message: string) =>
  new Refused(
    400,
    problem('Your request is invalid!', `The following validation errors were found – ${message}`, [
      { message, members: [member] },
    ]),
  );

function read<Schema extends z.ZodType>(schema: Schema, given: unknown): z.output<Schema> {
  const parsed = schema.safeParse(given ?? {});
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  const member = String(path[0] ?? '');
  const isMissing = (given as Record<string, unknown> | undefined)?.[member] === undefined;
  const name = member.charAt(0).toUpperCase() + member.slice(1);
  throw invalid(member, isMissing ? `'${name}' is required.` : `'${name}': ${message}`);
}

const fits = (
  one: Link | Transaction,
  query: z.output<typeof FindLinks> | z.output<typeof FindTransactions>,
): boolean => {
  const { OrderId, CreationTimeFrom: from, CreationTimeTo: to, Statuses, Currencies } = query;
  const created = Date.parse(one.creationTime);
  return (
    (OrderId === undefined || one.orderId === OrderId) &&
    (from === undefined || created >= Date.parse(from)) &&
    (to === undefined || created <= Date.parse(to)) &&
    (Statuses === undefined || Statuses.includes(one.status)) &&
    (Currencies === undefined || Currencies.includes(one.currency))
  );
};

/** It is all the same to it how names in an address begin. */
const namesOf = (query: Request['query']) =>
  Object.fromEntries(
    Object.entries(query).map(([name, value]) => [name.charAt(0).toUpperCase() + name.slice(1), value]),
  );
