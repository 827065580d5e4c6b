import type { Money, PaymentFailure } from '@switchboard/contracts';
import type { ResiliencePolicy, ServiceClient } from '@switchboard/service-kit';
import type { z } from 'zod';

/** What a provider is asked to take. */
export interface PaymentRequest {
  /** Of this attempt, for ever the same: it is the idempotency key, and stands in what the provider keeps of the payment. */
  readonly key: string;
  readonly money: Money;
  /** In the language of the person. */
  readonly title: string;
  readonly locale: string;
  /** Where the provider's page leads back to. */
  readonly returnUrl: string;
  readonly expiresAt: Date;
  /** The person, as the provider may know them. */
  readonly customerRef: string;
  readonly email?: string;
  readonly receipt?: ReceiptLine;
  /** Charged without the person when given. */
  readonly savedMethod?: string;
  readonly savesMethod: boolean;
  /** The provider is to charge again by itself every so many days. */
  readonly renewsAfterDays?: number;
}

/** Of a receipt by Russian law. */
export interface ReceiptLine {
  readonly description: string;
  readonly vatCode: number;
  readonly subject: string;
}

export type FailureReason = z.output<typeof PaymentFailure>;

/** Money that a provider has taken. */
export interface Taking {
  /** By which it is given back, and booked once. */
  readonly id: string;
  readonly money: Money;
  readonly at: Date;
  /** What the provider keeps of it, where it says so. */
  readonly feeMinor?: number;
  /** In all. */
  readonly refundedMinor: number;
  /** The person took it back by way of their bank. */
  readonly dispute?: 'open' | 'lost' | 'won';
}

/** What a provider says of a payment, when it is asked. Nothing else is believed. */
export interface ProviderPayment {
  readonly externalId: string;
  /** `PaymentRequest.key`; undefined of one that is not ours. */
  readonly key: string | undefined;
  readonly state: 'pending' | 'paid' | 'failed' | 'cancelled' | 'expired';
  /** Usually none or one. People have paid twice by one page. */
  readonly takings: readonly Taking[];
  readonly url?: string;
  readonly expiresAt?: Date;
  readonly failure?: FailureReason;
  /** By which the person can be charged again. */
  readonly savedMethod?: { readonly externalId: string; readonly title: string };
  /** By whose hand it was paid, where the provider tells it: the fingerprint of a card, the id of a wallet. The same of the same hand. */
  readonly payer?: string;
  /** A payment that was only tried out: never money. */
  readonly isTest: boolean;
}

export interface RefundRequest {
  readonly takingId: string;
  /** Of which it is, for providers that give back a payment as a whole, and to somebody. */
  readonly payment?: { readonly amountMinor: number; readonly customerRef: string };
  /** Of this refund, for ever the same. */
  readonly key: string;
  readonly money: Money;
  readonly reason: string;
  /** Of a part: what goes back in full has that of the payment. */
  readonly receipt?: ReceiptLine;
  readonly email?: string;
}

export interface ProviderRefund {
  readonly externalId: string;
  readonly state: 'pending' | 'done' | 'failed';
  readonly money: Money;
}

/** What a request of a provider to us is about. It says that there is news, and never what they are. */
export interface Notification {
  /** Undefined where it is about something that we do not follow. */
  readonly externalId: string | undefined;
  /** The same of the same notification, however often it comes. */
  readonly dedupeKey: string;
  readonly kind: string;
}

export interface RawNotification {
  readonly body: Buffer;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly now: Date;
}

/** A notification that nobody but the provider could have sent is one that bears its mark; this one does not. */
export class NotAuthentic extends Error {
  override readonly name = 'NotAuthentic';
}

/** The provider has refused, and will refuse again: nothing was charged. */
export class PaymentRefused extends Error {
  override readonly name = 'PaymentRefused';
  constructor(
    readonly reason: FailureReason,
    message: string,
  ) {
    super(message);
  }
}

