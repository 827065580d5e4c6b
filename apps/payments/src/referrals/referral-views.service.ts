import { Injectable } from '@nestjs/common';
import type { ListMyLinks, Money, ReadMyReferrals } from '@switchboard/contracts';
import { type AnswerOf, BotsRegistry } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { startUrl } from '../bot-links';
import { TermsService } from '../terms/terms.service';
import { ReferralsService, startParameterOf } from './referrals.service';
import { TrackedLink } from './tracked-link.entity';

type MyLink = AnswerOf<typeof ListMyLinks>['data'][number];

/** What a person sees of whom they have brought. Of those people they see nothing but how many there are. */
@Injectable()
export class ReferralViews {
  constructor(
    private readonly bots: BotsRegistry,
    private readonly terms: TermsService,
    private readonly referrals: ReferralsService,
  ) {}

  /** @throws NoReferrals */
  async mine(tx: EntityManager, userId: string, botId: string): Promise<AnswerOf<typeof ReadMyReferrals>> {
    const terms = await this.terms.someReferrals(tx, botId);
    const { percents, everyPayment } = (await this.referrals.partner(tx, userId, botId)) ?? terms;
    const link = await this.referrals.ownLink(tx, userId, botId);
    const [counts] = await tx.query<[{ paying: number }]>(
      `SELECT count(DISTINCT invitee_id)::int AS paying FROM rewards WHERE user_id = $1 AND bot_id = $2 AND amount_minor > 0`,
      [userId, botId],
    );
    return {
      ...{ botId, percents, everyPayment, holdDays: terms.holdDays, paying: counts.paying },
      link: { ...this.shown(link), invited: await this.invited(tx, userId, botId) },
      pending: await this.sums(tx, userId, botId, 'held'),
      earned: await this.sums(tx, userId, botId, 'paid'),
    };
  }

  async links(tx: EntityManager, userId: string, botId: string): Promise<MyLink[]> {
    const links = await tx.find(TrackedLink, { where: { userId, botId }, order: { id: 'DESC' } });
    const rows = await tx.query<{ linkId: string; currency: string; paid: string; earned: string }[]>(
      `SELECT link_id AS "linkId", currency, sum(paid_minor) AS paid, sum(amount_minor) AS earned FROM rewards
       WHERE user_id = $1 AND bot_id = $2 AND state <> 'taken-back' AND link_id IS NOT NULL GROUP BY 1, 2 ORDER BY 2`,
      [userId, botId],
    );
    return links.map((link) => {
      const sums = (column: 'paid' | 'earned') =>
        rows
          .filter(({ linkId }) => linkId === link.id)
          .map((row) => ({ currency: row.currency, amountMinor: Number(row[column]) }));
      return { ...this.link(link), paid: sums('paid'), earned: sums('earned') };
    });
  }

  /** Of which nothing has come yet. */
  link(link: TrackedLink): MyLink {
    const { id, label, endedAt } = link;
    return { ...this.shown(link), id, label, endedAt, paid: [], earned: [] };
  }

  /** What somebody has of a state, by currency. */
  async sums(tx: EntityManager, userId: string, botId: string, state: 'held' | 'paid'): Promise<Money[]> {
    const rows = await tx.query<{ currency: string; amount: string }[]>(
      `SELECT currency, sum(amount_minor) AS amount FROM rewards WHERE user_id = $1 AND bot_id = $2 AND state = $3
       GROUP BY 1 HAVING sum(amount_minor) > 0 ORDER BY 1`,
      [userId, botId, state],
    );
    return rows.map(({ currency, amount }) => ({ currency, amountMinor: Number(amount) }));
  }

  /** By all links of a person. */
  async invited(tx: EntityManager, userId: string, botId: string): Promise<number> {
    return (await tx.sum(TrackedLink, 'invited', { userId, botId })) ?? 0;
  }

  private shown(link: TrackedLink) {
    const { code, invited, botId } = link;
    const startParameter = startParameterOf(link);
    return { code, startParameter, url: startUrl(this.bots, botId, startParameter), invited };
  }
}
