import { fromDecimal, toDecimal } from '@switchboard/contracts';
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import {
  defineProvider,
  NotAuthentic,
  PaymentRefused,
  type ProviderPayment,
  type RawNotification,
  type Taking,
} from './payment-provider';
import { jsonOf, ProviderHttp } from './provider-http';

const Decimal = z
  .union([z.string(), z.number()])
  .transform(String)
  .pipe(z.string().regex(/^\d+(\.\d+)?$/));

/** Source: help.send.tg, "Crypto Pay API". Whoever reads it has to take amounts that are texts, and such as are numbers. */
const Invoice = z.looseObject({
  invoice_id: z.int(),
  status: z.enum(['active', 'paid', 'expired']),
  fiat: z.string().optional(),
  amount: Decimal,
  bot_invoice_url: z.string(),
  payload: z.string().optional(),
  created_at: z.coerce.date(),
  expiration_date: z.coerce.date().optional(),
  paid_at: z.coerce.date().optional(),
  paid_asset: z.string().optional(),
  paid_fiat_rate: Decimal.optional(),
  fee_asset: z.string().optional(),
  fee_amount: Decimal.optional(),
});
type Invoice = z.output<typeof Invoice>;
const Made = z.looseObject({ ok: z.literal(true), result: Invoice });
/** In old versions a list alone. */
const Found = z.looseObject({
  ok: z.literal(true),
  result: z.union([z.array(Invoice), z.object({ items: z.array(Invoice) })]),
});
const Told = z.looseObject({
  update_id: z.int(),
  update_type: z.string().min(1),
  request_date: z.coerce.date(),
  payload: z.looseObject({ invoice_id: z.int() }),
});
const Problem = z.looseObject({ error: z.looseObject({ code: z.int(), name: z.string() }) });

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** They try for three days. */
const OLDEST_MS = 4 * DAY_MS;
const AHEAD_MS = 5 * 60_000;
/** An invoice of which nobody knows whether it was made is looked for among those of as many days. */
const LOOK_BACK_MS = 3 * DAY_MS;
const LONGEST_TITLE = 1024;
const PAGE = 100;

export const cryptobot = defineProvider({
  name: 'cryptobot',
  apiRoot: 'https://pay.crypt.bot/api',
  sandboxPath: '/cryptobot/api',
  settings: z.strictObject({
    secret: z.string().optional().describe('The token of the app in Crypto Pay.'),
    secretEnv: z.string().optional(),
    secretFile: z.string().optional(),
    assets: z
      .array(z.string().regex(/^[A-Z]{2,8}$/))
      .min(1)
      .optional()
      .describe('In which is paid: "USDT", "TON". All when absent.'),
  }),
  methods: ['crypto'],
  currencies: [
    ...['USD', 'EUR', 'RUB', 'BYN', 'UAH', 'GBP', 'CNY', 'KZT', 'UZS', 'GEL', 'TRY', 'AMD', 'THB', 'INR', 'BRL', 'IDR'],
    ...['AZN', 'AED', 'PLN', 'ILS'],
  ],
  recurring: false,
  notifies: true,
  offerMs: HOUR_MS,

  /** Nothing can be given back by it: that is a transfer by hand, or goes to the person's balance. */
  create({ settings, secret, apiRoot, isSandbox, fetch, policy }) {
    const token = secret('secret') ?? '';
    const isTest = isSandbox || /\/\/testnet/.test(apiRoot);
    const http = new ProviderHttp({
      name: 'CryptoBot',
      apiRoot,
      fetch,
      policy,
      headers: { 'crypto-pay-api-token': token },
      refusalOf,
    });

    async function read(operation: string, query: Record<string, string>, signal: AbortSignal): Promise<Invoice[]> {
      const path = `/getInvoices?${new URLSearchParams(query)}`;
      const { result } = await http.call(operation, Found, { path }, signal);
      return Array.isArray(result) ? result : result.items;
    }

    /** The newest first, down to what was made before. */
    async function* newest(operation: string, made: Date, signal: AbortSignal): AsyncGenerator<Invoice> {
      const seen = new Set<number>();
      for (let offset = 0; ; offset += PAGE) {
        const page = await read(operation, { offset: String(offset), count: String(PAGE) }, signal);
        for (const invoice of page) {
          if (invoice.created_at < made) return;
          // What is made meanwhile moves the rest to later pages.
          if (!seen.has(invoice.invoice_id)) yield invoice;
          seen.add(invoice.invoice_id);
        }
        if (page.length < PAGE) return;
      }
    }

    return {
      async create({ key, money, title, expiresAt }, signal) {
        const body = {
          ...{ currency_type: 'fiat', fiat: money.currency, amount: toDecimal(money), payload: key },
          ...{ description: title.slice(0, LONGEST_TITLE), allow_comments: false, allow_anonymous: true },
          expires_in: Math.max(60, Math.floor((expiresAt.getTime() - Date.now()) / 1000)),
          ...(settings.assets && { accepted_assets: settings.assets.join(',') }),
        };
        const call = { method: 'POST', path: '/createInvoice', body };
        const { result } = await http.call('create', Made, call, signal);
        const made = paymentOf(result, isTest);
        if (!made) throw new Error('CryptoBot answered with an invoice that is not in money');
        return made;
      },

      async fetch(externalId, signal) {
        if (!/^\d{1,15}$/.test(externalId)) return undefined;
        const found = await read('fetch', { invoice_ids: externalId }, signal);
        const invoice = found.find(({ invoice_id: id }) => String(id) === externalId);
        return invoice && paymentOf(invoice, isTest);
      },

      async findByKey(key, signal) {
        for await (const invoice of newest('find', new Date(Date.now() - LOOK_BACK_MS), signal))
          if (invoice.payload === key) return paymentOf(invoice, isTest);
        return undefined;
      },

      readNotification(raw) {
        if (!isSigned(raw, token)) throw new NotAuthentic('not signed by CryptoBot');
        const told = Told.safeParse(jsonOf(raw.body.toString('utf8')));
        if (!told.success) throw new NotAuthentic('no update of CryptoBot');
        const { update_type: kind, request_date: at, payload } = told.data;
        const age = raw.now.getTime() - at.getTime();
        if (age > OLDEST_MS || age < -AHEAD_MS) throw new NotAuthentic('an update of CryptoBot of another time');
        const externalId = String(payload.invoice_id);
        return { externalId, kind, dedupeKey: `${kind}:${externalId}` };
      },

      async *list(from, to, signal) {
        // It can be asked by number and state only, and not by time.
        const made = new Date(from.getTime() - LOOK_BACK_MS);
        for await (const invoice of newest('list', made, signal)) {
          const { paid_at: at } = invoice;
          const payment = at && at >= from && at < to ? paymentOf(invoice, isTest) : undefined;
          if (payment) yield payment;
        }
      },
    };
  },
});

