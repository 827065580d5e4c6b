import { fromDecimal, toDecimal } from '@switchboard/contracts';
import { createPublicKey, createVerify, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import {
  defineProvider,
  type Notification,
  NotAuthentic,
  PaymentRefused,
  type ProviderPayment,
  type ProviderRefund,
  type RawNotification,
  type Taking,
} from './payment-provider';
import { jsonOf, ProviderHttp } from './provider-http';

/** Source: api.wata.pro. Ids are GUIDs that are no UUIDs by the letter. */
const Id = z.guid();
const Link = z.looseObject({
  status: z.string(),
  url: z.string(),
  orderId: z.string().nullish(),
  creationTime: z.coerce.date(),
  expirationDateTime: z.coerce.date(),
});
type Link = z.output<typeof Link>;
const Transaction = z.looseObject({
  id: Id,
  kind: z.string().default('Payment'),
  status: z.string(),
  amount: z.number(),
  currency: z.string(),
  orderId: z.string().nullish(),
  originalTransactionId: Id.nullish(),
  creationTime: z.coerce.date(),
  paymentTime: z.coerce.date().nullish(),
  totalCommission: z.number().nullish(),
});
type Transaction = z.output<typeof Transaction>;
const Links = z.looseObject({ items: z.array(Link) });
const Transactions = z.looseObject({
  items: z.array(Transaction),
  hasNextPage: z.boolean().default(false),
  nextCursorId: z.string().nullish(),
  nextCursorDate: z.string().nullish(),
  nextCursorAmount: z.number().nullish(),
});
const Refunded = z.looseObject({ transactionId: Id, transactionStatus: z.string() });
const Told = z.looseObject({
  kind: z.string().default('Payment'),
  transactionId: Id,
  transactionStatus: z.string().min(1),
  terminalPublicId: Id,
  orderId: z.string().nullish(),
});
const PublicKey = z.looseObject({ value: z.string() });
const Problem = z.looseObject({ error: z.looseObject({ message: z.string(), details: z.string().nullish() }) });

const HOUR_MS = 3_600_000;
/** WATA takes no link that is open for ten minutes or less. */
const SHORTEST_MS = 15 * 60_000;
/** Between a form that was sent and the answer of a bank. */
const LONGEST_PAYMENT_MS = 24 * HOUR_MS;
/** Notifications that are signed wrongly must not have us ask for the key all the time. */
const KEY_AGAIN_MS = 60_000;
const PAGE = '100';

export const wata = defineProvider({
  name: 'wata',
  apiRoot: 'https://api.wata.pro/api/h2h',
  sandboxPath: '/wata/api/h2h',
  settings: z.strictObject({
    secret: z.string().optional().describe('The access token of the terminal.'),
    secretEnv: z.string().optional(),
    secretFile: z.string().optional(),
    terminalId: z.guid().optional().describe('Its public id: what is told of other terminals is refused.'),
  }),
  methods: ['card', 'sbp', 'wallet'],
  currencies: ['RUB', 'EUR', 'USD'],
  recurring: false,
  notifies: true,
  offerMs: HOUR_MS,

  /** Everything is known by the order: links are deleted some time after their end, and one order may have several. */
  create({ settings, secret, apiRoot, isSandbox, fetch, policy }) {
    const isTest = isSandbox || /\/\/[^/]*sandbox/.test(apiRoot);
    const headers = { authorization: `Bearer ${secret('secret') ?? ''}` };
    const http = new ProviderHttp({ name: 'WATA', apiRoot, fetch, policy, headers, refusalOf });
    let publicKey: { key: KeyObject; at: number } | undefined;

    /** The same thing may be read twice a minute: to ask again at once would be refused again. */
    const read = <Schema extends z.ZodType>(operation: string, schema: Schema, path: string, signal: AbortSignal) =>
      http.call(operation, schema, { path, idempotent: false }, signal);

    async function* transactions(
      operation: string,
      filters: Record<string, string>,
      signal: AbortSignal,
    ): AsyncGenerator<Transaction> {
      let cursor: Record<string, string> = {};
      for (;;) {
        const query = new URLSearchParams({ ...filters, ...cursor, MaxResultCount: PAGE });
        const page = await read(operation, Transactions, `/v2/transactions?${query}`, signal);
        yield* page.items;
        const { hasNextPage, nextCursorId: id, nextCursorDate: date, nextCursorAmount: amount } = page;
        if (!hasNextPage || !id || !date || amount == null) return;
        cursor = { CursorId: id, CursorDate: date, CursorAmount: String(amount) };
      }
    }

    async function ofOrder(orderId: string, signal: AbortSignal): Promise<Transaction[]> {
      const found: Transaction[] = [];
      for await (const one of transactions('fetch', { OrderId: orderId }, signal))
        if (one.orderId === orderId) found.push(one);
      return found;
    }

    async function fetchPayment(orderId: string, signal: AbortSignal): Promise<ProviderPayment | undefined> {
      const made = await ofOrder(orderId, signal);
      const query = new URLSearchParams({ OrderId: orderId, MaxResultCount: PAGE });
      const { items } = await read('fetch links', Links, `/links?${query}`, signal);
      const links = items.filter((one) => one.orderId === orderId);
      return links.length + made.length === 0 ? undefined : paymentOf(orderId, links, made, isTest);
    }

    async function keyOf(signal: AbortSignal, now: number, isNew = false): Promise<KeyObject> {
      if (!publicKey || isNew || now - publicKey.at > HOUR_MS) {
        const { value } = await http.call('public key', PublicKey, { path: '/public-key' }, signal);
        publicKey = { key: createPublicKey(value), at: now };
      }
      return publicKey.key;
    }

    async function isSigned({ body, headers: { 'x-signature': signature }, now }: RawNotification): Promise<boolean> {
      if (!signature) return false;
      const { signal } = new AbortController();
      const isBy = (key: KeyObject) => createVerify('RSA-SHA512').update(body).verify(key, signature, 'base64');
      if (isBy(await keyOf(signal, now.getTime()))) return true;
      // They have another key by now, or it is somebody else's.
      return now.getTime() - publicKey!.at > KEY_AGAIN_MS && isBy(await keyOf(signal, now.getTime(), true));
    }

    return {
      async create({ key, money, title, returnUrl, expiresAt }, signal) {
        const body = {
          // A number of JSON is written as the text that it was made of.
          ...{ type: 'OneTime', amount: Number(toDecimal(money)), currency: money.currency, orderId: key },
          ...{ description: title, successRedirectUrl: returnUrl, failRedirectUrl: returnUrl },
          expirationDateTime: new Date(Math.max(expiresAt.getTime(), Date.now() + SHORTEST_MS)).toISOString(),
        };
        const link = await http.call('create', Link, { method: 'POST', path: '/links', body }, signal);
        return paymentOf(key, [link], [], isTest);
      },

      fetch: fetchPayment,
      findByKey: fetchPayment,

      /**
       * There is no key by which a refund is the same refund. Of all that was paid there can be one only; a part that was asked for
       * twice could not be told from two parts, so parts are not sent.
       */
      async refund({ takingId, money }, signal) {
        const path = `/transactions/${encodeURIComponent(takingId)}`;
        const original = await http.find('taking', Transaction, path, signal);
        if (!original?.orderId || original.kind !== 'Payment')
          throw new PaymentRefused('other', 'WATA knows no such payment');
        if (moneyOf(original).amountMinor !== money.amountMinor)
          throw new PaymentRefused('other', 'WATA gives back only all of a payment');
        const made = (await ofOrder(original.orderId, signal)).find((one) => isRefundOf(takingId, one));
        if (made) return refundOf(made.id, made.status, money);
        const body = { originalTransactionId: takingId, amount: Number(toDecimal(money)) };
        const call = { method: 'POST', path: '/transactions/refunds', body };
        const { transactionId, transactionStatus } = await http.call('refund', Refunded, call, signal);
        return refundOf(transactionId, transactionStatus, money);
      },

      async fetchRefund(externalId, signal) {
        const found = await http.find(
          'fetch refund',
          Transaction,
          `/transactions/${encodeURIComponent(externalId)}`,
          signal,
        );
        return found?.kind === 'Refund' ? refundOf(found.id, found.status, moneyOf(found)) : undefined;
      },

      async readNotification(raw): Promise<Notification> {
        if (!(await isSigned(raw))) throw new NotAuthentic('not signed by WATA');
        const told = Told.safeParse(jsonOf(raw.body.toString('utf8')));
        if (!told.success) throw new NotAuthentic('no notification of WATA');
        const { kind, transactionId, transactionStatus, terminalPublicId, orderId } = told.data;
        // One key signs for all terminals.
        if (settings.terminalId && terminalPublicId.toLowerCase() !== settings.terminalId.toLowerCase())
          throw new NotAuthentic('about another terminal of WATA');
        const dedupeKey = `${transactionId}:${transactionStatus}`;
        return { externalId: orderId ?? undefined, kind: `${kind}.${transactionStatus}`, dedupeKey };
      },

      async *list(from, to, signal) {
        const begin = new Date(from.getTime() - LONGEST_PAYMENT_MS).toISOString();
        const filters = { CreationTimeFrom: begin, CreationTimeTo: to.toISOString(), Statuses: 'Paid' };
        const seen = new Set<string>();
        for await (const { orderId, paymentTime, creationTime } of transactions('list', filters, signal)) {
          const at = paymentTime ?? creationTime;
          if (!orderId || seen.has(orderId) || at < from || at >= to) continue;
          seen.add(orderId);
          const payment = await fetchPayment(orderId, signal);
          if (payment) yield payment;
        }
      },
    };
  },
});

/** A try that was declined ends nothing: the link stays until it is paid or over. */
function paymentOf(
  orderId: string,
  links: readonly Link[],
  made: readonly Transaction[],
  isTest: boolean,
): ProviderPayment {
  const newest = links.toSorted((a, b) => b.creationTime.getTime() - a.creationTime.getTime())[0];
  const takings = made
    .filter(({ kind, status }) => kind === 'Payment' && status === 'Paid')
    .map((one) => takingOf(one, made));
  const isUnderWay = made.some(({ status }) => status === 'Created' || status === 'Pending');
  const isOpen = isUnderWay || links.some(({ status }) => status === 'Opened');
  return {
    ...{ externalId: orderId, key: orderId, takings, isTest },
    state: takings.length > 0 ? 'paid' : isOpen ? 'pending' : 'expired',
    ...(newest && { url: newest.url, expiresAt: newest.expirationDateTime }),
  };
}

function takingOf(payment: Transaction, made: readonly Transaction[]): Taking {
  const { id, currency, paymentTime, creationTime, totalCommission } = payment;
  const back = made.filter((one) => one.status === 'Paid' && isRefundOf(id, one));
  return {
    ...{ id, money: moneyOf(payment), at: paymentTime ?? creationTime },
    refundedMinor: back.reduce((sum, one) => sum + moneyOf(one).amountMinor, 0),
    ...(totalCommission != null && { feeMinor: moneyOf({ amount: totalCommission, currency }).amountMinor }),
  };
}

const isRefundOf = (takingId: string, { kind, status, originalTransactionId }: Transaction) =>
  kind === 'Refund' && status !== 'Declined' && originalTransactionId === takingId;

function refundOf(externalId: string, status: string, money: ProviderRefund['money']): ProviderRefund {
  return { externalId, state: status === 'Paid' ? 'done' : status === 'Declined' ? 'failed' : 'pending', money };
}

/** A number with two decimals reads as the text that was sent. */
function moneyOf({ amount, currency }: { amount: number; currency: string }) {
  const money = fromDecimal(String(amount), currency);
  if (!money) throw new Error(`WATA answered with an amount that is none: ${amount} ${currency}`);
  return money;
}

function refusalOf(status: number, body: unknown): PaymentRefused | undefined {
  const problem = Problem.safeParse(body).data?.error;
  if (!problem || (status !== 400 && status !== 404)) return undefined;
  return new PaymentRefused('other', `WATA refused: ${problem.details ?? problem.message}`);
}
