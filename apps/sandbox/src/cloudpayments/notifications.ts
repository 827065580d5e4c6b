import { createHmac } from 'node:crypto';
import type { Router } from 'express';
import { Notifier } from '../kit/notifier';
import type { Context } from '../kit/third-party';
import type { WebhookAnswer } from '../kit/webhook-pusher';
import type { Transaction } from './objects';
import type { Terminal } from './acquirer';

export type Kind = 'check' | 'pay' | 'fail' | 'confirm' | 'refund' | 'cancel';

const DEADLINE_MS = 30_000;
/** Minutes; the last of them from then on, a hundred times in all. */
const RETRY_MINUTES = [1, 2, 5, 10, 30];
const LIFETIME_MS = 100 * 30 * 60_000;

/** What the answer to a check declines a payment with. */
const CHECK_REASONS: Readonly<Record<number, number>> = { 0: 0, 10: 3001, 11: 3002, 12: 3003, 13: 3008, 20: 3004 };
const UNAVAILABLE = 3006;
const FORMAT_ERROR = 3005;

/** Signed as it is sent, and as it reads when it is decoded: two headers. */
function signed(body: string, secret: string): Record<string, string> {
  const hmac = (text: string) => createHmac('sha256', secret).update(text, 'utf8').digest('base64');
  const isJson = body.startsWith('{');
  return {
    'content-type': isJson ? 'application/json' : 'application/x-www-form-urlencoded',
    'content-hmac': hmac(body),
    'x-content-hmac': hmac(isJson ? body : decodeURIComponent(body.replaceAll('+', ' '))),
  };
}

/** What sites are told of their transactions, and asked before the money. Only `{"code":0}` is an answer that takes it. */
export class Notifications {
  private readonly notifier: Notifier;

  constructor(
    private readonly context: Context,
    private readonly terminalOf: (publicId: string) => Terminal,
  ) {
    this.notifier = new Notifier(context, {
      target: 'cloudpayments.webhook',
      deadlineMs: DEADLINE_MS,
      backoffMs: (failures) => (RETRY_MINUTES[failures - 1] ?? RETRY_MINUTES.at(-1)!) * 60_000,
      lifetimeMs: LIFETIME_MS,
      sign: ({ account, body, flaw }) =>
        signed(body, flaw === 'forge' ? 'somebody else' : this.terminalOf(account).apiSecret),
      isTaken: (answer) => codeOf(answer) === 0,
    });
  }

  tell(kind: Kind, transaction: Transaction): void {
    const { publicId: account, webhookUrl: url, kinds, format } = this.terminalOf(transaction.PublicId);
    if (url && kinds.includes(kind)) this.notifier.tell({ account, url, body: bodyOf(kind, transaction, format) });
  }

  /** @returns the reason of a decline, 0 when it may be paid */
  async check(transaction: Transaction): Promise<number> {
    const { webhookUrl, kinds, format, apiSecret } = this.terminalOf(transaction.PublicId);
    if (!webhookUrl || !kinds.includes('check')) return 0;
    const body = bodyOf('check', transaction, format);
    try {
      const signal = AbortSignal.timeout(DEADLINE_MS * this.context.pace);
      const response = await fetch(webhookUrl, { method: 'POST', headers: signed(body, apiSecret), body, signal });
      if (!response.ok) return UNAVAILABLE;
      const code = codeOf({ status: response.status, contentType: null, body: await response.text() });
      return code === undefined ? FORMAT_ERROR : (CHECK_REASONS[code] ?? FORMAT_ERROR);
    } catch {
      return UNAVAILABLE;
    }
  }

  control(router: Router): void {
    this.notifier.control(router);
  }

  save(): object {
    return this.notifier.save();
  }

  restore(saved: unknown): void {
    this.notifier.restore(saved);
  }

  forget(): void {
    this.notifier.forget();
  }

  close(): void {
    this.notifier.close();
  }
}

function codeOf({ body }: WebhookAnswer): number | undefined {
  try {
    const { code } = JSON.parse(body) as { code?: unknown };
    return typeof code === 'number' ? code : undefined;
  } catch {
    return undefined;
  }
}

/** As forms have it: UTC, without the letters of ISO. */
const timeOf = (iso: string) => iso.replace('T', ' ');

function bodyOf(kind: Kind, transaction: Transaction, format: Terminal['format']): string {
  const fields = Object.entries(fieldsOf(kind, transaction)).filter(([, value]) => value !== null);
  if (format === 'json') return JSON.stringify({ ...Object.fromEntries(fields), Amount: transaction.Amount });
  return new URLSearchParams(fields.map(([name, value]): [string, string] => [name, String(value)])).toString();
}

function fieldsOf(kind: Kind, transaction: Transaction): Record<string, string | number | null> {
  const { TransactionId, InvoiceId, AccountId, Email, JsonData, Rrn } = transaction;
  const Amount = transaction.Amount.toFixed(2);
  const common = { TransactionId, Amount, DateTime: timeOf(transaction.CreatedDateIso), InvoiceId, AccountId, Email };
  if (kind === 'refund')
    return {
      ...common,
      PaymentTransactionId: transaction.OriginalTransactionId,
      OperationType: 'Refund',
      Data: JsonData,
      Rrn,
    };
  if (kind === 'cancel') return { ...common, Data: JsonData, Rrn };
  const payment = {
    ...common,
    Currency: transaction.Currency,
    PaymentAmount: Amount,
    PaymentCurrency: transaction.PaymentCurrency,
    CardFirstSix: transaction.CardFirstSix,
    CardLastFour: transaction.CardLastFour,
    CardType: transaction.CardType,
    CardExpDate: transaction.CardExpDate,
    TestMode: transaction.TestMode ? 1 : 0,
    OperationType: 'Payment',
    Name: transaction.Name,
    IpAddress: transaction.IpAddress,
    Issuer: transaction.Issuer,
    IssuerBankCountry: transaction.IssuerBankCountry,
    Description: transaction.Description,
    Data: JsonData,
  };
  if (kind === 'check') return { ...payment, Status: transaction.Status };
  if (kind === 'fail') {
    return {
      ...payment,
      Reason: transaction.Reason,
      ReasonCode: transaction.ReasonCode,
      Token: transaction.Token,
      Rrn,
    };
  }
  const { AuthCode, Token, GatewayName, TotalFee, VatAboveTotalFee } = transaction;
  return { ...payment, Status: transaction.Status, AuthCode, Token, GatewayName, TotalFee, VatAboveTotalFee, Rrn };
}
