import { createHmac, timingSafeEqual } from 'node:crypto';
import { fromDecimal, type Money, toDecimal } from '@switchboard/contracts';
import { z } from 'zod';
import {
  defineProvider,
  type FailureReason,
  NotAuthentic,
  PaymentRefused,
  type ProviderPayment,
  type ProviderRefund,
  type ReceiptLine,
  type Taking,
} from './payment-provider';
import { jsonOf, ProviderHttp, ProviderHttpError } from './provider-http';

/** Source: developers.cloudpayments.ru, as of August 2026. */
const Instant = z
  .string()
  .regex(/^\/Date\(-?\d+\)\/$/)
  .transform((text) => new Date(Number(text.slice(6, -2))));
const Transaction = z.looseObject({
  TransactionId: z.number(),
  Amount: z.number(),
  Currency: z.string(),
  InvoiceId: z.union([z.string(), z.number().transform(String)]).nullish(),
  JsonData: z.string().nullish(),
  CreatedDate: Instant,
  ConfirmDate: Instant.nullish(),
  AuthDate: Instant.nullish(),
  TestMode: z.boolean(),
  OriginalTransactionId: z.number().nullish(),
  CardLastFour: z.string().nullish(),
  CardType: z.string().nullish(),
  Status: z.string(),
  ReasonCode: z.number().nullish(),
  /** 0: a payment, 1: a refund, 2: a payout. */
  Type: z.number(),
  Refunded: z.boolean().nullish(),
  Token: z.string().nullish(),
  TotalFee: z.number().nullish(),
  VatAboveTotalFee: z.number().nullish(),
});
type Transaction = z.output<typeof Transaction>;

/** With HTTP 200 also for a refusal. */
const answerOf = <Model extends z.ZodType>(model: Model) =>
  z.looseObject({ Success: z.boolean(), Message: z.string().nullish(), Model: model.nullish() });
const OrderAnswer = answerOf(z.looseObject({ Id: z.string(), Url: z.string() }));
const TransactionAnswer = answerOf(Transaction);
const TransactionsAnswer = answerOf(z.array(Transaction));
const RefundAnswer = answerOf(z.looseObject({ TransactionId: z.number() }));
const Claim = z.looseObject({
  TransactionId: z.number(),
  Type: z.string(),
  Operation: z.string(),
  Date: Instant,
});
type Claim = z.output<typeof Claim>;
const ClaimsAnswer = answerOf(z.array(Claim));

/** What we leave with each transaction of ours, under a name of our own. */
const Ours = z.looseObject({
  order: z.object({ at: z.coerce.date(), saves: z.boolean().optional(), charge: z.boolean().optional() }).optional(),
  refund: z.string().optional(),
});

const REASONS: Readonly<Record<number, FailureReason>> = {
  ...{ 5051: 'insufficient_funds', 5017: 'cancelled', 3004: 'expired' },
  // The card is gone, or was lost or stolen: it will never be charged again.
  ...{ 5004: 'method_revoked', 5007: 'method_revoked', 5014: 'method_revoked', 5033: 'method_revoked' },
  ...{ 5041: 'method_revoked', 5043: 'method_revoked', 5054: 'method_revoked', 6010: 'method_revoked' },
  ...{ 5061: 'limit_exceeded', 5065: 'limit_exceeded', 5300: 'limit_exceeded', 5303: 'limit_exceeded' },
  ...{ 5030: 'provider_unavailable', 5091: 'provider_unavailable', 5092: 'provider_unavailable' },
  ...{ 5096: 'provider_unavailable', 3006: 'provider_unavailable', 3007: 'provider_unavailable' },
};

/** Codes of receipts by law, and the rates that stand for them here; null: no tax. */
const VAT_RATES: Readonly<Record<number, number | null>> = {
  ...{ 1: null, 2: 0, 3: 10, 4: 20, 5: 110, 6: 120, 7: 5, 8: 7, 9: 105, 10: 107, 11: 22, 12: 122 },
};
const SUBJECTS: Readonly<Record<string, number>> = {
  commodity: 1,
  excise: 2,
  job: 3,
  service: 4,
  payment: 10,
  another: 13,
};
const FULL_PAYMENT = 4;

