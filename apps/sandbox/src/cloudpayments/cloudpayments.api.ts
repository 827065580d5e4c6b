import { randomUUID } from 'node:crypto';
import express, { type ErrorRequestHandler, type Request, type Response, Router } from 'express';
import { fromDecimal, type Money } from '@switchboard/contracts';
import { z } from 'zod';
import type { CallLog } from '../kit/call-log';
import { applyFault, type FailureAnswers } from '../kit/faults';
import { baseOf } from '../kit/oauth-endpoints';
import type { Context } from '../kit/third-party';
import type { Acquirer, Asked, Terminal } from './acquirer';
import { CURRENCY_CODES } from './objects';

/** What is noted of each call; secrets are left out. */
export interface CloudPaymentsCall {
  operation: string;
  terminal?: string;
  key?: string;
  body?: unknown;
}

interface Replay {
  answer: object;
  at: number;
}

/** A refusal: with HTTP 200, as nearly everything. */
class Refused extends Error {}
class Unauthorized extends Error {}

const HOUR_MS = 3_600_000;
const PAGE = 100;
/** Codes of time zones that its list knows; there are more. */
const ZONE_HOURS: Readonly<Record<string, number>> = { UTC: 0, MSK: 3 };

const FAILURES: FailureAnswers = {
  serverError: () => ({ body: { Success: false, Message: 'Internal server error' } }),
  tooManyRequests: () => ({ body: { Success: false, Message: 'Too many requests' } }),
};

const ok = (more: object = {}) => ({ Success: true, Message: null, ...more });
const required = (name: string) => ({ error: () => `${name} is required` });
/** A number, or a text with one: forms know no other. */
const Amount = z.union([z.number(), z.string()], required('Amount')).transform((value, ctx) => {
  const text = String(value);
  if (/^\d{1,12}(\.\d{1,2}0*)?$/.test(text) && Number(text) > 0) return text;
  ctx.addIssue({ code: 'custom', message: 'Invalid Amount value' });
  return z.NEVER;
});
const Flag = z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')]).default(false);
const Text = z
  .string()
  .nullish()
  .transform((text) => text ?? null);
const Id = z.coerce.number({ error: () => 'TransactionId is required' }).int();
/** A text in a text, or an object. */
const JsonData = z
  .union([z.string(), z.record(z.string(), z.unknown())])
  .nullish()
  .transform((data) =>
    data === null || data === undefined ? null : typeof data === 'string' ? data : JSON.stringify(data),
  );

const common = {
  Amount,
  Currency: z.string().default('RUB'),
  InvoiceId: z
    .union([z.string(), z.number().transform(String)])
    .nullish()
    .transform((id) => id ?? null),
  Email: Text,
  JsonData,
};
const NewOrder = z.looseObject({
  ...common,
  Description: z.string(required('Description')).min(1, 'Description is required'),
  AccountId: Text,
  RequireConfirmation: Flag,
  SuccessRedirectUrl: Text,
  FailRedirectUrl: Text,
  CultureName: z.string().default('ru-RU'),
});
const Charge = z.looseObject({
  ...common,
  AccountId: z.string(required('AccountId')).min(1, 'AccountId is required'),
  Token: z.string(required('Token')).min(1, 'Token is required'),
  TrInitiatorCode: z.coerce.number(required('TrInitiatorCode')).int().min(0).max(1),
  PaymentScheduled: z.coerce.number().int().min(0).max(1).default(0),
  Description: Text,
});
const OfTransaction = z.looseObject({ TransactionId: Id });
const WithAmount = z.looseObject({ TransactionId: Id, Amount, JsonData });
const OfOrder = z.looseObject({ Id: z.string(required('Id')) });
const OfInvoice = z.looseObject({
  InvoiceId: z.union([z.string(), z.number().transform(String)], required('InvoiceId')),
});
const OfDay = z.looseObject({ Date: z.string(required('Date')), TimeZone: z.string().default('UTC') });
const When = z.coerce.date(required('CreatedDate'));
const OfPeriod = z.looseObject({
  CreatedDateGte: When,
  CreatedDateLte: When,
  PageNumber: z.coerce.number(required('PageNumber')).int().min(1, 'PageNumber must be at least 1'),
  Statuses: z.array(z.string()).optional(),
});

type Answer = (terminal: Terminal, body: unknown, req: Request) => object | Promise<object>;

/** Everything below the root of the API: forms or JSON in, JSON out. */
export class CloudPaymentsApi {
  /** By terminal, operation and X-Request-ID; kept for an hour. */
  private readonly replays = new Map<string, Replay>();

  constructor(
    private readonly context: Context,
    private readonly acquirer: Acquirer,
    private readonly calls: CallLog<CloudPaymentsCall>,
    private readonly options: { pages: string; publicUrl: string | undefined; acceptAnyTerminal: boolean },
  ) {}

