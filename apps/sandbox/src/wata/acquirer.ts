import { createSign, generateKeyPairSync, randomUUID } from 'node:crypto';
import { z } from 'zod';
import { HttpError } from '../kit/http';
import { type Notification, Notifier } from '../kit/notifier';
import type { Context } from '../kit/third-party';

/** Who sells: known by an access token, which is of one terminal. */
export const Terminal = z.object({
  token: z.string().min(1),
  /** As people see it where they pay. */
  name: z.string().default('Sandbox shop'),
  /** A GUID of theirs is no UUID by the letter. */
  publicId: z.guid().default(() => randomUUID()),
  /** Where it is told how payments and refunds end. */
  webhookUrl: z.url().nullable().default(null),
  /** Where it is asked before the bank is; whoever does not answer has declined. */
  prePaymentUrl: z.url().nullable().default(null),
  /** A token lives for 1 to 12 months; null: for ever. */
  expiresAt: z.iso.datetime().nullable().default(null),
  /** Refunds wait for the bank. */
  slowRefunds: z.boolean().default(false),
});
export type Terminal = z.output<typeof Terminal>;

export interface Link {
  id: string;
  type: 'OneTime' | 'ManyTime';
  amount: number;
  currency: string;
  status: 'Opened' | 'Closed';
  url: string;
  terminalName: string;
  terminalPublicId: string;
  creationTime: string;
  orderId: string | null;
  description: string | null;
  successRedirectUrl: string | null;
  failRedirectUrl: string | null;
  expirationDateTime: string;
}

export const TRANSACTION_TYPES = ['CardCrypto', 'SBP', 'TPay', 'SberPay'] as const;
export type TransactionType = (typeof TRANSACTION_TYPES)[number];

export interface Transaction {
  id: string;
  terminalName: string;
  terminalPublicId: string;
  type: TransactionType;
  kind: 'Payment' | 'Refund';
  originalTransactionId: string | null;
  amount: number;
  currency: string;
  status: 'Created' | 'Pending' | 'Paid' | 'Declined';
  errorCode: string | null;
  errorDescription: string | null;
  orderId: string | null;
  orderDescription: string | null;
  creationTime: string;
  paymentTime: string | null;
  totalCommission: number;
  paymentLinkId: string | null;
}

/** Why banks say no. */
export const DECLINES: Readonly<Record<string, string>> = {
  TRA_InsufficientFunds: 'Insufficient funds',
  TRA_Declined: 'The transaction was declined by the issuer',
  TRA_3DSecure: '3-D Secure failed',
  TRA_PrePayment: 'The merchant has not confirmed the payment',
};

/** Signatures that are none of WATA's. */
export const SIGNATURE_FLAWS = { 'wrong-key': null, 'no-signature': null };

const Saved = z.object({
  terminals: z.array(Terminal),
  links: z.array(z.custom<Link>()),
  transactions: z.array(z.custom<Transaction>()),
  keys: z.array(z.object({ private: z.string(), public: z.string() })),
  notifications: z.unknown(),
});

const PRE_PAYMENT_MS = 10_000;
const ANSWER_MS = 60_000;
const REPEATED_FOR_MS = 32 * 3_600_000;
/** Whole kopecks: numbers with two decimals do not add up exactly. */
const minor = (amount: number) => Math.round(amount * 100);

const newKey = () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return {
    private: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    public: publicKey.export({ type: 'spki', format: 'pem' }) as string,
  };
};

/** Links, what people do with them, and what terminals are told of it. */
export class Acquirer {
  readonly terminals = new Map<string, Terminal>();
  readonly notifier: Notifier;
  links: Link[] = [];
  transactions: Transaction[] = [];
  private keys: { private: string; public: string }[] = [];

  constructor(private readonly context: Context) {
    this.notifier = new Notifier(context, {
      target: 'wata.webhook',
      deadlineMs: ANSWER_MS,
      backoffMs: (failures) => Math.min(10_000 * 2 ** (failures - 1), 3_600_000),
      lifetimeMs: REPEATED_FOR_MS,
      sign: (notification) => this.signatureOf(notification),
    });
  }

  /** One that is known by its token gets what is given. */
  setTerminal(given: z.input<typeof Terminal>): Terminal {
    const terminal = Terminal.parse({ ...this.terminals.get(given.token), ...given });
    this.terminals.set(terminal.token, terminal);
    return terminal;
  }

  /** The newest key, by which what is sent can be checked. */
  get publicKey(): string {
    return this.key.public;
  }

  /** A new key signs from now on. */
  rotateKey(): void {
    this.keys = [newKey()];
  }

  link(id: string): { terminal: Terminal; link: Link } {
    const link = this.links.find((one) => one.id === id);
    if (!link) throw new HttpError(404, `there is no link ${id}`);
    return { terminal: this.terminalOf(link), link };
  }

  transaction(id: string): { terminal: Terminal; transaction: Transaction } {
    const transaction = this.transactions.find((one) => one.id === id);
    if (!transaction) throw new HttpError(404, `there is no transaction ${id}`);
    return { terminal: this.terminalOf(transaction), transaction };
  }

  add(
    terminal: Terminal,
    wanted: Omit<Link, 'id' | 'status' | 'terminalName' | 'terminalPublicId' | 'creationTime' | 'url'>,
    pages: string,
  ): Link {
    const id = randomUUID();
    const { name: terminalName, publicId: terminalPublicId } = terminal;
    const creationTime = new Date().toISOString();
    const link: Link = {
      id,
      ...wanted,
      status: 'Opened',
      url: `${pages}/${id}`,
      terminalName,
      terminalPublicId,
      creationTime,
    };
    this.links.push(link);
    return link;
  }

