import { Inject, Injectable } from '@nestjs/common';
import { type KnownLocale, localized, SendMail } from '@switchboard/contracts';
import {
  BotsRegistry,
  Clock,
  defineJob,
  eachDue,
  isProblem,
  type JobRun,
  Jobs,
  LOG,
  type Log,
  type PayloadOf,
  PersonalData,
  Runs,
  Scheduled,
  ServiceClient,
  Slot,
} from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { z } from 'zod';
import { Order } from '../orders/order.entity';
import { GuestOrder } from './guest-order.entity';
import { claimLinksOf } from './guests.service';

const MailClaim = defineJob(
  'mail-guest-claim',
  // Repeated: what became of it the first time is not known.
  z.object({ orderId: z.uuid(), isRepeated: z.boolean().optional() }),
);
const ForgetGuests = defineJob('forget-guests', Slot);

/** Some thirty hours with the growing pauses of the queue. */
const ATTEMPTS = 25;
const TIMEOUT_MS = 40_000;
const REPEATED_AFTER_MS = 10 * 60_000;
/** Later no provider takes the money of an order any more. */
const KEPT_MS = 30 * 86_400_000;
/** By then nobody opens the link any more by which it is taken over. */
const PAID_KEPT_MS = 365 * 86_400_000;
/** More than a crawler leaves behind in a day. */
const AT_ONCE = 20_000;

const TEXTS: Readonly<Record<KnownLocale, Record<'subject' | 'before' | 'bot' | 'site' | 'after', string>>> = {
  en: {
    subject: 'Your purchase',
    before: 'Thank you! By this link you take over what you have bought:',
    bot: 'Open it in the bot',
    site: 'Open it on our site',
    after: 'It works once. Keep this mail until you have opened it: whoever has the link can take the purchase over.',
  },
  ru: {
    subject: 'Ваша покупка',
    before: 'Спасибо! По этой ссылке вы получите то, что купили:',
    bot: 'Открыть в боте',
    site: 'Открыть на сайте',
    after:
      'Ссылка действует один раз. Сохраните письмо, пока не открыли её: покупку получит любой, у кого есть ссылка.',
  },
};

@Injectable()
export class GuestsJobs {
  constructor(
    private readonly db: DataSource,
    private readonly jobs: Jobs,
    private readonly services: ServiceClient,
    private readonly personal: PersonalData,
    private readonly bots: BotsRegistry,
    private readonly clock: Clock,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /** The link by which it is taken over comes by e-mail after `tx` commits. */
  async mail(tx: EntityManager, orderId: string): Promise<void> {
    await this.add(tx, { orderId });
  }

  private async add(tx: EntityManager, mail: PayloadOf<typeof MailClaim>, delayMs = 0): Promise<void> {
    await this.jobs.add(tx, MailClaim, mail, { key: idOf(mail), maxAttempts: ATTEMPTS, delayMs });
  }

  @Runs(MailClaim)
  async sendMail({ orderId, isRepeated }: PayloadOf<typeof MailClaim>, { signal }: JobRun): Promise<void> {
    const tx = this.db.manager;
    const guest = await tx.findOneBy(GuestOrder, { orderId });
    if (!guest || guest.claimedAt || guest.mailedAt) return;
    const order = await tx.findOneByOrFail(Order, { id: orderId });
    const { userId } = guest;
    const { token } = await this.personal.decrypt(
      tx,
      { table: 'guest_orders', id: orderId, userId },
      { token: guest.token },
    );
    const { email } = await this.personal.decrypt(tx, { table: 'orders', id: orderId, userId }, { email: order.email });
    if (!token || !email) return;
    const { botUrl, path } = claimLinksOf(this.bots, guest.botId, token);
    const { bot, site, ...words } = localized(TEXTS, order.locale);
    const links = [...(botUrl === null ? [] : [{ text: bot, url: botUrl }]), { text: site, url: path }];
    try {
      const { outcome } = await this.services.call(
        SendMail,
        { body: { mailId: idOf({ orderId }), to: email, ...words, links } },
        { signal, timeoutMs: TIMEOUT_MS },
      );
      if (outcome === 'refused') this.log.warn({ orderId }, 'guest address bounced');
      if (outcome === 'unknown' && isRepeated) this.log.warn({ orderId }, 'the mail server has not answered twice');
      if (outcome === 'unknown' && !isRepeated)
        return await this.db.transaction((own) => this.add(own, { orderId, isRepeated: true }, REPEATED_AFTER_MS));
    } catch (error) {
      if (!isProblem(error, SendMail, 'gateway.email_not_offered')) throw error;
      this.log.warn(
        { orderId },
        'a guest got no mail, since no server for it is configured: the page alone has the link',
      );
      return;
    }
    await tx.update(GuestOrder, { orderId }, { mailedAt: this.clock.now() });
  }

  @Scheduled('41 3 * * *', ForgetGuests, {
    purpose:
      'Forgets addresses and links of people who have ordered without an account and not paid, got their money back, or taken nothing over for a year.',
    timeoutMs: 5 * 60_000,
  })
  async forget(_slot: PayloadOf<typeof ForgetGuests>, { signal }: JobRun): Promise<void> {
    const now = this.clock.now();
    const due = `SELECT g.order_id AS id, g.created_at AS at FROM guest_orders g JOIN orders o ON o.id = g.order_id
      WHERE g.claimed_at IS NULL AND g.created_at < $1 AND (o.paid_at IS NULL OR o.state = 'refunded' OR o.paid_at < $2)`;
    const before = [KEPT_MS, PAID_KEPT_MS].map((ms) => new Date(now.getTime() - ms));
    const forget = async (tx: EntityManager, orderId: string) => {
      // Somebody may take it over just now.
      const guest = await tx.findOne(GuestOrder, { where: { orderId }, lock: { mode: 'pessimistic_write' } });
      if (!guest || guest.claimedAt) return;
      await tx.delete(GuestOrder, { orderId });
      await this.personal.erase(tx, guest.userId, now);
    };
    await eachDue(this.db, due, before, forget, { signal, atOnce: AT_ONCE });
  }
}

const idOf = ({ orderId }: PayloadOf<typeof MailClaim>) => `guest-claim:${orderId}`;
