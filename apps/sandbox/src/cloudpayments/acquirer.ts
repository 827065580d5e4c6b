import { randomBytes, randomInt } from 'node:crypto';
import { type Money, toDecimal } from '@switchboard/contracts';
import { z } from 'zod';
import { HttpError } from '../kit/http';
import type { Context } from '../kit/third-party';
import { Notifications } from './notifications';
import {
  type Chargeback,
  CURRENCY_CODES,
  type Order,
  REASONS,
  STATUS_CODES,
  type Transaction,
  type TransactionStatus,
} from './objects';

/** A seller's site, as the cabinet has it. */
export const Terminal = z.strictObject({
  /** `test_…` makes it a terminal for trying out. */
  publicId: z.string().min(1),
  apiSecret: z.string().min(1),
  name: z.string().default('Sandbox site'),
  /** Where it is told of what happens, of which kinds, and how: one address serves all of them here. */
  webhookUrl: z.url().optional(),
  kinds: z
    .array(z.enum(['check', 'pay', 'fail', 'confirm', 'refund', 'cancel']))
    .default(['pay', 'fail', 'confirm', 'refund', 'cancel']),
  format: z.enum(['form', 'json']).default('form'),
  /** «Сохранение токена карты»: every payment leaves a token. */
  savesTokens: z.boolean().default(true),
  /** What is kept of each payment, without the tax on it. */
  feePermille: z.number().int().min(0).max(500).default(29),
});
export type Terminal = z.output<typeof Terminal>;

/** A link by which an order is paid. */
export interface PaymentLink {
  publicId: string;
  order: Order;
  money: Money;
  invoiceId: string | null;
  accountId: string | null;
  jsonData: string | null;
  successUrl: string | null;
  failUrl: string | null;
}

/** A transaction, and what its object does not tell. */
export interface Entry {
  transaction: Transaction;
  money: Money;
  /** In milliseconds. */
  createdAt: number;
  refundedMinor: number;
  link?: string;
  /** When a slow bank decides. */
  dueAt?: number;
}

/** By which a card can be charged again. */
export interface Token {
  publicId: string;
  token: string;
  accountId: string | null;
  lastFour: string;
  /** The card was closed. */
  revoked: boolean;
  /** Why the next charge is declined. */
  declineNext?: number;
}

export interface Asked {
  money: Money;
  invoiceId: string | null;
  accountId: string | null;
  email: string | null;
  description: string | null;
  jsonData: string | null;
  requiresConfirmation: boolean;
}

const VAT_PERCENT = 22;
const CARD = { first6: '220000', lastFour: '4242', expires: '12/30', type: 'Mir', name: 'SANDBOX CARD' };

const iso = (ms: number) => new Date(ms).toISOString().slice(0, 19);
const slashed = (ms: number) => `/Date(${ms})/`;
/** Money is a number in this API. */
const numberOf = (money: Money): number => Number(toDecimal(money));

/** Terminals, links to pay, what was tried and what became of it. */
export class Acquirer {
  readonly terminals = new Map<string, Terminal>();
  readonly links = new Map<string, PaymentLink>();
  readonly entries = new Map<number, Entry>();
  readonly tokens = new Map<string, Token>();
  chargebacks: { publicId: string; at: number; chargeback: Chargeback }[] = [];
  readonly notifications: Notifications;
  private readonly timers = new Map<number, NodeJS.Timeout>();
  private lastId = 891_000_000;

  constructor(
    private readonly context: Context,
    terminals: readonly z.input<typeof Terminal>[],
  ) {
    for (const terminal of terminals) this.setTerminal(terminal);
    this.notifications = new Notifications(context, (publicId) => this.terminals.get(publicId)!);
  }

  /** A known one gets what is given. */
  setTerminal(given: Partial<z.input<typeof Terminal>> & { publicId: string }): Terminal {
    const terminal = Terminal.parse({ ...this.terminals.get(given.publicId), ...given });
    this.terminals.set(terminal.publicId, terminal);
    return terminal;
  }

