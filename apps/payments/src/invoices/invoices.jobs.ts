import { Inject, Injectable } from '@nestjs/common';
import {
  Clock,
  defineJob,
  type JobRun,
  Jobs,
  LOG,
  type Log,
  type PayloadOf,
  Runs,
  Scheduled,
  Slot,
} from '@switchboard/service-kit';
import { localized } from '@switchboard/contracts';
import { DataSource, type EntityManager } from 'typeorm';
import { z } from 'zod';
import { Order } from '../orders/order.entity';
import { PaymentRefused, type PaymentRequest, type ProviderPayment } from '../providers/payment-provider';
import { ProvidersService } from '../providers/providers.service';
import { Invoice } from './invoice.entity';
import { InvoicesService } from './invoices.service';
import { ReceiptsService } from './receipts.service';
import { SavedMethodsService } from './saved-methods.service';

/** Asks a provider for a payment, until it has said yes or no. */
const AskProvider = defineJob('ask-provider', z.object({ invoiceId: z.uuid() }));
/** Asks a provider how far a payment is, also one of which we do not know yet how the provider calls it. */
const CheckPayment = defineJob(
  'check-payment',
  z.object({ botId: z.string(), provider: z.string(), externalId: z.string() }),
);
const CheckInvoices = defineJob('check-invoices', Slot);

/**
 * Some 22 hours with the growing pauses of the queue: providers remember keys for a day, and what is asked for again after that could
 * be charged twice.
 */
const ASK_ATTEMPTS = 12;
/** A question may be asked for as long as one likes. */
const CHECK_ATTEMPTS = 25;
const CHECKED_AT_ONCE = 500;
/** Where somebody goes from a provider's page when their bot names no place: the messenger they came from. */
const RETURN_URL = 'https://t.me/';

/** What else a provider is asked for with a payment, by those above. */
export type RequestAddition = (order: Order, invoice: Invoice) => Promise<Partial<PaymentRequest>>;

@Injectable()
export class InvoicesJobs {
  private readonly additions: RequestAddition[] = [];

  constructor(
    private readonly db: DataSource,
    private readonly jobs: Jobs,
    private readonly invoices: InvoicesService,
    private readonly providers: ProvidersService,
    private readonly methods: SavedMethodsService,
    private readonly receipts: ReceiptsService,
    private readonly clock: Clock,
    @Inject(LOG) private readonly log: Log,
  ) {}

  addToRequests(addition: RequestAddition): void {
    this.additions.push(addition);
  }

  /** Has an order paid by a provider, after `tx` commits. */
  async request(tx: EntityManager, order: Order, provider: string, methodId?: string): Promise<Invoice> {
    const invoice = await this.invoices.open(tx, order, provider, methodId);
    await this.jobs.add(
      tx,
      AskProvider,
      { invoiceId: invoice.id },
      { key: `ask:${invoice.id}`, maxAttempts: ASK_ATTEMPTS },
    );
    return invoice;
  }

  /** There is news of a payment: the provider is asked what they are. Whoever tells is not believed. */
  async checkPayment(
    tx: EntityManager,
    payment: { botId: string; provider: string; externalId: string },
  ): Promise<void> {
    const name = `check:${payment.provider}:${payment.externalId}`;
    await this.jobs.add(tx, CheckPayment, payment, { key: name, queue: name, maxAttempts: CHECK_ATTEMPTS });
  }

  @Runs(AskProvider)
  async ask({ invoiceId }: PayloadOf<typeof AskProvider>, { signal, isLastAttempt, attempt }: JobRun): Promise<void> {
    const invoice = await this.db.manager.findOneBy(Invoice, { id: invoiceId });
    if (invoice?.state !== 'created') return;
    const provider = this.providers.get(invoice.botId, invoice.provider);
    let payment: ProviderPayment;
    try {
      // A call before this one may have been carried out though nobody heard of it.
      const made = attempt > 1 ? await provider.findByKey?.(invoice.key, signal) : undefined;
      payment = made ?? (await provider.create(await this.requestOf(invoice), signal));
    } catch (error) {
      if (!(error instanceof PaymentRefused)) {
        if (isLastAttempt) this.log.error({ err: error, invoiceId }, 'a provider could not be asked for a payment');
        throw error;
      }
      this.log.warn({ err: error, invoiceId, provider: invoice.provider }, 'a provider refused a payment');
      return this.db.transaction((tx) => this.invoices.refuse(tx, invoiceId, error.reason));
    }
    await this.db.transaction((tx) => this.invoices.apply(tx, invoiceId, payment));
  }

  @Runs(CheckPayment)
  async check(
    { botId, provider: name, externalId }: PayloadOf<typeof CheckPayment>,
    { signal }: JobRun,
  ): Promise<void> {
    const payment = await this.providers.get(botId, name).fetch(externalId, signal);
    if (!payment)
      return this.log.warn({ provider: name, externalId }, 'a provider knows nothing of a payment that was told of');
    const invoice = await this.find(botId, name, payment);
    // Somebody else's, who takes payments by the same account.
    if (!invoice) return this.log.info({ provider: name, externalId }, 'a payment is none of ours');
    await this.db.transaction((tx) => this.invoices.apply(tx, invoice.id, payment));
  }

  @Scheduled('* * * * *', CheckInvoices, {
    purpose: 'Asks providers how far the payments are of which they have not told.',
    timeoutMs: 60_000,
    missed: 'skip',
  })
  async checkDue(): Promise<void> {
    const due = await this.db.query<{ botId: string; provider: string; externalId: string }[]>(
      `SELECT bot_id AS "botId", provider, external_id AS "externalId" FROM invoices
       WHERE poll_at <= $1 AND external_id IS NOT NULL ORDER BY poll_at LIMIT ${CHECKED_AT_ONCE}`,
      [this.clock.now()],
    );
    if (due.length === 0) return;
    await this.db.transaction(async (tx) => {
      for (const payment of due) await this.checkPayment(tx, payment);
    });
  }

  /** A provider may tell of a payment before it has answered the call by which that was made. */
  private find(botId: string, provider: string, { externalId, key }: ProviderPayment): Promise<Invoice | null> {
    const [, orderId, attempt] = /^([0-9a-f-]{36}):(\d{1,4})$/.exec(key ?? '') ?? [];
    const ours = orderId === undefined ? [] : [{ botId, provider, orderId, attempt: Number(attempt) }];
    return this.db.manager.findOneBy(Invoice, [{ botId, provider, externalId }, ...ours]);
  }

  private async requestOf(invoice: Invoice): Promise<PaymentRequest> {
    const order = await this.db.manager.findOneByOrFail(Order, { id: invoice.orderId });
    const email = await this.receipts.emailOf(this.db.manager, order);
    const additions = await Promise.all(this.additions.map((add) => add(order, invoice)));
    return {
      key: invoice.key,
      money: { amountMinor: invoice.amountMinor, currency: invoice.currency },
      title: localized(order.title, order.locale),
      locale: order.locale,
      returnUrl: this.providers.returnUrlOf(order.botId) ?? RETURN_URL,
      expiresAt: invoice.expiresAt,
      customerRef: order.userId,
      ...(email && { email }),
      ...(invoice.methodId && { savedMethod: await this.methods.externalIdOf(this.db.manager, invoice.methodId) }),
      savesMethod: order.savesMethod,
      receipt: await this.receipts.lineOf(this.db.manager, order),
      ...Object.assign({}, ...additions),
    };
  }
}
