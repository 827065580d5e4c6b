import { Inject, Injectable } from '@nestjs/common';
import { defineJob, type JobRun, Jobs, LOG, type Log, type PayloadOf, Runs } from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { z } from 'zod';
import { Invoice } from '../invoices/invoice.entity';
import { ReceiptsService } from '../invoices/receipts.service';
import { Order } from '../orders/order.entity';
import { PaymentRefused, type ProviderRefund } from '../providers/payment-provider';
import { ProvidersService } from '../providers/providers.service';
import { Refund } from './refund.entity';
import { RefundsService } from './refunds.service';

const SendRefund = defineJob('send-refund', z.object({ refundId: z.uuid() }));

/** Some 22 hours with the growing pauses of the queue: providers remember keys for a day. Then staff have to look. */
const ATTEMPTS = 12;
/** Asked again, when the provider has not decided yet. */
const PENDING_AGAIN_MS = 10 * 60_000;

@Injectable()
export class RefundsJobs {
  constructor(
    private readonly db: DataSource,
    private readonly jobs: Jobs,
    private readonly refunds: RefundsService,
    private readonly providers: ProvidersService,
    private readonly receipts: ReceiptsService,
    @Inject(LOG) private readonly log: Log,
  ) {}

  async send(tx: EntityManager, { id, state }: Refund, delayMs = 0): Promise<void> {
    if (state === 'sending')
      await this.jobs.add(tx, SendRefund, { refundId: id }, { key: `refund:${id}`, maxAttempts: ATTEMPTS, delayMs });
  }

  @Runs(SendRefund)
  async run({ refundId }: PayloadOf<typeof SendRefund>, { signal }: JobRun): Promise<void> {
    const refund = await this.db.manager.findOneBy(Refund, { id: refundId });
    if (refund?.state !== 'sending') return;
    const invoice = await this.db.manager.findOneByOrFail(Invoice, { id: refund.invoiceId! });
    const provider = this.providers.get(refund.botId, invoice.provider);
    const { amountMinor, currency } = refund;
    let answer: ProviderRefund | undefined;
    try {
      if (!provider.refund) throw new PaymentRefused('other', `${invoice.provider} gives nothing back`);
      const order = await this.db.manager.findOneByOrFail(Order, { id: refund.orderId });
      const email = await this.receipts.emailOf(this.db.manager, order);
      const asked = {
        takingId: invoice.takingId!,
        key: `refund:${refundId}`,
        money: { amountMinor, currency },
        reason: refund.cause,
        payment: { amountMinor: invoice.amountMinor, customerRef: refund.userId },
        receipt: await this.receipts.lineOf(this.db.manager, order),
        ...(email && { email }),
      };
      answer =
        refund.externalId !== null && provider.fetchRefund
          ? await provider.fetchRefund(refund.externalId, signal)
          : await provider.refund(asked, signal);
    } catch (error) {
      if (!(error instanceof PaymentRefused)) throw error;
      this.log.warn({ err: error, refundId }, 'a provider refused a refund');
      return this.db.transaction((tx) => this.refunds.failed(tx, refundId));
    }
    if (answer?.state === 'done')
      return this.db.transaction((tx) => this.refunds.sent(tx, refundId, answer.externalId));
    if (answer?.state === 'failed') return this.db.transaction((tx) => this.refunds.failed(tx, refundId));
    await this.db.transaction(async (tx) => {
      if (answer) await tx.update(Refund, { id: refundId }, { externalId: answer.externalId });
      await this.send(tx, refund, PENDING_AGAIN_MS);
    });
  }
}
