import { shorten } from '../../rich-text/cut-points';
import type { ChannelPayments, ChannelTransaction, ChatAddress, Invoice } from '../channel';
import { Rejected } from '../channel-errors';
import type { TelegramApi } from './telegram.api';
import { isAlreadyRefunded, isQueryTooOld } from './telegram.errors';
import { StarTransactions } from './telegram.shapes';

/** Source: Bot API, createInvoiceLink: "Currently, it must always be 2592000 (30 days) if specified". */
const RENEWAL_DAYS = 30;
const STARS = 'XTR';
/** Source: Bot API, createInvoiceLink. */
const LONGEST = { title: 32, description: 255 };

/** Telegram Stars, which Telegram takes, keeps and gives back itself. */
export class TelegramPayments implements ChannelPayments {
  readonly currencies = [STARS];

  constructor(private readonly api: TelegramApi) {}

  async createLink(
    { title, description, payload, currency, amountMinor }: Invoice,
    renewsAfterDays?: number,
  ): Promise<string> {
    if (currency !== STARS) throw new Rejected(`Telegram takes Stars, not ${currency}`);
    if (renewsAfterDays !== undefined && renewsAfterDays !== RENEWAL_DAYS)
      throw new Rejected(`Telegram renews every ${RENEWAL_DAYS} days, and nothing else`);
    const name = shorten(title.toWellFormed(), LONGEST.title);
    const link = {
      title: name,
      description: shorten(description.toWellFormed(), LONGEST.description),
      payload,
      currency,
      // Empty for Telegram's own currency, the only one that needs no provider's account.
      provider_token: '',
      prices: [{ label: name, amount: amountMinor }],
      // telegraf 4.16 stems from Bot API 7.1; subscriptions came with 8.0.
      ...(renewsAfterDays && { subscription_period: renewsAfterDays * 86_400 }),
    };
    return this.api.ask('createInvoiceLink', link);
  }

  async answerCheckout(checkoutId: string, refusal?: string): Promise<'answered' | 'too late'> {
    const answer = refusal === undefined ? { ok: true } : { ok: false, error_message: refusal.toWellFormed() };
    try {
      await this.api.askOnce('answerPreCheckoutQuery', { pre_checkout_query_id: checkoutId, ...answer });
      return 'answered';
    } catch (error) {
      if (isQueryTooOld(error)) return 'too late';
      throw error;
    }
  }

  /** The id of a private chat is that of its person. */
  async refund({ externalId }: ChatAddress, chargeId: string): Promise<void> {
    const charge = { user_id: Number(externalId), telegram_payment_charge_id: chargeId };
    try {
      await this.api.ask('refundStarPayment' as never, charge as never);
    } catch (error) {
      if (!isAlreadyRefunded(error)) throw error;
    }
  }

  async changeRenewal({ externalId }: ChatAddress, chargeId: string, renews: boolean): Promise<void> {
    const charge = { user_id: Number(externalId), telegram_payment_charge_id: chargeId };
    await this.api.ask('editUserStarSubscription' as never, { ...charge, is_canceled: !renews } as never);
  }

  async list({ since, cursor }: { readonly since?: Date; readonly cursor?: string }, limit: number) {
    const offset = cursor === undefined ? await this.offsetAt(since) : Number(cursor);
    const page = await this.page(offset, limit);
    // Behind the end is what was counted for another account: the token has changed since.
    const isLost = page.length === 0 && offset > 0 && (await this.page(offset - 1, 1)).length === 0;
    return { transactions: page.flatMap(meaningOf), cursor: String(isLost ? 0 : offset + page.length) };
  }

  /** Telegram counts them and knows no question by time, but they are in the order of time: found by halving. */
  private async offsetAt(since: Date | undefined): Promise<number> {
    if (!since) return 0;
    const seconds = Math.floor(since.getTime() / 1000);
    const isBefore = async (offset: number) => {
      const [one] = await this.page(offset, 1);
      return one !== undefined && one.date < seconds;
    };
    let high = 0;
    while (await isBefore(high)) high = high * 2 + 1;
    let low = high === 0 ? 0 : (high - 1) / 2 + 1;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (await isBefore(middle)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private async page(offset: number, limit: number): Promise<StarTransaction[]> {
    const found: unknown = await this.api.ask('getStarTransactions' as never, { offset, limit } as never);
    return StarTransactions.parse(found).transactions;
  }
}

type StarTransaction = ReturnType<typeof StarTransactions.parse>['transactions'][number];

/** Nothing of what is no payment of a person, such as Stars that are paid out or spent on messages. */
function meaningOf({ id, amount, date, source, receiver }: StarTransaction): ChannelTransaction[] {
  const partner = source ?? receiver;
  if (partner?.type !== 'user' || partner.invoice_payload === undefined) return [];
  return [
    {
      chargeId: id,
      direction: source ? 'in' : 'out',
      amountMinor: Math.abs(amount),
      currency: STARS,
      at: new Date(date * 1000),
      payload: partner.invoice_payload,
      renews: partner.subscription_period !== undefined,
      ...(partner.user && { payer: String(partner.user.id) }),
    },
  ];
}
