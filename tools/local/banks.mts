import { fromDecimal } from '@switchboard/contracts';
import type { PROVIDERS } from './providers.mts';
import type { SandboxClient } from './sandbox-client.mts';

/** Money that a provider has taken, as its own books say. */
export interface Taking {
  readonly provider: string;
  readonly id: string;
  /** `<order>:<attempt>` */
  readonly key: string;
  readonly amountMinor: number;
  readonly currency: string;
  readonly refundedMinor: number;
}

/** One provider as people, their banks and its own staff know it. */
export interface Bank {
  readonly provider: (typeof PROVIDERS)[number];
  readonly currencies: readonly string[];
  /** Cards can be saved with it, and charged without the person. */
  readonly saves: boolean;
  /** Its own staff give money back without us. */
  readonly refunds: boolean;
  /** At the page of an address. */
  pay(url: string, how: { saves: boolean; afterMs: number }): Promise<unknown>;
  decline(url: string): Promise<unknown>;
  /** All of a payment that was made by this page. @returns how much */
  refund(url: string): Promise<number>;
  takings(): Promise<Taking[]>;
}

/** Each of them by the control of the sandbox, where nothing of our adapters is in between. */
export function banksOf(sandbox: SandboxClient): Bank[] {
  const { yookassa, cloudpayments, stripe, wata, cryptobot } = sandbox;
  return [
    {
      ...{ provider: 'yookassa', currencies: ['RUB'], saves: true, refunds: true },
      pay: (url, { afterMs, saves }) => yookassa.pay(idIn(url), { saves, ...(afterMs > 0 && { afterMs }) }),
      decline: (url) => yookassa.decline(idIn(url)),
      refund: async (url) => minorOf((await yookassa.refund(idIn(url))).amount),
      takings: async () =>
        (await yookassa.payments())
          .filter(({ status }) => status === 'succeeded')
          .map(({ id, amount, metadata, refunded_amount: refunded }) => ({
            ...{ provider: 'yookassa', id, key: metadata['order_key'] ?? '', currency: amount.currency },
            ...{ amountMinor: minorOf(amount), refundedMinor: refunded ? minorOf(refunded) : 0 },
          })),
    },
    {
      ...{ provider: 'cloudpayments', currencies: ['RUB', 'USD'], saves: true, refunds: true },
      pay: (url, { afterMs }) => cloudpayments.pay(idIn(url), afterMs > 0 ? { afterMs } : {}),
      decline: (url) => cloudpayments.decline(idIn(url)),
      async refund(url) {
        const invoiceId = (await cloudpayments.orders()).find(({ order }) => order.Id === idIn(url))?.invoiceId;
        const paid = (await cloudpayments.transactions()).find(
          ({ InvoiceId, Type, Status }) => InvoiceId === invoiceId && Type === 0 && Status === 'Completed',
        );
        const refund = await cloudpayments.refund(paid!.TransactionId);
        return minor(refund.Amount, refund.Currency);
      },
      async takings() {
        const all = await cloudpayments.transactions();
        return all
          .filter(({ Type, Status }) => Type === 0 && Status === 'Completed')
          .map(({ TransactionId: id, InvoiceId, Amount, Currency: currency }) => ({
            ...{ provider: 'cloudpayments', id: String(id), key: InvoiceId ?? '', currency },
            amountMinor: minor(Amount, currency),
            refundedMinor: sum(
              all.filter((one) => one.Type === 1 && one.OriginalTransactionId === id && one.Status === 'Completed'),
              (one) => minor(one.Amount, currency),
            ),
          }));
      },
    },
    {
      ...{ provider: 'stripe', currencies: ['USD'], saves: true, refunds: true },
      pay: (url) => stripe.pay(idIn(url)),
      decline: (url) => stripe.decline(idIn(url)),
      async refund(url) {
        const session = (await stripe.objects<Session>('checkout.session')).find(({ id }) => id === idIn(url));
        await stripe.refund(session!.payment_intent!);
        return session!.amount_total;
      },
      async takings() {
        const charges = await stripe.objects<Charge>('charge');
        return (await stripe.objects<Intent>('payment_intent'))
          .filter(({ status }) => status === 'succeeded')
          .map(({ id, amount_received: amountMinor, currency, metadata }) => ({
            ...{
              provider: 'stripe',
              id,
              key: metadata['order_key'] ?? '',
              currency: currency.toUpperCase(),
              amountMinor,
            },
            refundedMinor: sum(
              charges.filter((charge) => charge.payment_intent === id),
              (charge) => charge.amount_refunded,
            ),
          }));
      },
    },
    {
      ...{ provider: 'wata', currencies: ['RUB', 'USD'], saves: false, refunds: true },
      async pay(url, { afterMs }) {
        if (afterMs === 0) return wata.pay(idIn(url));
        const { id } = await wata.payLater(idIn(url));
        // By its own time, which nobody waits for.
        setTimeout(() => void wata.settle(id).catch(() => undefined), afterMs);
      },
      decline: (url) => wata.decline(idIn(url)),
      async refund(url) {
        const paid = (await wata.transactions()).find(
          ({ paymentLinkId, kind, status }) => paymentLinkId === idIn(url) && kind === 'Payment' && status === 'Paid',
        );
        await wata.refund(paid!.id);
        return minor(paid!.amount, paid!.currency);
      },
      async takings() {
        const all = await wata.transactions();
        return all
          .filter(({ kind, status }) => kind === 'Payment' && status === 'Paid')
          .map(({ id, orderId, amount, currency }) => ({
            ...{ provider: 'wata', id, key: orderId ?? '', currency, amountMinor: minor(amount, currency) },
            refundedMinor: sum(
              all.filter((one) => one.originalTransactionId === id && one.status === 'Paid'),
              (one) => minor(one.amount, currency),
            ),
          }));
      },
    },
    {
      ...{ provider: 'cryptobot', currencies: ['RUB', 'USD'], saves: false, refunds: false },
      pay: (url) => cryptobot.pay(idIn(url)),
      decline: () => Promise.resolve(),
      refund: () => Promise.reject(new Error('CryptoBot gives nothing back')),
      takings: async () =>
        (await cryptobot.invoices())
          .filter(({ status, fiat }) => status === 'paid' && fiat !== undefined)
          .map(({ invoice_id: id, payload, amount, fiat }) => ({
            ...{ provider: 'cryptobot', id: String(id), key: payload ?? '', currency: fiat!, refundedMinor: 0 },
            amountMinor: minor(amount, fiat!),
          })),
    },
  ];
}

interface Session {
  readonly payment_intent: string | null;
  readonly amount_total: number;
}
interface Intent {
  readonly status: string;
  readonly amount_received: number;
  readonly currency: string;
  readonly metadata: Record<string, string>;
}
interface Charge {
  readonly payment_intent: string;
  readonly amount_refunded: number;
}

/** The last word of the page's address. */
const idIn = (url: string): string => new URL(url).pathname.split('/').at(-1)!;

const sum = <T,>(all: readonly T[], amount: (one: T) => number) => all.reduce((total, one) => total + amount(one), 0);

function minor(amount: number | string, currency: string): number {
  const money = fromDecimal(String(amount), currency);
  if (!money) throw new Error(`${amount} ${currency} is no amount`);
  return money.amountMinor;
}

const minorOf = ({ value, currency }: { value: string; currency: string }) => minor(value, currency);
