import { createHash, randomUUID } from 'node:crypto';
import express, { type ErrorRequestHandler, type Request, type Response, Router } from 'express';
import { fromDecimal } from '@switchboard/contracts';
import { z } from 'zod';
import type { CallLog } from '../kit/call-log';
import { applyFault, type FailureAnswers } from '../kit/faults';
import { baseOf } from '../kit/oauth-endpoints';
import type { Context } from '../kit/third-party';
import type { Cashier, Shop } from './cashier';
import type { Amount, Payment, Refund } from './objects';

/** What is noted of each call; secrets are left out. */
export interface YooKassaCall {
  operation: string;
  shop?: string;
  key?: string;
  body?: unknown;
}

/** An answer that was given to a key, and to what it was given. */
interface Replay {
  question: string;
  answer: object;
  at: number;
}

const DAY_MS = 24 * 60 * 60_000;
const MOST_KEY_LENGTH = 64;
const MOST_BY_SBP = 700_000_00;
const LEAST = 1_00;

/** A refusal as YooKassa words it. */
class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly description: string,
    readonly parameter?: string,
  ) {
    super(description);
  }
}

const invalid = (description: string, parameter?: string) =>
  new ApiError(400, 'invalid_request', description, parameter);
const problem = (code: string, description: string, more: object = {}) => ({
  ...{ type: 'error', id: randomUUID(), code, description },
  ...more,
});

const FAILURES: FailureAnswers = {
  serverError: () => ({
    body: problem('internal_server_error', 'Technical error. Repeat the request with the same Idempotence-Key'),
  }),
  tooManyRequests: (seconds) => ({
    body: problem('too_many_requests', 'Too many requests. Try again later', { retry_after: seconds * 1000 }),
  }),
};

const AmountText = z.strictObject({ value: z.string().regex(/^\d{1,12}(\.\d{1,2})?$/), currency: z.string() });
const Receipt = z.looseObject({
  customer: z.looseObject({ email: z.email().optional(), phone: z.string().optional() }).optional(),
  items: z
    .array(
      z.looseObject({
        description: z.string().min(1).max(128),
        quantity: z.union([z.string(), z.number()]),
        amount: AmountText,
        vat_code: z.coerce.number().int().min(1).max(12),
        payment_mode: z.string().optional(),
        payment_subject: z.string().optional(),
      }),
    )
    .min(1)
    .max(100),
  tax_system_code: z.coerce.number().int().min(1).max(6).optional(),
});
const Metadata = z
  .record(z.string().max(32), z.string().max(512))
  .refine((all) => Object.keys(all).length <= 16, 'there are more than 16 keys');
const NewPayment = z.looseObject({
  amount: AmountText,
  capture: z.boolean().default(false),
  confirmation: z
    .looseObject({ type: z.enum(['redirect']), return_url: z.url(), locale: z.enum(['ru_RU', 'en_US']).optional() })
    .optional(),
  description: z.string().max(128).optional(),
  metadata: Metadata.default({}),
  merchant_customer_id: z.string().max(200).optional(),
  save_payment_method: z.boolean().optional(),
  payment_method_data: z.looseObject({ type: z.enum(['bank_card', 'sbp', 'yoo_money']) }).optional(),
  payment_method_id: z.string().optional(),
  receipt: z.unknown().optional(),
});
const Capture = z.looseObject({ amount: AmountText.optional() });
const NewRefund = z.looseObject({
  payment_id: z.string(),
  amount: AmountText,
  description: z.string().max(250).optional(),
  receipt: z.unknown().optional(),
});

const times = (name: string) => ['gte', 'gt', 'lte', 'lt'].map((bound) => `${name}.${bound}`);
const ListQuery = z.strictObject({
  ...Object.fromEntries(
    [...times('created_at'), ...times('captured_at')].map((name) => [
      name,
      z.iso.datetime({ offset: true }).optional(),
    ]),
  ),
  limit: z.coerce.number().int().min(1).max(100).default(10),
  cursor: z.string().optional(),
  status: z.string().optional(),
  payment_method: z.string().optional(),
  payment_id: z.string().optional(),
});

/** Everything below `/v3`. */
export class YooKassaApi {
  /** By shop and key; kept for a day. */
  private readonly replays = new Map<string, Replay>();

  constructor(
    private readonly context: Context,
    private readonly cashier: Cashier,
    private readonly calls: CallLog<YooKassaCall>,
    private readonly options: { pages: string; publicUrl: string | undefined; acceptAnyShop: boolean },
  ) {}