/** A link has no end; longer than that nobody waits. */
const OFFER_MS = 24 * 3_600_000;
const PAGE = 100;
/** A bank has so long to confirm: what is begun before a time may be paid within it. */
const CONFIRMING_MS = 3_600_000;
/** Claims are listed for no longer, and nothing is given back later. */
const YEAR_MS = 365 * 24 * 3_600_000;
/** Their clock and ours. */
const CLOCK_SKEW_MS = 10 * 60_000;

export const cloudpayments = defineProvider({
  name: 'cloudpayments',
  apiRoot: 'https://api.cloudpayments.ru',
  settings: z.strictObject({
    publicId: z.string().min(1).max(100),
    secret: z.string().optional(),
    secretEnv: z.string().optional(),
    secretFile: z.string().optional(),
    receipts: z.boolean().default(false).describe('The site has receipts made by CloudKassir, by Russian law.'),
    receiptEmail: z.email().optional().describe('Where receipts go of people whose e-mail address is not known.'),
    taxationSystem: z.int().min(0).max(5).optional().describe('Of receipts, where the seller has several: 0 to 5.'),
  }),
  methods: ['card', 'sbp'],
  currencies: ['RUB', 'USD', 'EUR', 'GBP'],
  recurring: true,
  notifies: true,
  offerMs: OFFER_MS,
  needsEmail: ({ receipts, receiptEmail }) => receipts && receiptEmail === undefined,

  create({ settings, secret, apiRoot, fetch, policy }) {
    const apiSecret = secret('secret') ?? '';
    const authorization = `Basic ${Buffer.from(`${settings.publicId}:${apiSecret}`).toString('base64')}`;
    const http = new ProviderHttp({
      name: 'CloudPayments',
      apiRoot,
      fetch,
      policy,
      headers: { authorization },
      refusalOf,
    });

    /** With its key a call is the same call, for an hour. */
    const change = <Schema extends z.ZodType>(
      operation: string,
      schema: Schema,
      path: string,
      key: string,
      body: object,
      signal: AbortSignal,
    ) =>
      http.call(
        operation,
        schema,
        { method: 'POST', path, body, headers: { 'x-request-id': key }, idempotent: true },
        signal,
      );
    /** Undefined: there is no such thing. */
    async function read<Model extends z.ZodType>(
      operation: string,
      schema: z.ZodType<{
        Success: boolean;
        Message?: string | null | undefined;
        Model?: z.output<Model> | null | undefined;
      }>,
      path: string,
      body: object,
      signal: AbortSignal,
    ): Promise<z.output<Model> | undefined> {
      const answer = await http.call(operation, schema, { method: 'POST', path, body, reads: true }, signal);
      // A payment that was declined is told of as no success.
      if (answer.Model !== null && answer.Model !== undefined) return answer.Model;
      if (!answer.Success && /not found/i.test(answer.Message ?? '')) return undefined;
      throw new ProviderHttpError(200, `CloudPayments answered ${operation} with "${answer.Message ?? ''}"`);
    }
    const transaction = (operation: string, path: string, body: object, signal: AbortSignal) =>
      read<typeof Transaction>(operation, TransactionAnswer, path, body, signal);

    async function* pages<Item>(
      operation: string,
      schema: z.ZodType<{ Success: boolean; Message?: string | null | undefined; Model?: Item[] | null | undefined }>,
      path: string,
      from: Date,
      to: Date,
      signal: AbortSignal,
    ): AsyncGenerator<Item> {
      for (let PageNumber = 1; ; PageNumber += 1) {
        const body = { CreatedDateGte: from.toISOString(), CreatedDateLte: to.toISOString(), PageNumber };
        const items = await read<z.ZodType<Item[]>>(operation, schema, path, body, signal);
        yield* items ?? [];
        if ((items ?? []).length < PAGE) return;
      }
    }
    const transactions = (from: Date, to: Date, signal: AbortSignal) =>
      pages('list', TransactionsAnswer, '/v2/payments/list', from, to, signal);
    const claims = (from: Date, to: Date, signal: AbortSignal) =>
      pages('list claims', ClaimsAnswer, '/chargebacks/list', from, to, signal);

    /**
     * Every try to pay an order, and every refund. They can be asked for by time alone: from when the order was made, which stands
     * with each of them, to the last of them.
     */
    async function ofOrder(invoiceId: string, signal: AbortSignal): Promise<Transaction[]> {
      const last = await transaction('find', '/v2/payments/find', { InvoiceId: invoiceId }, signal);
      if (!last) return [];
      const payment =
        last.Type === 0 ? last : await transaction('find payment', '/payments/find', { InvoiceId: invoiceId }, signal);
      const madeAt = payment && (oursOf(payment)?.order?.at ?? payment.CreatedDate);
      if (!madeAt) return [];
      const from = new Date(madeAt.getTime() - CLOCK_SKEW_MS);
      const found: Transaction[] = [];
      for await (const one of transactions(from, new Date(last.CreatedDate.getTime() + 1000), signal))
        if (one.InvoiceId === invoiceId) found.push(one);
      return found;
    }

    async function payment(invoiceId: string, signal: AbortSignal): Promise<ProviderPayment> {
      const all = await ofOrder(invoiceId, signal);
      const first = all.find(isTaken);
      const disputes: Claim[] = [];
      if (first) for await (const claim of claims(...yearFrom(momentOf(first)), signal)) disputes.push(claim);
      return paymentOf(invoiceId, all, disputes);
    }

    function receiptOf(money: Money, receipt: ReceiptLine | undefined, email = settings.receiptEmail) {
      if (!settings.receipts || !receipt) return {};
      const { description, vatCode, subject } = receipt;
      const amount = numberOf(money);
      const item = {
        ...{ label: description.slice(0, 128), price: amount, quantity: 1, amount, vat: VAT_RATES[vatCode] ?? null },
        ...{ method: FULL_PAYMENT, object: SUBJECTS[subject] ?? SUBJECTS['another'] },
      };
      const { taxationSystem } = settings;
      const CustomerReceipt = { Items: [item], email, ...(taxationSystem !== undefined && { taxationSystem }) };
      return { CloudPayments: { CustomerReceipt } };
    }

    return {
      async create(request, signal) {
        const { key, money, title, locale, returnUrl, expiresAt, customerRef, savedMethod, savesMethod } = request;
        const { receipt, email } = request;
        const isCharge = savedMethod !== undefined;
        const order = {
          // Of the order, and not of this call: the same key says the same.
          at: new Date(expiresAt.getTime() - OFFER_MS).toISOString(),
          ...(savesMethod && { saves: true }),
          ...(isCharge && { charge: true }),
        };
        const body = {
          Amount: numberOf(money),
          Currency: money.currency,
          Description: title,
          InvoiceId: key,
          AccountId: customerRef,
          ...(email !== undefined && { Email: email }),
          JsonData: { order, ...receiptOf(money, receipt, email) },
        };
        if (isCharge) {
          // By us, and by a plan: so that the bank knows that nobody is there to be asked.
          const charge = { ...body, Token: savedMethod, TrInitiatorCode: 0, PaymentScheduled: 1 };
          const answer = await change('charge', TransactionAnswer, '/payments/tokens/charge', key, charge, signal);
          return paymentOf(key, [modelOf(answer)], []);
        }
        const link = {
          ...{
            RequireConfirmation: false,
            SendEmail: false,
            SuccessRedirectUrl: returnUrl,
            FailRedirectUrl: returnUrl,
          },
          CultureName: locale === 'ru' ? 'ru-RU' : 'en-US',
        };
        const answer = await change('create', OrderAnswer, '/orders/create', key, { ...body, ...link }, signal);
        return { externalId: key, key, state: 'pending', takings: [], url: modelOf(answer).Url, isTest: false };
      },

      /** Of an order that nobody has tried to pay nothing can be learned, not even that there is one. */
      fetch: (externalId, signal) => payment(externalId, signal),

      async findByKey(key, signal) {
        const found = await payment(key, signal);
        return found.takings.length > 0 || found.state !== 'pending' ? found : undefined;
      },

      async refund({ takingId, key, money, receipt, email }, signal) {
        const id = Number(takingId);
        const taken = await transaction('fetch', '/payments/get', { TransactionId: id }, signal);
        if (!taken) throw new PaymentRefused('other', `CloudPayments knows no transaction ${takingId}`);
        // Their memory of keys is short: after an hour the same call would give the money back once more.
        if (taken.Refunded) {
          for await (const one of transactions(...yearFrom(taken.CreatedDate), signal))
            if (one.OriginalTransactionId === id && oursOf(one)?.refund === key) return refundOf(one);
        }
        const body = {
          ...{ TransactionId: id, Amount: numberOf(money) },
          JsonData: { refund: key, ...receiptOf(money, receipt, email) },
        };
        const answer = await change('refund', RefundAnswer, '/payments/refund', key, body, signal);
        // By SBP it is only begun with the answer.
        const { TransactionId } = modelOf(answer);
        const made = await transaction('fetch refund', '/payments/get', { TransactionId }, signal);
        return made ? refundOf(made) : { externalId: String(TransactionId), state: 'pending', money };
      },

      async fetchRefund(externalId, signal) {
        const found = await transaction('fetch refund', '/payments/get', { TransactionId: Number(externalId) }, signal);
        return found && refundOf(found);
      },

      readNotification({ body, headers }) {
        if (!isAuthentic(body, headers, apiSecret)) throw new NotAuthentic('the signature is none of CloudPayments');
        const text = body.toString('utf8');
        const { success, data } = Notification.safeParse(jsonOf(text) ?? Object.fromEntries(new URLSearchParams(text)));
        if (!success) throw new NotAuthentic('this is no notification of CloudPayments');
        const { TransactionId, InvoiceId, OperationType, ReasonCode } = data;
        const kind = OperationType === 'Refund' ? 'refund' : ReasonCode ? 'fail' : 'payment';
        // Before the money and after it the same transaction is told of: by what else is said they differ.
        const said = createHmac('sha256', apiSecret).update(body).digest('base64url');
        return { externalId: InvoiceId, kind, dedupeKey: `${TransactionId}:${said}` };
      },

      acknowledgement: { contentType: 'application/json', body: '{"code":0}' },

      async *list(from, to, signal) {
        const orders = new Map<string, Transaction[]>();
        const [changed, claimed] = [new Set<string>(), new Set<string>()];
        const early = new Date(from.getTime() - CONFIRMING_MS);
        for await (const one of transactions(early, to, signal)) {
          const { InvoiceId: invoiceId } = one;
          const isMoney = isTaken(one) || one.Type === 1;
          const isWithin = isMoney && momentOf(one) >= from && momentOf(one) < to;
          if (invoiceId) {
            orders.set(invoiceId, [...(orders.get(invoiceId) ?? []), one]);
            if (isWithin) changed.add(invoiceId);
            // Somebody else's, who takes payments by the same account.
          } else if (isWithin) yield { ...paymentOf(String(one.TransactionId), [one], []), key: undefined };
        }
        for await (const { TransactionId } of claims(from, new Date(to.getTime() - 1), signal)) {
          const about = await transaction('fetch', '/payments/get', { TransactionId }, signal);
          if (about?.InvoiceId) claimed.add(about.InvoiceId);
        }
        for (const invoiceId of new Set([...changed, ...claimed])) {
          const all = orders.get(invoiceId) ?? [];
          // Of an order that was made within the time everything lies there, unless money has gone back since.
          const isNew = ({ order }: { order?: { at: Date } } = {}) => order !== undefined && order.at >= early;
          const isWhole = all.length > 0 && all.every((one) => one.Type === 0 && !one.Refunded && isNew(oursOf(one)));
          if (isWhole && !claimed.has(invoiceId)) yield paymentOf(invoiceId, all, []);
          else yield await payment(invoiceId, signal);
        }
      },
    };
  },
});