/**
 * The account of a bot with a provider. One file each; all of them pass one suite, test/provider.contract.ts. Whatever a call throws beside
 * what it names leaves open whether it has done what it was asked for.
 */
export interface PaymentProvider {
  /**
   * Asks for a payment, or charges a saved method. With the same key it is the same payment, however often it is asked for.
   * @throws PaymentRefused
   */
  create(request: PaymentRequest, signal: AbortSignal): Promise<ProviderPayment>;
  /** Undefined: there is no such payment. */
  fetch(externalId: string, signal: AbortSignal): Promise<ProviderPayment | undefined>;
  /** What became of a call that was not answered; undefined where the provider cannot be asked, and `create` is safe to repeat. */
  readonly findByKey?: (key: string, signal: AbortSignal) => Promise<ProviderPayment | undefined>;
  /** Gives up a payment that was not made, where the provider lets that be done. */
  readonly cancel?: (externalId: string, signal: AbortSignal) => Promise<void>;
  /** @throws PaymentRefused */
  readonly refund?: (asked: RefundRequest, signal: AbortSignal) => Promise<ProviderRefund>;
  readonly fetchRefund?: (externalId: string, signal: AbortSignal) => Promise<ProviderRefund | undefined>;
  /** @throws NotAuthentic */
  readonly readNotification?: (raw: RawNotification) => Notification | Promise<Notification>;
  /** Where a person looks after what they have saved: for one person, and for some minutes. */
  readonly portalUrl?: (
    whose: { readonly savedMethod: string; readonly returnUrl: string; readonly locale: string },
    signal: AbortSignal,
  ) => Promise<string>;
  /** What a notification is answered with when it was taken. */
  readonly acknowledgement?: { readonly contentType: string; readonly body: string };
  /** Everything that was paid or changed within a time: to find what was lost, and to compare the books. */
  list(from: Date, to: Date, signal: AbortSignal): AsyncIterable<ProviderPayment>;
}

/** What a provider is made of, for one bot. */
export interface ProviderAccount<Settings> {
  readonly botId: string;
  readonly settings: Settings;
  /** Of the settings, by name; undefined where there is none. */
  secret(name: string): string | undefined;
  /** Where it is asked: its own address, or that of the sandbox. */
  readonly apiRoot: string;
  readonly isSandbox: boolean;
  /** By which alone it is asked: a bot that names the address must not reach what only this machine does. */
  readonly fetch: typeof fetch;
  readonly policy: ResiliencePolicy;
  /** For what is paid by way of another service of ours. */
  readonly services: Pick<ServiceClient, 'call'>;
}

/** How a provider comes to be: one such constant in its file, one word in payments.app.ts. */
export interface ProviderDefinition<Settings extends z.ZodObject = z.ZodObject> {
  /** `yookassa`: as bots name it in `payments`, and as it stands in orders and events. */
  readonly name: string;
  readonly settings: Settings;
  /** Absent where another service of ours asks it, which knows where it is. */
  readonly apiRoot?: string;
  /** Where the sandbox plays it, below its own address; `/<name>` when absent. */
  readonly sandboxPath?: string;
  readonly methods: readonly string[];
  /** None: all that something is sold in. */
  readonly currencies: readonly string[];
  /** It can charge a person without asking again. */
  readonly recurring: boolean;
  /** It charges again by itself after so many days, where it is asked to with the first payment. */
  readonly renewsAfterDays?: number;
  /** Tells of payments by itself; every provider is asked as well. */
  readonly notifies: boolean;
  /** How long a person has to pay. */
  readonly offerMs: number;
  /** Receipts go to the person's address: nothing can be paid without one. */
  needsEmail?(settings: z.output<Settings>): boolean;
  create(account: ProviderAccount<z.output<Settings>>): PaymentProvider;
}

export const defineProvider = <Settings extends z.ZodObject>(
  provider: ProviderDefinition<Settings>,
): ProviderDefinition<Settings> => provider;
