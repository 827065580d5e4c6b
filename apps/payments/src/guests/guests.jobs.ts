import { Inject, Injectable } from '@nestjs/common';
import { type KnownLocale, localized, SendMail } from '@switchboard/contracts';
import {
  BotsRegistry,
  Clock,
  defineJob,
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

const MailClaim = defineJob('mail-guest-claim', z.object({ orderId: z.uuid() }));
const ForgetGuests = defineJob('forget-guests', Slot);

/** Some thirty hours with the growing pauses of the queue. */
const ATTEMPTS = 25;
const TIMEOUT_MS = 40_000;
/** Later no provider takes the money of an order any more. */
const KEPT_MS = 30 * 86_400_000;
const AT_ONCE = 500;

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
    await this.jobs.add(tx, MailClaim, { orderId }, { key: `guest-claim:${orderId}`, maxAttempts: ATTEMPTS });
  }

  @Runs(MailClaim)
  async sendMail({ orderId }: PayloadOf<typeof MailClaim>, { signal }: JobRun): Promise<void> {
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
        { body: { to: email, ...words, links } },
        { signal, timeoutMs: TIMEOUT_MS },
      );
      if (outcome === 'refused') this.log.warn({ orderId }, 'nobody has the address that a guest has given');
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
      'Forgets addresses and links of people who have ordered without an account and not paid, or got their money back.',
    timeoutMs: 5 * 60_000,
  })
  async forget(): Promise<void> {
    const now = this.clock.now();
    const due = await this.db.query<{ orderId: string; userId: string }[]>(
      `SELECT g.order_id AS "orderId", g.user_id AS "userId" FROM guest_orders g JOIN orders o ON o.id = g.order_id
       WHERE g.claimed_at IS NULL AND g.created_at < $1 AND (o.paid_at IS NULL OR o.state = 'refunded')
       ORDER BY g.created_at LIMIT ${AT_ONCE}`,
      [new Date(now.getTime() - KEPT_MS)],
    );
    for (const { orderId, userId } of due) {
      await this.db.transaction(async (tx) => {
        await tx.delete(GuestOrder, { orderId });
        await this.personal.erase(tx, userId, now);
      });
    }
  }
}