  /** Throws HttpError 404. */
  link(id: string): PaymentLink {
    const link = this.links.get(id);
    if (!link) throw new HttpError(404, `there is no order ${id}`);
    return link;
  }

  /** Throws HttpError 404. */
  entry(id: number): Entry {
    const entry = this.entries.get(id);
    if (!entry) throw new HttpError(404, `there is no transaction ${id}`);
    return entry;
  }

  entriesOf({ publicId }: Terminal): Entry[] {
    return [...this.entries.values()].filter(({ transaction }) => transaction.PublicId === publicId);
  }

  openLink(
    { publicId }: Terminal,
    asked: Asked & { successUrl: string | null; failUrl: string | null; culture: string },
    urlOf: (id: string) => string,
  ): Order {
    const { money, email, description, requiresConfirmation, culture, ...rest } = asked;
    const id = randomBytes(12).toString('base64url').replace(/[-_]/g, 'x');
    const now = Date.now();
    const order: Order = {
      Id: id,
      Number: this.links.size + 1,
      Amount: numberOf(money),
      Currency: money.currency,
      CurrencyCode: CURRENCY_CODES[money.currency]!,
      Email: email,
      Phone: null,
      Description: description!,
      RequireConfirmation: requiresConfirmation,
      Url: urlOf(id),
      CultureName: culture,
      CreatedDate: slashed(now),
      CreatedDateIso: iso(now),
      PaymentDate: null,
      PaymentDateIso: null,
      StatusCode: 0,
      Status: 'Created',
      InternalId: this.links.size + 1,
    };
    const { invoiceId, accountId, jsonData, successUrl, failUrl } = rest;
    this.links.set(id, { publicId, order, money, invoiceId, accountId, jsonData, successUrl, failUrl });
    return order;
  }

  /** Nobody can pay it any more. */
  closeLink(link: PaymentLink): void {
    link.order.Status = 'Cancelled';
    link.order.StatusCode = 2;
  }

  /**
   * A person tries to pay by a link. The seller is asked first, where they want that. Two windows of one person can both pay: what
   * has been paid keeps nobody from it here.
   */
  async pay(
    link: PaymentLink,
    { reasonCode = 0, afterMs }: { reasonCode?: number; afterMs?: number } = {},
  ): Promise<Entry> {
    const { order, publicId, money, invoiceId, accountId, jsonData } = link;
    if (order.Status === 'Cancelled') throw new HttpError(409, 'the order was cancelled');
    const terminal = this.terminals.get(publicId)!;
    const asked = {
      ...{ money, invoiceId, accountId, jsonData, email: order.Email, description: order.Description },
      requiresConfirmation: order.RequireConfirmation,
    };
    const entry = this.newEntry(terminal, asked, { link: order.Id });
    const refusal = await this.notifications.check(entry.transaction);
    if (refusal !== 0) return this.decline(entry, refusal);
    if (reasonCode !== 0) return this.decline(entry, reasonCode);
    if (afterMs === undefined) return this.approve(entry);
    entry.transaction.Status = 'AwaitingAuthentication';
    entry.transaction.StatusCode = STATUS_CODES.AwaitingAuthentication;
    entry.dueAt = Date.now() + afterMs * this.context.pace;
    this.wait(entry);
    return entry;
  }

  /** Without the person. */
  charge(terminal: Terminal, token: Token, asked: Asked): Entry {
    const entry = this.newEntry(terminal, asked, { token });
    const { revoked, declineNext } = token;
    if (revoked) return this.decline(entry, 5054);
    if (declineNext === undefined) return this.approve(entry);
    delete token.declineNext;
    return this.decline(entry, declineNext);
  }

  /** Of a payment in two stages. */
  confirm(entry: Entry, money: Money): void {
    entry.money = money;
    entry.transaction.Amount = entry.transaction.PaymentAmount = numberOf(money);
    this.complete(entry);
    this.notifications.tell('confirm', entry.transaction);
  }

  void(entry: Entry): void {
    this.become(entry, 'Cancelled');
    this.notifications.tell('cancel', entry.transaction);
  }