/** Only what is needed of it: whatever else it says is asked for. Those of subscriptions bear no number of a transaction. */
const Notification = z.looseObject({
  TransactionId: z.coerce.number().int(),
  InvoiceId: z
    .string()
    .regex(/^[\w:-]{1,64}$/)
    .optional()
    .catch(undefined),
  OperationType: z.string().optional(),
  ReasonCode: z.coerce.number().optional(),
});

/** Two headers, over the body as it is and as it reads when it is decoded; adapters differ in which is which, so either will do. */
function isAuthentic(body: Buffer, headers: Readonly<Record<string, string | undefined>>, secret: string): boolean {
  const said = [headers['content-hmac'], headers['x-content-hmac']].filter((text) => text !== undefined);
  const hmac = (text: Buffer | string) => createHmac('sha256', secret).update(text).digest();
  const expected = [hmac(body)];
  try {
    expected.push(hmac(decodeURIComponent(body.toString('utf8').replaceAll('+', ' '))));
  } catch {
    // A body that cannot be decoded is JSON, or none of theirs.
  }
  return said.some((text) => {
    const given = Buffer.from(text, 'base64');
    return expected.some((one) => given.length === one.length && timingSafeEqual(given, one));
  });
}

const yearFrom = (at: Date): [Date, Date] => [at, new Date(at.getTime() + YEAR_MS)];