/** Over the bytes as they came: whoever reads and writes them anew has others. */
function isSigned({ body, headers }: RawNotification, token: string): boolean {
  const given = Buffer.from(headers['crypto-pay-api-signature'] ?? '', 'hex');
  const key = createHash('sha256').update(token).digest();
  const right = createHmac('sha256', key).update(body).digest();
  return token !== '' && given.length === right.length && timingSafeEqual(given, right);
}

/** Undefined of what another program has asked for in crypto: we ask in money only. */
function paymentOf(invoice: Invoice, isTest: boolean): ProviderPayment | undefined {
  const { invoice_id, status, fiat, payload, bot_invoice_url: url, expiration_date: expiresAt } = invoice;
  if (fiat === undefined) return undefined;
  return {
    ...{ externalId: String(invoice_id), key: payload, isTest, url },
    state: status === 'active' ? 'pending' : status,
    takings: status === 'paid' ? [takingOf(invoice, fiat)] : [],
    ...(expiresAt && { expiresAt }),
  };
}

/** What was asked for is what counts: they take the risk of the rate until it is paid. */
function takingOf(invoice: Invoice, fiat: string): Taking {
  const { invoice_id, amount, paid_at, created_at } = invoice;
  const money = fromDecimal(amount, fiat);
  if (!money) throw new Error(`CryptoBot answered with an amount that is no money: ${amount} ${fiat}`);
  const feeMinor = feeOf(invoice, fiat);
  return {
    ...{ id: String(invoice_id), money, at: paid_at ?? created_at, refundedMinor: 0 },
    ...(feeMinor !== undefined && { feeMinor }),
  };
}

/** They keep it in the asset that was paid: in money by the rate of the payment, in whole kopecks, rounded up. */
function feeOf(
  { paid_asset, fee_asset, fee_amount: fee, paid_fiat_rate: rate }: Invoice,
  fiat: string,
): number | undefined {
  if (fee === undefined || rate === undefined || fee_asset !== paid_asset) return undefined;
  const [a, b] = [scaled(fee), scaled(rate)];
  const one = fromDecimal('1', fiat);
  if (!one) return undefined;
  const scale = 10n ** BigInt(a.digits + b.digits);
  return Number((a.value * b.value * BigInt(one.amountMinor) + scale - 1n) / scale);
}

/** `0.0123` as 123 and four digits behind the point. */
function scaled(text: string): { value: bigint; digits: number } {
  const [whole = '', fraction = ''] = text.split('.');
  return { value: BigInt(whole + fraction), digits: fraction.length };
}

function refusalOf(status: number, body: unknown): PaymentRefused | undefined {
  const problem = Problem.safeParse(body).data?.error;
  return problem && status === 400 ? new PaymentRefused('other', `CryptoBot refused: ${problem.name}`) : undefined;
}