  refund(entry: Entry, money: Money, jsonData: string | null): Entry {
    const { transaction } = entry;
    const terminal = this.terminals.get(transaction.PublicId)!;
    const { InvoiceId: invoiceId, AccountId: accountId, Email: email, Description: description } = transaction;
    const asked = { money, invoiceId, accountId, email, description, jsonData, requiresConfirmation: false };
    const refund = this.newEntry(terminal, asked, { original: transaction.TransactionId });
    this.become(refund, 'Completed');
    refund.transaction.ReasonCode = 0;
    entry.refundedMinor += money.amountMinor;
    transaction.Refunded = true;
    this.notifications.tell('refund', refund.transaction);
    return refund;
  }

  /** A bank takes the money back, or gives the claim up. The seller is told by the list of claims alone. */
  claim({ transaction }: Entry, operation: Chargeback['Operation']): Chargeback {
    const now = Date.now();
    const chargeback: Chargeback = {
      ChargeBackId: randomBytes(12).toString('hex'),
      TerminalUrl: transaction.TerminalUrl,
      TransactionId: transaction.TransactionId,
      Amount: transaction.Amount,
      Currency: transaction.Currency,
      Type: 'Chargeback',
      Operation: operation,
      Card: `${transaction.CardFirstSix}*******${transaction.CardLastFour}`,
      Gateway: transaction.GatewayName,
      Date: slashed(now),
    };
    this.chargebacks.push({ publicId: transaction.PublicId, at: now, chargeback });
    return chargeback;
  }

  forget(): void {
    [this.links, this.entries, this.tokens].forEach((all) => all.clear());
    this.chargebacks = [];
    this.clearTimers();
    this.notifications.forget();
  }

  save(): object {
    const { terminals, links, entries, tokens, chargebacks, lastId } = this;
    const all = [terminals, links, entries, tokens].map((map) => [...map.values()]);
    return { all, chargebacks, lastId, notifications: this.notifications.save() };
  }

  restore(saved: unknown): void {
    const { all, chargebacks, lastId, notifications } = saved as {
      all: [Terminal[], PaymentLink[], Entry[], Token[]];
      chargebacks: Acquirer['chargebacks'];
      lastId: number;
      notifications: unknown;
    };
    const [terminals, links, entries, tokens] = all;
    for (const terminal of terminals) this.setTerminal(terminal);
    for (const link of links) this.links.set(link.order.Id, link);
    for (const entry of entries) this.entries.set(entry.transaction.TransactionId, entry);
    for (const token of tokens) this.tokens.set(token.token, token);
    this.chargebacks = chargebacks;
    this.lastId = lastId;
    this.notifications.restore(notifications);
    for (const entry of entries) if (entry.dueAt !== undefined) this.wait(entry);
  }

  close(): void {
    this.clearTimers();
    this.notifications.close();
  }

  private newEntry(
    terminal: Terminal,
    asked: Asked,
    { link, token, original }: { link?: string; token?: Token; original?: number },
  ): Entry {
    const { money, invoiceId, accountId, email, description, jsonData, requiresConfirmation } = asked;
    const now = Date.now();
    const isRefund = original !== undefined;
    const TransactionId = (this.lastId += randomInt(1, 50));
    const transaction: Transaction = {
      ReasonCode: 0,
      PublicId: terminal.publicId,
      TerminalUrl: 'https://shop.example',
      TransactionId,
      Amount: numberOf(money),
      Currency: money.currency,
      CurrencyCode: CURRENCY_CODES[money.currency]!,
      PaymentAmount: numberOf(money),
      PaymentCurrency: money.currency,
      PaymentCurrencyCode: CURRENCY_CODES[money.currency]!,
      InvoiceId: invoiceId,
      AccountId: accountId,
      Email: email,
      Description: description,
      JsonData: jsonData,
      CreatedDate: slashed(now),
      CreatedDateIso: iso(now),
      PayoutDate: null,
      PayoutDateIso: null,
      PayoutAmount: null,
      AuthDate: null,
      AuthDateIso: null,
      ConfirmDate: null,
      ConfirmDateIso: null,
      AuthCode: null,
      TestMode: terminal.publicId.startsWith('test_'),
      Rrn: null,
      OriginalTransactionId: original ?? null,
      IpAddress: '203.0.113.7',
      CardFirstSix: CARD.first6,
      CardLastFour: token?.lastFour ?? CARD.lastFour,
      CardExpDate: CARD.expires,
      CardType: CARD.type,
      IssuerBankCountry: 'RU',
      Issuer: 'Sandbox Bank',
      Status: requiresConfirmation ? 'Authorized' : 'Completed',
      StatusCode: requiresConfirmation ? STATUS_CODES.Authorized : STATUS_CODES.Completed,
      CultureName: 'ru-RU',
      Reason: REASONS[0]![0],
      CardHolderMessage: REASONS[0]![1],
      Type: isRefund ? 1 : 0,
      Refunded: false,
      Name: CARD.name,
      Token: token?.token ?? null,
      SubscriptionId: null,
      GatewayName: 'Sandbox',
      TotalFee: 0,
      VatAboveTotalFee: 0,
      ProcessorAndPartnerFee: null,
      VatWithinProcessorFee: null,
    };
    const entry: Entry = { transaction, money, createdAt: now, refundedMinor: 0, ...(link !== undefined && { link }) };
    this.entries.set(TransactionId, entry);
    return entry;
  }

