import {
  type Actor,
  ChangeChannelRenewal,
  ChannelPaymentReceived,
  ChannelPaymentRefunded,
  ChannelRenewalChanged,
  CheckChannelPayment,
  CreatePaymentLink,
  ListChannelPayments,
  RefundChannelPayment,
} from '@switchboard/contracts';
import { ServiceClient, ServiceIdentity } from '@switchboard/service-kit';
import { PretendedService, Refusal } from '@switchboard/testing';
import { Registry } from 'prom-client';
import { BOT, type TestShop } from './build';

interface Invoice {
  readonly payload: string;
  readonly amountMinor: number;
  readonly renews: boolean;
}

interface Transaction extends Invoice {
  readonly chargeId: string;
  readonly direction: 'in' | 'out';
  readonly at: Date;
  readonly userId: string;
}

const CURRENCY = 'XTR';
const LINK = 'https://t.me/$';
/** Of what Telegram lists and is none of it, such as Stars that are paid out. */
const NOT_PAID_BY_PERSON = '';

/** bot-adapter as far as it takes Stars: what is paid by its links, and what Telegram remembers of that. */
export class PretendedStars {
  /** As Telegram lists them. */
  readonly transactions: Transaction[] = [];
  readonly renewals: { chargeId: string; renews: boolean }[] = [];
  /** Until it resolves no change of a renewal is answered. */
  slow?: Promise<void>;
  /** It changes what it is told to, and nobody hears of that. */
  isUnheard = false;
  /** What bot-adapter answers when it is to change a renewal, by person. */
  readonly refusals = new Map<string, Refusal>();
  private readonly invoices: Invoice[] = [];
  private charges = 0;
  private shop!: TestShop;

  private constructor(private readonly service: PretendedService) {}

  static async start(): Promise<PretendedStars> {
    const service = await PretendedService.start('bot-adapter');
    const stars = new PretendedStars(service);
    service
      .on(CreatePaymentLink, ({ body: { payload, amountMinor, renewsAfterDays } }) => {
        if (amountMinor > 100_000) throw new Refusal(422, 'bot-adapter.payment_refused');
        const count = stars.invoices.push({ payload, amountMinor, renews: renewsAfterDays !== undefined });
        return { link: `${LINK}${count}` };
      })
      .on(RefundChannelPayment, ({ params: { chargeId }, body: { userId } }) => {
        const paid = stars.transactions.find((one) => one.chargeId === chargeId && one.userId === userId);
        if (!paid) throw new Refusal(422, 'bot-adapter.payment_refused');
        stars.takeBack(chargeId);
      })
      .on(ChangeChannelRenewal, async ({ params: { chargeId }, body: { userId, renews } }) => {
        const refusal = stars.refusals.get(userId);
        if (refusal) throw refusal;
        stars.renewals.push({ chargeId, renews });
        await stars.slow;
        if (stars.isUnheard) throw new Refusal(503, 'bot-adapter.unheard');
      })
      .on(ListChannelPayments, ({ query: { since, cursor, limit } }) => {
        const first = stars.transactions.findIndex(({ at }) => !since || at >= since);
        const from = cursor === undefined ? (first < 0 ? stars.transactions.length : first) : Number(cursor);
        const page = stars.transactions.slice(from, from + limit);
        const paid = page.filter(({ payload }) => payload !== NOT_PAID_BY_PERSON);
        return { data: paid.map((one) => ({ ...one, currency: CURRENCY })), cursor: String(from + page.length) };
      });
    return stars;
  }

  get directory() {
    return new Map([['bot-adapter', this.service.url]]);
  }

  sellsIn(shop: TestShop): void {
    this.shop = shop;
  }

  stop(): void {
    this.service.stop();
  }

  invoice(link: string): Invoice {
    return this.invoices[Number(link.slice(LINK.length)) - 1]!;
  }

  /** What Telegram is told before it takes anything: why not, in English. */
  async check(link: string, userId: string | null, more: { amountMinor?: number } = {}): Promise<string | undefined> {
    const { payload, amountMinor } = this.invoice(link);
    const { app } = this.shop;
    const identity = new ServiceIdentity('bot-adapter', app.keys);
    const client = new ServiceClient(identity, new Map([['payments', app.url]]), new Registry());
    const body = { botId: BOT, userId, payload, amountMinor, currency: CURRENCY, ...more };
    return (await client.call(CheckChannelPayment, { body })).refusal?.en;
  }

  /** Somebody pays. `untold`: the update is lost. */
  async pay(link: string, { id: userId }: Actor, { untold = false } = {}): Promise<string> {
    const refusal = await this.check(link, userId);
    if (refusal) throw new Error(refusal);
    return this.charge(this.invoice(link), userId, { untold });
  }

  /** Telegram lists so many that are no payments of persons. */
  payOut(count: number): void {
    const other = { payload: NOT_PAID_BY_PERSON, amountMinor: 1, renews: false, direction: 'out', userId: '' } as const;
    for (let one = 0; one < count; one += 1)
      this.transactions.push({ ...other, chargeId: `out${++this.charges}`, at: this.now() });
  }

  /** The update of a payment comes, late or once more. */
  async tell(chargeId: string, isRenewal = false): Promise<void> {
    const { payload, amountMinor, renews, at, userId } = this.transactions.find((one) => one.chargeId === chargeId)!;
    const told = { botId: BOT, channel: 'telegram', userId, payload, chargeId, amountMinor, currency: CURRENCY };
    await this.shop.app.probe.say(ChannelPaymentReceived({ ...told, renews, isRenewal, paidAt: at.toISOString() }));
  }

  /** A month later. */
  renew(chargeId: string, { untold = false } = {}): Promise<string> {
    const first = this.transactions.find((one) => one.chargeId === chargeId)!;
    return this.charge(first, first.userId, { untold, isRenewal: true });
  }

  takeBack(chargeId: string): Transaction {
    const { payload, amountMinor, userId } = this.transactions.find((one) => one.chargeId === chargeId)!;
    // Of its way back Telegram does not say that it renewed.
    const back = { direction: 'out', renews: false, at: this.now() } as const;
    const refund = { payload, amountMinor, userId, chargeId, ...back };
    this.transactions.push(refund);
    return refund;
  }

  async tellOfRefund({ payload, amountMinor, userId, chargeId, at }: Transaction): Promise<void> {
    const told = { botId: BOT, channel: 'telegram', userId, payload, chargeId, amountMinor, currency: CURRENCY };
    await this.shop.app.probe.say(ChannelPaymentRefunded({ ...told, refundedAt: at.toISOString() }));
  }

  async tellOfRenewal(link: string, { id: userId }: Actor, state: string): Promise<void> {
    const { payload } = this.invoice(link);
    const told = { botId: BOT, channel: 'telegram', userId, payload, state };
    await this.shop.app.probe.say(ChannelRenewalChanged({ ...told, changedAt: this.now().toISOString() }));
  }

  private async charge(
    { payload, amountMinor, renews }: Invoice,
    userId: string,
    { untold = false, isRenewal = false },
  ): Promise<string> {
    const chargeId = `stx${++this.charges}`;
    const at = this.now();
    this.transactions.push({ chargeId, direction: 'in', payload, amountMinor, renews, at, userId });
    if (!untold) await this.tell(chargeId, isRenewal);
    return chargeId;
  }

  private now = () => this.shop.app.clock.now();
}
