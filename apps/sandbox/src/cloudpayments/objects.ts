/** What CloudPayments answers with. Source: developers.cloudpayments.ru, as of August 2026. */
export interface Order {
  Id: string;
  Number: number;
  Amount: number;
  Currency: string;
  CurrencyCode: number;
  Email: string | null;
  Phone: string | null;
  Description: string;
  RequireConfirmation: boolean;
  Url: string;
  CultureName: string;
  CreatedDate: string;
  CreatedDateIso: string;
  PaymentDate: string | null;
  PaymentDateIso: string | null;
  StatusCode: number;
  Status: 'Created' | 'Paid' | 'Cancelled';
  InternalId: number;
}

export const STATUS_CODES = {
  AwaitingAuthentication: 1,
  Authorized: 2,
  Completed: 3,
  Cancelled: 4,
  Declined: 5,
} as const;
export type TransactionStatus = keyof typeof STATUS_CODES;

/** A try to pay, whatever came of it, or a refund: each has a number of its own. */
export interface Transaction {
  ReasonCode: number;
  PublicId: string;
  TerminalUrl: string;
  TransactionId: number;
  Amount: number;
  Currency: string;
  CurrencyCode: number;
  PaymentAmount: number;
  PaymentCurrency: string;
  PaymentCurrencyCode: number;
  InvoiceId: string | null;
  AccountId: string | null;
  Email: string | null;
  Description: string | null;
  /** JSON in a text. */
  JsonData: string | null;
  CreatedDate: string;
  CreatedDateIso: string;
  PayoutDate: null;
  PayoutDateIso: null;
  PayoutAmount: null;
  AuthDate: string | null;
  AuthDateIso: string | null;
  ConfirmDate: string | null;
  ConfirmDateIso: string | null;
  AuthCode: string | null;
  TestMode: boolean;
  Rrn: string | null;
  OriginalTransactionId: number | null;
  IpAddress: string;
  CardFirstSix: string | null;
  CardLastFour: string | null;
  CardExpDate: string | null;
  CardType: string | null;
  IssuerBankCountry: string | null;
  Issuer: string | null;
  Status: TransactionStatus;
  StatusCode: number;
  CultureName: string;
  Reason: string;
  CardHolderMessage: string;
  /** 0: a payment, 1: a refund. */
  Type: 0 | 1;
  Refunded: boolean;
  Name: string | null;
  Token: string | null;
  SubscriptionId: null;
  GatewayName: string;
  TotalFee: number;
  VatAboveTotalFee: number;
  ProcessorAndPartnerFee: number | null;
  VatWithinProcessorFee: number | null;
}

export interface Chargeback {
  ChargeBackId: string;
  TerminalUrl: string;
  TransactionId: number;
  Amount: number;
  Currency: string;
  Type: 'Chargeback' | 'Fee';
  Operation: 'Presentment' | 'Representment';
  Card: string;
  Gateway: string;
  Date: string;
}

export const CURRENCY_CODES: Readonly<Record<string, number>> = { RUB: 0, EUR: 1, USD: 2, GBP: 3 };

/** Name and words for the person. Source: «Коды ошибок» and «Коды обработки ответов на check уведомление». */
export const REASONS: Readonly<Record<number, readonly [name: string, message: string]>> = {
  0: ['Approved', 'Оплата успешно проведена'],
  3001: ['InvalidInvoiceId', 'Платеж не может быть принят'],
  3002: ['InvalidAccountId', 'Платеж не может быть принят'],
  3003: ['InvalidAmount', 'Платеж не может быть принят'],
  3004: ['OutOfDate', 'Платеж просрочен'],
  3005: ['FormatError', 'Платеж не может быть принят'],
  3006: ['Unavailable', 'Платеж не может быть принят'],
  3008: ['NotAccepted', 'Платеж не может быть принят'],
  5005: ['DoNotHonor', 'Свяжитесь с вашим банком или воспользуйтесь другой картой'],
  5041: ['LostCard', 'Свяжитесь с вашим банком или воспользуйтесь другой картой'],
  5051: ['InsufficientFunds', 'Недостаточно средств на карте'],
  5054: ['ExpiredCard', 'Проверьте правильность введенных данных карты или воспользуйтесь другой картой'],
  5061: ['ExceedsApprovalAmount', 'Превышение лимита оплаты по карте'],
  5091: ['Timeout', 'Повторите попытку позже или воспользуйтесь другой картой'],
  5096: ['SystemError', 'Повторите попытку позже'],
  5206: ['AuthenticationFailed', 'Свяжитесь с вашим банком или воспользуйтесь другой картой'],
};