  /** A person sends the form; whoever sells may be asked first. */
  async attempt(link: Link, type: TransactionType): Promise<Transaction> {
    if (link.status !== 'Opened') throw new HttpError(409, 'the link is closed');
    const terminal = this.terminalOf(link);
    const { id: paymentLinkId, amount, currency, orderId, description: orderDescription } = link;
    const transaction = this.begin(terminal, {
      ...{
        type,
        kind: 'Payment',
        originalTransactionId: null,
        amount,
        currency,
        orderId,
        orderDescription,
        paymentLinkId,
      },
      // Two per cent, in whole kopecks.
      totalCommission: Math.ceil(minor(amount) / 50) / 100,
    });
    if (await this.isConfirmed(terminal, transaction)) transaction.status = 'Pending';
    else this.decline(transaction, 'TRA_PrePayment');
    return transaction;
  }

  /** The bank says yes. */
  settle(transaction: Transaction): void {
    Object.assign(transaction, { status: 'Paid', paymentTime: new Date().toISOString() });
    const link = this.links.find(({ id }) => id === transaction.paymentLinkId);
    if (link?.type === 'OneTime') link.status = 'Closed';
    this.tell(transaction);
  }

  /** The bank says no; the link stays. */
  decline(transaction: Transaction, errorCode: string): void {
    Object.assign(transaction, { status: 'Declined', errorCode, errorDescription: DECLINES[errorCode] ?? errorCode });
    this.tell(transaction);
  }

  expire(link: Link): void {
    link.status = 'Closed';
  }

  /** Some time after it was closed or has expired there is nothing left of it. */
  purge(link: Link): void {
    this.links = this.links.filter((other) => other !== link);
  }

  expireDue(): void {
    const now = new Date().toISOString();
    this.links
      .filter(({ status, expirationDateTime }) => status === 'Opened' && expirationDateTime <= now)
      .forEach((link) => this.expire(link));
  }

  /** What of a payment has not gone back yet, in its smallest parts. */
  leftOf({ id, amount }: Transaction): number {
    const back = this.transactions.filter((one) => one.originalTransactionId === id && one.status !== 'Declined');
    return minor(amount) - back.reduce((sum, one) => sum + minor(one.amount), 0);
  }

  refund(terminal: Terminal, original: Transaction, amount: number): Transaction {
    const { id: originalTransactionId, type, currency, orderId, orderDescription, paymentLinkId } = original;
    const refund = this.begin(terminal, {
      ...{ type, kind: 'Refund', originalTransactionId, amount, currency, orderId, orderDescription, paymentLinkId },
      totalCommission: 0,
    });
    refund.status = 'Pending';
    if (!terminal.slowRefunds) this.settle(refund);
    return refund;
  }

  forget(): void {
    this.links = [];
    this.transactions = [];
    this.notifier.forget();
  }

  save(): object {
    const { links, transactions, keys, notifier } = this;
    return { terminals: [...this.terminals.values()], links, transactions, keys, notifications: notifier.save() };
  }

  restore(saved: unknown): void {
    const { terminals, links, transactions, keys, notifications } = Saved.parse(saved);
    terminals.forEach((terminal) => this.setTerminal(terminal));
    Object.assign(this, { links, transactions, keys });
    this.notifier.restore(notifications);
  }

  private begin(
    terminal: Terminal,
    facts: Omit<
      Transaction,
      | 'id'
      | 'terminalName'
      | 'terminalPublicId'
      | 'status'
      | 'errorCode'
      | 'errorDescription'
      | 'creationTime'
      | 'paymentTime'
    >,
  ): Transaction {
    const { name: terminalName, publicId: terminalPublicId } = terminal;
    const transaction: Transaction = {
      ...{ id: randomUUID(), terminalName, terminalPublicId, ...facts, status: 'Created' },
      ...{ errorCode: null, errorDescription: null, creationTime: new Date().toISOString(), paymentTime: null },
    };
    this.transactions.push(transaction);
    return transaction;
  }

  private terminalOf({ terminalPublicId }: { terminalPublicId: string }): Terminal {
    return [...this.terminals.values()].find(({ publicId }) => publicId === terminalPublicId)!;
  }

  private async isConfirmed(terminal: Terminal, transaction: Transaction): Promise<boolean> {
    if (!terminal.prePaymentUrl) return true;
    const body = JSON.stringify(toldOf(transaction));
    const headers = { 'content-type': 'application/json', ...this.signatureOf({ body }) };
    const signal = AbortSignal.timeout(PRE_PAYMENT_MS * this.context.pace);
    const answer = await fetch(terminal.prePaymentUrl, { method: 'POST', headers, body, signal }).catch(
      () => undefined,
    );
    return answer?.status === 200;
  }

  private tell(transaction: Transaction): void {
    const terminal = this.terminalOf(transaction);
    if (terminal.webhookUrl)
      this.notifier.tell({
        account: terminal.token,
        url: terminal.webhookUrl,
        body: JSON.stringify(toldOf(transaction)),
      });
  }

  private get key() {
    if (this.keys.length === 0) this.keys = [newKey()];
    return this.keys.at(-1)!;
  }

  private signatureOf({ body, flaw }: Pick<Notification, 'body' | 'flaw'>): Record<string, string> {
    if (flaw === 'no-signature') return {};
    const { private: key } = flaw === 'wrong-key' ? newKey() : this.key;
    return { 'x-signature': createSign('RSA-SHA512').update(body).sign(key, 'base64') };
  }
}

/** A transaction as webhooks word it: other names for the same. */
function toldOf({ id, type, kind, status, totalCommission, creationTime: _, ...rest }: Transaction): object {
  return {
    transactionType: type,
    kind,
    id,
    transactionId: id,
    transactionStatus: status,
    ...rest,
    commission: totalCommission,
    email: null,
  };
}