  router(): Router {
    const router = Router();
    router.use(express.json({ type: () => true }));
    router.post(
      '/payments',
      this.changes(
        (body) =>
          (body as { payment_method_id?: unknown })?.payment_method_id === undefined ? 'create-payment' : 'charge',
        (shop, body, req) => this.createPayment(shop, NewPayment.parse(body), req),
      ),
    );
    router.get(
      '/payments',
      this.reads('list-payments', (shop, req) => listOf(req, this.paymentsOf(shop))),
    );
    router.get(
      '/payments/:id',
      this.reads('get-payment', (shop, req) => this.billOf(shop, req.params['id']).payment),
    );
    router.post(
      '/payments/:id/capture',
      this.changes('capture-payment', (shop, body, req) => this.capture(shop, Capture.parse(body), req)),
    );
    router.post(
      '/payments/:id/cancel',
      this.changes('cancel-payment', (shop, _body, req) => this.cancel(shop, req)),
    );
    router.post(
      '/refunds',
      this.changes('create-refund', (shop, body) => this.createRefund(shop, NewRefund.parse(body))),
    );
    router.get(
      '/refunds',
      this.reads('list-refunds', (shop, req) => listOf(req, this.refundsOf(shop))),
    );
    router.get(
      '/refunds/:id',
      this.reads('get-refund', (shop, req) => {
        const found = this.refundsOf(shop).find(({ id }) => id === req.params['id']);
        if (!found) throw new ApiError(404, 'not_found', "Refund doesn't exist or access denied", 'refund_id');
        return found;
      }),
    );
    router.get(
      '/me',
      this.reads('me', ({ shopId, name, secretKey, receipts }) => ({
        account_id: shopId,
        status: 'enabled',
        test: secretKey.startsWith('test_'),
        name,
        fiscalization_enabled: receipts,
        payment_methods: ['bank_card', 'sbp', 'yoo_money'],
      })),
    );
    router.use(() => {
      throw new ApiError(404, 'not_found', 'There is no such method');
    });
    router.use(answerRefusals);
    return router;
  }

  forget(): void {
    this.replays.clear();
  }

  save(): object {
    return [...this.replays];
  }

  restore(saved: unknown): void {
    for (const [key, replay] of saved as [string, Replay][]) this.replays.set(key, replay);
  }

  private reads(operation: string, answer: (shop: Shop, req: Request) => object) {
    return async (req: Request, res: Response): Promise<void> => {
      this.calls.begin({ operation, ...shopIdOf(req) }, res);
      if (!(await applyFault(this.context.faults.next(`yookassa.${operation}`), res, FAILURES))) return;
      res.json(answer(this.authenticate(req), req));
    };
  }

  /** The same key with the same question has the same answer; with another question it is refused. */
  private changes(
    operationOf: string | ((body: unknown) => string),
    answer: (shop: Shop, body: unknown, req: Request) => object,
  ) {
    return async (req: Request, res: Response): Promise<void> => {
      const body = req.body as unknown;
      const operation = typeof operationOf === 'string' ? operationOf : operationOf(body);
      const key = req.get('idempotence-key');
      this.calls.begin({ operation, ...shopIdOf(req), ...(key !== undefined && { key }), body }, res);
      if (!(await applyFault(this.context.faults.next(`yookassa.${operation}`), res, FAILURES))) return;
      const shop = this.authenticate(req);
      if (!req.is('json')) throw new ApiError(415, 'invalid_request', 'Content-Type must be application/json');
      if (!key) throw invalid('Idempotence key is required', 'Idempotence-Key');
      if (key.length > MOST_KEY_LENGTH) throw invalid('Idempotence key is too long', 'Idempotence-Key');
      const question = createHash('sha256')
        .update(`${req.path} ${JSON.stringify(body)}`)
        .digest('base64');
      const known = this.replays.get(`${shop.shopId} ${key}`);
      if (known && Date.now() - known.at < DAY_MS) {
        if (known.question !== question) throw invalid('Idempotence key duplicated', 'Idempotence-Key');
        res.json(known.answer);
        return;
      }
      // What it was then: a repeated question is answered as the first one, whatever has happened since.
      const given = structuredClone(answer(shop, body, req));
      this.replays.set(`${shop.shopId} ${key}`, { question, answer: given, at: Date.now() });
      res.json(given);
    };
  }

