import { Inject, Injectable } from '@nestjs/common';
import {
  Clock,
  defineJob,
  eachDue,
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
import { OrdersService } from '../orders/orders.service';
import {
  type FailureReason,
  PaymentRefused,
  type PaymentRequest,
  type ProviderPayment,
} from '../providers/payment-provider';
import { ProvidersService } from '../providers/providers.service';
import { Invoice } from './invoice.entity';
import { GIVEN_UP_AFTER_MS, InvoicesService } from './invoices.service';
import { ReceiptsService } from './receipts.service';
import { MethodNotFound, SavedMethodsService } from './saved-methods.service';

/** Asks a provider for a payment, until it has said yes or no. */
const AskProvider = defineJob('ask-provider', z.object({ invoiceId: z.uuid() }));
/** Asks a provider how far a payment is, also one of which we do not know yet how the provider calls it. */
const CheckPayment = defineJob(
  'check-payment',
  z.object({ botId: z.string(), provider: z.string(), externalId: z.string() }),
);
/** Looks for a charge that was asked for and never answered, once its key is too old to be asked for again. */
const FindCharge = defineJob('find-charge', z.object({ invoiceId: z.uuid() }));
const CheckInvoices = defineJob('check-invoices', Slot);
const GiveUpInvoices = defineJob('give-up-invoices', Slot);
const ForgetUnpaidOrders = defineJob('forget-unpaid-orders', Slot);

/** Providers remember keys for a day: what is asked for again after that could be charged twice. */
const ASKED_FOR_MS = 86_400_000;
/** What is asked for so much later than it was made may have been before, by a process or a database that is no more. */
const LATE_MS = 10 * 60_000;
/** What a provider says of the time of a payment may differ from when it was asked for by the clocks of two machines. */
const CLOCKS_MS = 10 * 60_000;
/** Some 16 hours with the growing pauses of the queue. */
const ASK_ATTEMPTS = 12;
/** A question may be asked for as long as one likes. */
const CHECK_ATTEMPTS = 25;
/** Money may come late, by then it never does. */
const UNPAID_KEPT_MS = 90 * 86_400_000;
/** More than are given up in a day. */
const AT_ONCE = 20_000;
/** Until then the last question of a payment is answered, unless nobody answers. */
const LAST_ANSWER_MS = 8 * 3_600_000;
/** Of each account: one that does not answer keeps no other from being asked. */
const CHECKED_AT_ONCE = 300;
/** Where somebody goes from a provider's page when their bot names no place: the messenger they came from. */
const RETURN_URL = 'https://t.me/';

/** By which no money came, not even another amount than was asked for, and which no guest can look at any more. */
const UNPAID = `o.state IN ('cancelled', 'expired') AND o.paid_at IS NULL AND o.created_at <= $1
  AND NOT EXISTS (SELECT FROM guest_orders g WHERE g.order_id = o.id) AND NOT EXISTS (
    SELECT FROM invoices i WHERE i.order_id = o.id AND (i.paid_at IS NOT NULL OR i.state IN ('created', 'pending')))`;

/** What else a provider is asked for with a payment, by those above. */
export type RequestAddition = (order: Order, invoice: Invoice) => Promise<Partial<PaymentRequest>>;

@Injectable()
export class InvoicesJobs {
  private readonly additions: RequestAddition[] = [];

  constructor(
    private readonly db: DataSource,
    private readonly jobs: Jobs,
    private readonly invoices: InvoicesService,
    private readonly orders: OrdersService,
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
  async ask({ invoiceId }: PayloadOf<typeof AskProvider>, run: JobRun): Promise<void> {
    const invoice = await this.db.manager.findOneBy(Invoice, { id: invoiceId });
    if (invoice?.state !== 'created') return;
    const ageMs = this.clock.now().getTime() - invoice.createdAt.getTime();
    // With a key that is forgotten it would be another charge. `FindCharge` looks for what became of it.
    if (invoice.methodId !== null && ageMs >= ASKED_FOR_MS) return;
    let payment: ProviderPayment | undefined;
    try {
      payment = (await this.isCalledOff(invoice))
        ? await this.find(invoice, run.signal)
        : await this.pay(invoice, run.attempt > 1 || ageMs >= LATE_MS, run.signal);
    } catch (error) {
      const reason = refusalOf(error);
      if (reason === undefined) {
        if (run.isLastAttempt) this.log.error({ err: error, invoiceId }, 'a provider could not be asked for a payment');
        throw error;
      }
      this.log.warn({ err: error, invoiceId, provider: invoice.provider }, 'a provider refused a payment');
      return this.db.transaction((tx) => this.invoices.refuse(tx, invoiceId, reason));
    }
    await this.applyOrRefuse(invoice, payment, 'cancelled');
  }

  @Runs(FindCharge)
  async findCharge({ invoiceId }: PayloadOf<typeof FindCharge>, { signal }: JobRun): Promise<void> {
    const invoice = await this.db.manager.findOneBy(Invoice, { id: invoiceId, state: 'created' });
    if (invoice) await this.applyOrRefuse(invoice, await this.find(invoice, signal), 'other');
  }

  /** @param reason where the provider knows nothing of it */
  private async applyOrRefuse(
    { id }: Invoice,
    payment: ProviderPayment | undefined,
    reason: FailureReason,
  ): Promise<void> {
    await this.db.transaction((tx) =>
      payment ? this.invoices.apply(tx, id, payment) : this.invoices.refuse(tx, id, reason),
    );
  }

  /** @param isRepeated a call before this one may have been carried out though nobody heard of it */
  private async pay(invoice: Invoice, isRepeated: boolean, signal: AbortSignal): Promise<ProviderPayment> {
    const provider = this.providers.get(invoice.botId, invoice.provider);
    const made = isRepeated ? await provider.findByKey?.(invoice.key, signal) : undefined;
    return made ?? provider.create(await this.requestOf(invoice), signal);
  }

  /** What a provider has made of a call, without being asked to make it. */
  private async find(invoice: Invoice, signal: AbortSignal): Promise<ProviderPayment | undefined> {
    const { botId, provider: name, key, createdAt } = invoice;
    const provider = this.providers.get(botId, name);
    if (provider.findByKey) return provider.findByKey(key, signal);
    const [from, to] = [createdAt.getTime() - CLOCKS_MS, this.clock.now().getTime() + CLOCKS_MS];
    for await (const payment of provider.list(new Date(from), new Date(to), signal))
      if (payment.key === key) return payment;
    return undefined;
  }

  /** What went on by itself, and is not to any more since it was to be charged for. */
  private async isCalledOff({ orderId }: Invoice): Promise<boolean> {
    const [found] = await this.db.query<unknown[]>(
      `SELECT FROM orders o JOIN subscriptions s ON s.id = o.subscription_id
       WHERE o.id = $1 AND o.automatic AND (NOT s.auto_renew OR s.paused_at IS NOT NULL OR s.status = 'ended')`,
      [orderId],
    );
    return found !== undefined;
  }

  @Runs(CheckPayment)
  async check(
    { botId, provider: name, externalId }: PayloadOf<typeof CheckPayment>,
    { signal }: JobRun,
  ): Promise<void> {
    const payment = await this.providers.get(botId, name).fetch(externalId, signal);
    if (!payment)
      return this.log.warn({ provider: name, externalId }, 'a provider knows nothing of a payment that was told of');
    const invoice = await this.invoiceOf(botId, name, payment);
    // Somebody else's, who takes payments by the same account.
    if (!invoice) return this.log.info({ provider: name, externalId }, 'payment ignored: no matching invoice');
    await this.db.transaction((tx) => this.invoices.apply(tx, invoice.id, payment));
  }

  @Scheduled('* * * * *', CheckInvoices, {
    purpose: 'Asks providers how far the payments are of which they have not told.',
    timeoutMs: 60_000,
    missed: 'skip',
  })
  async checkDue(): Promise<void> {
    await this.db.transaction(async (tx) => {
      const due = await tx.query<Due[]>(
        `SELECT id, bot_id AS "botId", provider, external_id AS "externalId", created_at AS "createdAt", expires_at AS "expiresAt"
         FROM (SELECT *, row_number() OVER (PARTITION BY bot_id, provider ORDER BY poll_at) AS place FROM invoices
           WHERE poll_at <= $1 AND external_id IS NOT NULL) due WHERE place <= ${CHECKED_AT_ONCE}`,
        [this.clock.now()],
      );
      const next = due.map((invoice) => this.invoices.nextPoll(invoice) ?? null);
      await tx.query(
        `UPDATE invoices i SET poll_at = asked.next, polls = polls + 1
         FROM unnest($1::uuid[], $2::timestamptz[]) AS asked (id, next) WHERE i.id = asked.id AND i.poll_at IS NOT NULL`,
        [due.map(({ id }) => id), next],
      );
      for (const { botId, provider, externalId } of due)
        if (this.providers.isOffered(botId, provider)) await this.checkPayment(tx, { botId, provider, externalId });
    });
  }

  @Scheduled('23 * * * *', GiveUpInvoices, {
    purpose:
      'Looks for charges that no provider has answered for a day, and gives up payments of which none has told for days.',
    timeoutMs: 5 * 60_000,
  })
  async giveUpDue(_: PayloadOf<typeof GiveUpInvoices>, { signal }: JobRun): Promise<void> {
    const now = this.clock.now().getTime();
    const due = `SELECT id, created_at AS at FROM invoices
      WHERE state = 'created' AND created_at <= $1 OR state = 'pending' AND expires_at <= $2`;
    const before = [ASKED_FOR_MS, GIVEN_UP_AFTER_MS + LAST_ANSWER_MS].map((ms) => new Date(now - ms));
    const giveUp = async (tx: EntityManager, invoiceId: string) => {
      const { state, methodId, expiresAt } = await this.invoices.lock(tx, invoiceId);
      // Nothing is charged again before the provider has said that it was not: so long it is asked.
      const isLookedFor = state === 'created' && methodId !== null && expiresAt > before[1]!;
      if (!isLookedFor) return this.invoices.giveUp(tx, invoiceId);
      const options = { key: `find-charge:${invoiceId}`, maxAttempts: CHECK_ATTEMPTS };
      return this.jobs.add(tx, FindCharge, { invoiceId }, options);
    };
    await eachDue(this.db, due, before, giveUp, { signal, atOnce: AT_ONCE });
  }

  @Scheduled('11 4 * * *', ForgetUnpaidOrders, {
    purpose: 'Deletes orders that nobody has paid for ninety days, and the attempts to have them paid.',
    timeoutMs: 10 * 60_000,
  })
  async forgetUnpaid(_: PayloadOf<typeof ForgetUnpaidOrders>, { signal }: JobRun): Promise<void> {
    const due = `SELECT id, created_at AS at FROM orders o WHERE ${UNPAID}`;
    const before = [new Date(this.clock.now().getTime() - UNPAID_KEPT_MS)];
    const forget = async (tx: EntityManager, orderId: string) => {
      const order = await this.orders.lock(tx, orderId);
      const [unpaid] = await tx.query<unknown[]>(`SELECT FROM orders o WHERE ${UNPAID} AND id = $2`, [
        ...before,
        orderId,
      ]);
      if (!unpaid) return;
      await tx.delete(Invoice, { orderId });
      await this.orders.forget(tx, order);
    };
    await eachDue(this.db, due, before, forget, { signal, atOnce: AT_ONCE });
  }

  /** A provider may tell of a payment before it has answered the call by which that was made. */
  private invoiceOf(botId: string, provider: string, { externalId, key }: ProviderPayment): Promise<Invoice | null> {
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

interface Due extends Pick<Invoice, 'id' | 'botId' | 'provider' | 'createdAt' | 'expiresAt'> {
  readonly externalId: string;
}

/** Why nothing was charged and nothing will be; undefined where that is not certain. */
function refusalOf(error: unknown): FailureReason | undefined {
  if (error instanceof PaymentRefused) return error.reason;
  // Forgotten by the person while the charge waited.
  return error instanceof MethodNotFound ? 'method_revoked' : undefined;
}