const isTaken = ({ Type, Status }: Transaction) => Type === 0 && Status === 'Completed';
const momentOf = ({ ConfirmDate, AuthDate, CreatedDate }: Transaction) => ConfirmDate ?? AuthDate ?? CreatedDate;

function paymentOf(invoiceId: string, all: readonly Transaction[], claims: readonly Claim[]): ProviderPayment {
  const takings = all.filter(isTaken);
  const [first] = takings;
  const last = all.findLast(({ Type }) => Type === 0);
  const { saves, charge } = (last && oursOf(last)?.order) ?? {};
  // A link can be tried again; a charge cannot.
  const isFailed = !first && charge === true && last?.Status === 'Declined';
  const token = saves || charge ? first?.Token : undefined;
  return {
    externalId: invoiceId,
    key: invoiceId,
    state: first ? 'paid' : isFailed ? 'failed' : 'pending',
    takings: takings.map((one) => takingOf(one, all, claims)),
    isTest: takings.some(({ TestMode }) => TestMode),
    ...(isFailed && { failure: REASONS[last.ReasonCode ?? 0] ?? 'declined' }),
    ...(token && { savedMethod: { externalId: token, title: titleOf(first!) } }),
  };
}

function takingOf(taken: Transaction, all: readonly Transaction[], claims: readonly Claim[]): Taking {
  const { TransactionId, TotalFee, VatAboveTotalFee } = taken;
  const refunds = all.filter(
    ({ Type, Status, OriginalTransactionId }) =>
      Type === 1 && Status !== 'Declined' && OriginalTransactionId === TransactionId,
  );
  const claim = claims.findLast((one) => one.TransactionId === TransactionId && one.Type === 'Chargeback');
  const fee = (amount: number | null | undefined) => minorOf(amount ?? 0, taken.Currency);
  return {
    id: String(TransactionId),
    money: moneyOf(taken),
    at: momentOf(taken),
    refundedMinor: refunds.reduce((sum, one) => sum + moneyOf(one).amountMinor, 0),
    ...(typeof TotalFee === 'number' && { feeMinor: fee(TotalFee) + fee(VatAboveTotalFee) }),
    // That a claim was upheld is not told of: it stays open until the bank gives it up.
    ...(claim && { dispute: claim.Operation === 'Representment' ? 'won' : 'open' }),
  };
}