  private authenticate(req: Request): Shop {
    const [, encoded] = /^Basic (\S+)$/i.exec(req.get('authorization') ?? '') ?? [];
    if (encoded === undefined)
      throw new ApiError(401, 'invalid_credentials', 'Authorization is required', 'Authorization');
    const [, shopId = '', secretKey = ''] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded, 'base64').toString()) ?? [];
    const known = this.cashier.shops.get(shopId);
    if (known?.secretKey === secretKey) return known;
    if (!known && this.options.acceptAnyShop && /^\d{1,20}$/.test(shopId) && secretKey)
      return this.cashier.setShop({ shopId, secretKey });
    throw new ApiError(
      401,
      'invalid_credentials',
      'Error in shopId or secret key. Check their validity',
      'Authorization',
    );
  }

  private createPayment(shop: Shop, asked: z.output<typeof NewPayment>, req: Request): Payment {
    const { amount, capture, confirmation, save_payment_method: saves, payment_method_id: savedId } = asked;
    checkAmount(amount, 'amount');
    const method = asked.payment_method_data?.type;
    if (savedId === undefined && !confirmation) throw invalid('Confirmation is missing', 'confirmation');
    if ((saves || savedId !== undefined) && !shop.recurring)
      throw new ApiError(
        403,
        'forbidden',
        "This store can't make recurring payments. Contact the manager to learn more",
      );
    const savedMethod = savedId === undefined ? undefined : this.cashier.methods.get(savedId);
    if (savedId !== undefined && savedMethod?.shopId !== shop.shopId)
      throw invalid("Payment method doesn't exist or isn't saved", 'payment_method_id');
    if (method === 'sbp' && !capture) throw invalid('SBP knows no payments in two stages', 'capture');
    if (method === 'sbp' && kopecks(amount) > MOST_BY_SBP) throw invalid('Amount is too large', 'amount.value');
    const hasReceipt = checkReceipt(asked.receipt, amount, shop.receipts);
    return this.cashier.open(
      shop,
      {
        ...{ amount: normal(amount), capture, metadata: asked.metadata, saves, method, savedMethod, hasReceipt },
        ...{ description: asked.description, merchantCustomerId: asked.merchant_customer_id },
        returnUrl: confirmation?.return_url,
      },
      (id) => {
        const { publicUrl, pages } = this.options;
        return `${publicUrl ? publicUrl + pages : baseOf(req, pages)}/${id}`;
      },
    );
  }

  private capture(shop: Shop, { amount }: z.output<typeof Capture>, req: Request): Payment {
    const bill = this.billOf(shop, req.params['id']);
    if (bill.payment.status !== 'waiting_for_capture')
      throw invalid('Payment is not waiting for capture', 'payment_id');
    if (amount) {
      checkAmount(amount, 'amount');
      if (kopecks(amount) > kopecks(bill.payment.amount)) throw invalid('Amount is more than authorized', 'amount');
    }
    this.cashier.capture(bill, amount && normal(amount));
    return bill.payment;
  }

  private cancel(shop: Shop, req: Request): Payment {
    const bill = this.billOf(shop, req.params['id']);
    // What nobody has paid ends by itself; it cannot be cancelled.
    if (bill.payment.status !== 'waiting_for_capture') throw invalid('Payment cannot be canceled', 'payment_id');
    this.cashier.cancel(bill, { party: 'merchant', reason: 'canceled_by_merchant' });
    return bill.payment;
  }

  private createRefund(
    shop: Shop,
    { payment_id: id, amount, description, receipt }: z.output<typeof NewRefund>,
  ): Refund {
    const bill = this.cashier.bills.get(id);
    if (bill?.shopId !== shop.shopId) throw invalid("Payment doesn't exist or access denied", 'payment_id');
    checkAmount(amount, 'amount');
    if (bill.payment.status !== 'succeeded') throw invalid('Payment is not paid', 'payment_id');
    if (!this.cashier.canRefund(bill, amount)) throw invalid('Refund amount exceeds payment amount', 'amount');
    // Of all of it the receipt follows from that of the payment.
    const isFull = kopecks(amount) === kopecks(bill.payment.amount);
    const given = checkReceipt(receipt, amount, shop.receipts && !isFull);
    const hasReceipt = given || (shop.receipts && isFull);
    return this.cashier.refund(bill, normal(amount), { ...(description !== undefined && { description }), hasReceipt });
  }

  private billOf(shop: Shop, id: unknown) {
    const bill = this.cashier.bills.get(String(id));
    if (bill?.shopId !== shop.shopId)
      throw new ApiError(404, 'not_found', "Payment doesn't exist or access denied", 'payment_id');
    return bill;
  }

  private paymentsOf({ shopId }: Shop): Payment[] {
    return [...this.cashier.bills.values()].filter((bill) => bill.shopId === shopId).map(({ payment }) => payment);
  }

  private refundsOf({ shopId }: Shop): Refund[] {
    return [...this.cashier.refunds.values()].filter((one) => one.shopId === shopId).map(({ refund }) => refund);
  }
}