  router(): Router {
    const router = Router();
    router.use(express.json(), express.urlencoded({ extended: false }));
    const method = (path: string, answer: Answer) => router.post(path, this.method(path.slice(1), answer));

    method('/test', () => ok({ Message: randomUUID() }));
    method('/orders/create', (terminal, body, req) => this.createOrder(terminal, NewOrder.parse(body), req));
    method('/orders/cancel', (terminal, body) => {
      const link = this.acquirer.links.get(OfOrder.parse(body).Id);
      if (link?.publicId !== terminal.publicId || link.order.Status !== 'Created') throw new Refused('Order not found');
      this.acquirer.closeLink(link);
      return ok();
    });
    method('/payments/tokens/charge', (terminal, body) => this.charge(terminal, Charge.parse(body)));
    method('/payments/get', (terminal, body) => {
      return ok({ Model: this.entryOf(terminal, OfTransaction.parse(body).TransactionId).transaction });
    });
    // The older one looks among payments alone.
    method('/payments/find', (terminal, body) => this.find(terminal, OfInvoice.parse(body).InvoiceId, [0]));
    method('/v2/payments/find', (terminal, body) => this.find(terminal, OfInvoice.parse(body).InvoiceId, [0, 1]));
    method('/payments/list', (terminal, body) => {
      const { Date: day, TimeZone } = OfDay.parse(body);
      const begin = Date.parse(`${day.slice(0, 10)}T00:00:00Z`) - (ZONE_HOURS[TimeZone] ?? 0) * HOUR_MS;
      if (Number.isNaN(begin)) throw new Refused('Invalid Date value');
      const found = this.acquirer
        .entriesOf(terminal)
        .filter(({ createdAt }) => createdAt >= begin && createdAt < begin + 24 * HOUR_MS);
      return ok({ Model: found.map(({ transaction }) => transaction) });
    });
    method('/v2/payments/list', (terminal, body) => {
      const { Statuses, ...period } = OfPeriod.parse(body);
      const all = this.acquirer
        .entriesOf(terminal)
        .filter(({ transaction }) => Statuses?.includes(transaction.Status) ?? true)
        .map(({ createdAt, transaction }) => ({ at: createdAt, item: transaction }));
      return ok({ Model: pageOf(all, period) });
    });
    method('/chargebacks/list', ({ publicId }, body) => {
      const all = this.acquirer.chargebacks
        .filter((one) => one.publicId === publicId)
        .map(({ at, chargeback }) => ({ at, item: chargeback }));
      return ok({ Model: pageOf(all, OfPeriod.parse(body)), ErrorCode: null });
    });
    method('/payments/confirm', (terminal, body) => {
      const { TransactionId, Amount: amount } = WithAmount.parse(body);
      const entry = this.entryOf(terminal, TransactionId);
      const money = moneyOf(amount, entry.money.currency);
      if (entry.transaction.Status !== 'Authorized') throw new Refused('Transaction is not authorized');
      if (money.amountMinor > entry.money.amountMinor) throw new Refused('Amount is more than authorized');
      this.acquirer.confirm(entry, money);
      return ok();
    });
    method('/payments/void', (terminal, body) => {
      const entry = this.entryOf(terminal, OfTransaction.parse(body).TransactionId);
      if (entry.transaction.Status !== 'Authorized') throw new Refused('Transaction cannot be voided');
      this.acquirer.void(entry);
      return ok();
    });
    method('/payments/refund', (terminal, body) => {
      const { TransactionId, Amount: amount, JsonData: data } = WithAmount.parse(body);
      const entry = this.entryOf(terminal, TransactionId);
      const { Status, Type } = entry.transaction;
      const money = moneyOf(amount, entry.money.currency);
      if (Status !== 'Completed' || Type !== 0) throw new Refused('Transaction cannot be refunded');
      if (money.amountMinor > entry.money.amountMinor - entry.refundedMinor)
        throw new Refused('Amount is more than the amount of the transaction');
      const refund = this.acquirer.refund(entry, money, data);
      return ok({ Model: { TransactionId: refund.transaction.TransactionId } });
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

  private method(path: string, answer: Answer) {
    const operation = path.replaceAll('/', '.');
    return async (req: Request, res: Response): Promise<void> => {
      const key = req.get('x-request-id');
      const [terminalId, secret] = credentialsOf(req);
      const noted = { ...(terminalId && { terminal: terminalId }), ...(key && { key }) };
      this.calls.begin({ operation, ...noted, body: req.body as unknown }, res);
      if (!(await applyFault(this.context.faults.next(`cloudpayments.${operation}`), res, FAILURES))) return;
      const terminal = this.authenticate(terminalId, secret);
      const place = `${terminal.publicId} ${operation} ${key}`;
      const known = key === undefined ? undefined : this.replays.get(place);
      if (known && Date.now() - known.at < HOUR_MS) {
        res.json(known.answer);
        return;
      }
      const given = structuredClone(await answer(terminal, req.body ?? {}, req));
      if (key !== undefined) this.replays.set(place, { answer: given, at: Date.now() });
      res.json(given);
    };
  }

  private authenticate(publicId: string, secret: string): Terminal {
    const known = this.acquirer.terminals.get(publicId);
    if (known?.apiSecret === secret) return known;
    if (!known && this.options.acceptAnyTerminal && publicId && secret)
      return this.acquirer.setTerminal({ publicId, apiSecret: secret });
    throw new Unauthorized();
  }

  private createOrder(terminal: Terminal, order: z.output<typeof NewOrder>, req: Request): object {
    const { publicUrl, pages } = this.options;
    const base = publicUrl ? publicUrl + pages : baseOf(req, pages);
    const { SuccessRedirectUrl: successUrl, FailRedirectUrl: failUrl, CultureName: culture } = order;
    const asked = { ...askedOf(order), requiresConfirmation: order.RequireConfirmation, successUrl, failUrl, culture };
    return ok({ Model: this.acquirer.openLink(terminal, asked, (id) => `${base}/${id}`) });
  }

  private charge(terminal: Terminal, charge: z.output<typeof Charge>): object {
    const token = this.acquirer.tokens.get(charge.Token);
    if (token?.publicId !== terminal.publicId) throw new Refused('Token not found');
    if (token.accountId !== null && token.accountId !== charge.AccountId)
      throw new Refused('Token belongs to another AccountId');
    const { transaction } = this.acquirer.charge(terminal, token, { ...askedOf(charge), requiresConfirmation: false });
    return { Model: transaction, Success: transaction.Status === 'Completed', Message: null };
  }

  private entryOf(terminal: Terminal, id: number) {
    const entry = this.acquirer.entries.get(id);
    if (entry?.transaction.PublicId !== terminal.publicId) throw new Refused('Transaction not found');
    return entry;
  }

  /** The last of them. */
  private find(terminal: Terminal, invoiceId: string, types: readonly number[]): object {
    const found = this.acquirer
      .entriesOf(terminal)
      .findLast(({ transaction }) => transaction.InvoiceId === invoiceId && types.includes(transaction.Type));
    if (!found) throw new Refused('Not found');
    return { Model: found.transaction, Success: found.transaction.Status !== 'Declined', Message: null };
  }
}

const askedOf = (order: z.output<typeof NewOrder> | z.output<typeof Charge>): Omit<Asked, 'requiresConfirmation'> => ({
  money: moneyOf(order.Amount, order.Currency),
  invoiceId: order.InvoiceId,
  accountId: order.AccountId,
  email: order.Email,
  description: order.Description,
  jsonData: order.JsonData,
});

function moneyOf(amount: string, currency: string): Money {
  if (!(currency in CURRENCY_CODES)) throw new Refused('Invalid Currency value');
  const money = fromDecimal(amount, currency);
  if (!money) throw new Refused('Invalid Amount value');
  return money;
}

/** From the oldest to the newest. */
function pageOf<T>(
  all: readonly { at: number; item: T }[],
  { CreatedDateGte, CreatedDateLte, PageNumber }: { CreatedDateGte: Date; CreatedDateLte: Date; PageNumber: number },
): T[] {
  const [from, to] = [CreatedDateGte.getTime(), CreatedDateLte.getTime()];
  return all
    .filter(({ at }) => at >= from && at <= to)
    .slice((PageNumber - 1) * PAGE, PageNumber * PAGE)
    .map(({ item }) => item);
}

function credentialsOf(req: Request): [publicId: string, secret: string] {
  const [, encoded = ''] = /^Basic (\S+)$/i.exec(req.get('authorization') ?? '') ?? [];
  const [, publicId = '', secret = ''] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded, 'base64').toString()) ?? [];
  return [publicId, secret];
}

const answerRefusals: ErrorRequestHandler = (error: unknown, _req, res, next) => {
  if (res.headersSent) return next(error);
  if (error instanceof Unauthorized) return void res.status(401).set('www-authenticate', 'Basic').end();
  const message =
    error instanceof Refused ? error.message : error instanceof z.ZodError ? error.issues[0]!.message : undefined;
  if (message !== undefined) return void res.json({ Success: false, Message: message });
  if ((error as { type?: string }).type === 'entity.parse.failed')
    return void res.json({ Success: false, Message: 'Request body is malformed' });
  next(error);
};
