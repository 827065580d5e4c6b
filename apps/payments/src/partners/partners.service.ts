import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import {
  type Actor,
  AuditEntryAppendRequested,
  EndPartner,
  type ListPartners,
  type Money,
  type RouteDefinition,
  SetPartner,
} from '@switchboard/contracts';
import {
  type AnswerOf,
  auditEntry,
  BotsRegistry,
  Clock,
  Cursors,
  DomainError,
  type RequestOf,
} from '@switchboard/service-kit';
import { DataSource, type EntityManager, IsNull } from 'typeorm';
import { Partner } from '../referrals/partner.entity';
import { ReferralViews } from '../referrals/referral-views.service';
import { TrackedLink } from '../referrals/tracked-link.entity';
import { BotNotFound, TermsService } from '../terms/terms.service';

class PartnerNotFound extends DomainError {
  constructor() {
    super('payments.partner_not_found', { en: 'There is no such partner.', ru: 'Такого партнёра нет.' }, 404);
  }
}

type ShownPartner = AnswerOf<typeof SetPartner>;

/** People who bring others to a bot on terms of their own. */
@Injectable()
export class PartnersService {
  constructor(
    private readonly db: DataSource,
    private readonly bots: BotsRegistry,
    private readonly terms: TermsService,
    private readonly rewards: ReferralViews,
    private readonly cursors: Cursors,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  async list(request: RequestOf<typeof ListPartners>): Promise<AnswerOf<typeof ListPartners>> {
    const { botId } = request.params;
    const rows = this.db.manager.createQueryBuilder(Partner, 'p').where('p.botId = :botId', { botId });
    const { data, page } = await this.cursors.select(request, rows, ['since', 'userId']);
    return { data: await Promise.all(data.map((partner) => this.shown(this.db.manager, partner))), page };
  }

  /** Who was one before is one again. @throws BotNotFound, NoReferrals */
  async set(
    tx: EntityManager,
    actor: Actor,
    { params: { botId, userId }, body }: RequestOf<typeof SetPartner>,
  ): Promise<ShownPartner> {
    if (!this.bots.find(botId)) throw new BotNotFound(botId);
    await this.terms.someReferrals(tx, botId);
    const { percents, everyPayment } = body;
    const since = this.clock.now();
    const before = await tx.findOneBy(Partner, { botId, userId });
    await tx.query(
      `INSERT INTO partners AS known (bot_id, user_id, percents, every_payment, since, revision) VALUES ($1, $2, $3, $4, $5, 1)
       ON CONFLICT (bot_id, user_id) DO UPDATE SET percents = excluded.percents, every_payment = excluded.every_payment,
         since = CASE WHEN known.ended_at IS NULL THEN known.since ELSE excluded.since END, ended_at = NULL, revision = known.revision + 1`,
      [botId, userId, percents, everyPayment, since],
    );
    const partner = await tx.findOneByOrFail(Partner, { botId, userId });
    await this.audit(tx, actor, SetPartner, before, partner);
    return this.shown(tx, partner);
  }

  /** Links beside the one that everybody has end with it. @throws PartnerNotFound */
  async end(tx: EntityManager, actor: Actor, botId: string, userId: string): Promise<void> {
    const partner = await tx.findOne(Partner, { where: { botId, userId }, lock: { mode: 'pessimistic_write' } });
    if (!partner) throw new PartnerNotFound();
    if (partner.endedAt) return;
    const endedAt = this.clock.now();
    await tx.update(Partner, { botId, userId }, { endedAt, revision: partner.revision + 1 });
    await tx
      .createQueryBuilder()
      .update(TrackedLink)
      .set({ endedAt })
      .where({ botId, userId, endedAt: IsNull() })
      .andWhere('label IS NOT NULL')
      .execute();
    await this.audit(tx, actor, EndPartner, partner, undefined);
  }

  private async shown(tx: EntityManager, partner: Partner): Promise<ShownPartner> {
    const { botId, userId } = partner;
    return {
      ...partner,
      invited: await this.rewards.invited(tx, userId, botId),
      pending: await this.rewards.sums(tx, userId, botId, 'held'),
      earned: await this.rewards.sums(tx, userId, botId, 'paid'),
      paidOut: await this.paidOut(tx, userId, botId),
    };
  }

  private async paidOut(tx: EntityManager, userId: string, botId: string): Promise<Money[]> {
    const rows = await tx.query<{ currency: string; amount: string }[]>(
      `SELECT currency, sum(amount_minor) AS amount FROM payouts WHERE user_id = $1 AND bot_id = $2 AND state = 'paid'
       GROUP BY 1 ORDER BY 1`,
      [userId, botId],
    );
    return rows.map(({ currency, amount }) => ({ currency, amountMinor: Number(amount) }));
  }

  private async audit(
    tx: EntityManager,
    actor: Actor,
    route: RouteDefinition,
    before: Partner | null,
    after: Partner | undefined,
  ): Promise<void> {
    const { botId, userId } = (after ?? before)!;
    const told = ({ percents, everyPayment }: Partner) => ({ percents, everyPayment });
    const change = { ...(before && { before: told(before) }), ...(after && { after: told(after) }) };
    const entry = auditEntry(actor, route, { resourceType: 'partner', resourceId: userId, botId, ...change });
    await this.outbox.add(tx, AuditEntryAppendRequested({ ...entry, userId, money: true }));
  }
}