const refundOf = (refund: Transaction): ProviderRefund => ({
  externalId: String(refund.TransactionId),
  state:
    refund.Status === 'Completed' ? 'done' : ['Declined', 'Cancelled'].includes(refund.Status) ? 'failed' : 'pending',
  money: moneyOf(refund),
});

/** Undefined for transactions that somebody else has made by the same account. */
const oursOf = ({ JsonData }: Transaction) => Ours.safeParse(jsonOf(JsonData ?? '')).data;

const titleOf = ({ CardType, CardLastFour }: Transaction) => `${CardType ?? ''} ·· ${CardLastFour ?? ''}`.trim();

/** A number of this API is exact: it is read and written digit by digit, and never reckoned with. */
const numberOf = (money: Money): number => Number(toDecimal(money));

const moneyOf = ({ Amount, Currency }: Transaction): Money => ({
  ...{ amountMinor: minorOf(Amount, Currency), currency: Currency },
});

function minorOf(amount: number, currency: string): number {
  const money = fromDecimal(String(amount), currency);
  if (!money) throw new Error(`CloudPayments answered with an amount that is none: ${amount} ${currency}`);
  return money.amountMinor;
}

/** @throws PaymentRefused */
function modelOf<Model>(answer: {
  Success: boolean;
  Message?: string | null | undefined;
  Model?: Model | null | undefined;
}): Model {
  const { Success, Message, Model } = answer;
  if (Model !== null && Model !== undefined) return Model;
  const said = `CloudPayments refused: ${Message ?? 'without a reason'}`;
  if (Success) throw new ProviderHttpError(200, 'CloudPayments answered with nothing');
  throw new PaymentRefused(/token/i.test(Message ?? '') ? 'method_revoked' : 'other', said);
}

/** Refusals come with a status of success. */
function refusalOf(status: number): PaymentRefused | undefined {
  return status === 400 || status === 404 ? new PaymentRefused('other', `CloudPayments answered ${status}`) : undefined;
}