/** The newest first. The cursor is where a page ended, so that what came since shifts nothing. */
function listOf(req: Request, all: readonly (Payment | Refund)[]): object {
  const {
    limit,
    cursor,
    status,
    payment_method: method,
    payment_id: paymentId,
    ...bounds
  } = ListQuery.parse(req.query);
  const fits = (one: Payment | Refund) =>
    (status === undefined || one.status === status) &&
    (method === undefined || ('payment_method' in one && one.payment_method?.type === method)) &&
    (paymentId === undefined || ('payment_id' in one && one.payment_id === paymentId)) &&
    Object.entries(bounds).every(([name, at]) => at === undefined || isWithin(one as never, name, at as string));
  const newest = all.filter(fits).toReversed();
  const begin = cursor === undefined ? 0 : newest.findIndex(({ id }) => id === cursor);
  if (begin < 0) throw invalid('Incorrect cursor', 'cursor');
  const items = newest.slice(begin, begin + limit);
  const next = newest[begin + limit];
  return { type: 'list', items, ...(next && { next_cursor: next.id }) };
}

function isWithin(one: Readonly<Record<string, string | undefined>>, bound: string, at: string): boolean {
  const [field = '', relation] = bound.split('.');
  const value = Date.parse(one[field] ?? '');
  const limit = Date.parse(at);
  if (relation === 'gte') return value >= limit;
  if (relation === 'gt') return value > limit;
  return relation === 'lte' ? value <= limit : value < limit;
}

/** In the log, also when it is not let in. */
function shopIdOf(req: Request): { shop?: string } {
  const [, encoded] = /^Basic (\S+)$/i.exec(req.get('authorization') ?? '') ?? [];
  return encoded === undefined ? {} : { shop: Buffer.from(encoded, 'base64').toString().split(':')[0]! };
}

const kopecks = ({ value, currency }: Amount): number => fromDecimal(value, currency)!.amountMinor;
const normal = ({ value, currency }: Amount): Amount => {
  const [whole, part = ''] = value.split('.');
  return { value: `${Number(whole)}.${part.padEnd(2, '0')}`, currency };
};

function checkAmount({ value, currency }: Amount, parameter: string): void {
  if (currency !== 'RUB') throw invalid('Currency is not supported', `${parameter}.currency`);
  if (fromDecimal(value, currency)!.amountMinor < LEAST) throw invalid('Amount is too small', `${parameter}.value`);
}

/** @returns whether there is one */
function checkReceipt(given: unknown, amount: Amount, isNeeded: boolean): boolean {
  if (given === undefined || given === null) {
    if (isNeeded) throw invalid('Receipt is missing or illegal', 'receipt');
    return false;
  }
  const { success, data, error } = Receipt.safeParse(given);
  if (!success) throw invalid('Receipt is missing or illegal', ['receipt', ...error.issues[0]!.path].join('.'));
  // These receipts are sent by e-mail alone.
  if (isNeeded && !data.customer?.email) throw invalid('Receipt is missing or illegal', 'receipt.customer.email');
  const sum = data.items.reduce((total, { amount: one, quantity }) => total + kopecks(one) * Number(quantity), 0);
  if (Math.round(sum) !== kopecks(amount))
    throw invalid('Receipt amount is not equal to the amount of the payment', 'receipt.items');
  return true;
}

const answerRefusals: ErrorRequestHandler = (error: unknown, _req, res, next) => {
  if (res.headersSent) return next(error);
  const refused = refusalOf(error);
  if (!refused) return next(error);
  const { status, code, description, parameter } = refused;
  if (status === 401) res.set('www-authenticate', 'Basic realm="YooMoney API"');
  res.status(status).json(problem(code, description, parameter === undefined ? {} : { parameter }));
};

function refusalOf(error: unknown): ApiError | undefined {
  if (error instanceof ApiError) return error;
  if (error instanceof z.ZodError) {
    const { path, message } = error.issues[0]!;
    return invalid(`Incorrect value: ${message}`, path.join('.'));
  }
  // What the JSON parser of Express says of a body that is none.
  if ((error as { type?: string }).type === 'entity.parse.failed') return invalid('Failed to parse JSON');
  return undefined;
}