  private approve(entry: Entry): Entry {
    const { transaction } = entry;
    const terminal = this.terminals.get(transaction.PublicId)!;
    const now = Date.now();
    Object.assign(transaction, { AuthDate: slashed(now), AuthDateIso: iso(now), AuthCode: 'A1B2C3' });
    transaction.Rrn = String(randomInt(1e11, 1e12));
    if (terminal.savesTokens && transaction.Token === null) {
      const token = `tk_${randomBytes(14).toString('hex')}`;
      const { AccountId: accountId, CardLastFour } = transaction;
      this.tokens.set(token, {
        publicId: terminal.publicId,
        token,
        accountId,
        lastFour: CardLastFour!,
        revoked: false,
      });
      transaction.Token = token;
    }
    const order = entry.link === undefined ? undefined : this.links.get(entry.link)?.order;
    if (order?.RequireConfirmation) this.become(entry, 'Authorized');
    else this.complete(entry);
    if (order) {
      const paid = { Status: 'Paid' as const, StatusCode: 1, PaymentDate: slashed(now), PaymentDateIso: iso(now) };
      Object.assign(order, paid);
    }
    this.notifications.tell('pay', transaction);
    return entry;
  }

  private complete(entry: Entry): void {
    const { transaction, money } = entry;
    const { feePermille } = this.terminals.get(transaction.PublicId)!;
    const now = Date.now();
    const fee = Math.round((money.amountMinor * feePermille) / 1000);
    const { currency } = money;
    this.become(entry, 'Completed');
    Object.assign(transaction, {
      ConfirmDate: slashed(now),
      ConfirmDateIso: iso(now),
      TotalFee: numberOf({ amountMinor: fee, currency }),
      VatAboveTotalFee: numberOf({ amountMinor: Math.round((fee * VAT_PERCENT) / 100), currency }),
    });
  }

  private decline(entry: Entry, reasonCode: number): Entry {
    const [Reason, CardHolderMessage] = REASONS[reasonCode] ?? REASONS[5005]!;
    this.become(entry, 'Declined');
    Object.assign(entry.transaction, { ReasonCode: reasonCode, Reason, CardHolderMessage });
    this.notifications.tell('fail', entry.transaction);
    return entry;
  }

  private become(entry: Entry, status: TransactionStatus): void {
    entry.transaction.Status = status;
    entry.transaction.StatusCode = STATUS_CODES[status];
    delete entry.dueAt;
  }

  private wait(entry: Entry): void {
    const act = () => {
      this.timers.delete(entry.transaction.TransactionId);
      this.approve(entry);
      this.context.touch();
    };
    const timer = setTimeout(act, Math.max(0, entry.dueAt! - Date.now())).unref();
    this.timers.set(entry.transaction.TransactionId, timer);
  }

  private clearTimers(): void {
    this.timers.forEach(clearTimeout);
    this.timers.clear();
  }
}
